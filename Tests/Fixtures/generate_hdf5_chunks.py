"""Makes Tests/Fixtures/hdf5_chunks: small Keras files whose datasets are cut in chunks.

Run: python generate_hdf5_chunks.py   (made with h5py 3.16, HDF5 2.0, NumPy 2). Value i of a dataset in
row-major order is i / 4 - 7, so that every type holds it exactly.
"""
import pathlib

import h5py
import numpy as np

here = pathlib.Path(__file__).parent / "hdf5_chunks"
here.mkdir(exist_ok=True)


def values(*shape):
    return np.arange(np.prod(shape)).reshape(shape) / 4 - 7


def write(name, datasets, libver="earliest"):
    with h5py.File(here / name, "w", libver=libver) as file:
        file.attrs["layer_names"] = [b"a"]
        group = file.create_group("a")
        group.attrs["weight_names"] = [key.encode() for key in datasets]
        for key, (shape, options) in datasets.items():
            fill = options.pop("only", None)
            if fill is None:
                group.create_dataset(key, data=values(*shape).astype(options.pop("dtype", "<f4")), **options)
            else:
                place = group.create_dataset(key, shape=shape, dtype="<f4", **options)
                if fill:
                    place[fill] = values(*shape)[fill]


write("good.h5", {
    "plain": ((5, 7), dict(chunks=(2, 3))),
    "deflate": ((9, 4, 3), dict(chunks=(4, 4, 2), compression="gzip")),
    "all": ((3, 3, 5, 6), dict(chunks=(3, 2, 2, 5), compression="gzip", shuffle=True, fletcher32=True)),
    "odd": ((3,), dict(chunks=(2,), fletcher32=True, dtype="<f2")),
    "tree": ((150,), dict(chunks=(2,), dtype=">f8")),
    "fill": ((4, 4), dict(chunks=(2, 2), fillvalue=0.5, only=())),
})
write("lzf.h5", {"w": ((8, 8), dict(chunks=(4, 4), compression="lzf"))})
write("newest.h5", {"w": ((8, 8), dict(chunks=(4, 4)))}, libver="latest")
write("partial.h5", {"w": ((4, 4), dict(chunks=(2, 2), only=np.s_[:2, :2]))})
