"""Makes Tests/Fixtures/weights: small arrays by NumPy, and safetensors by their published layout.

Run: python generate_weights.py   (NumPy needed; no safetensors library: the bytes are put together
here by the format's README, tensors by falling size of a value, then by name, header padded to 8.)
"""
import json
import pathlib
import struct
import numpy as np

here = pathlib.Path(__file__).parent / "weights"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(7)
cube = rng.standard_normal((2, 3, 4)).astype("<f4")
np.save(here / "cube.npy", cube)
np.save(here / "cube_fortran.npy", np.asfortranarray(cube.astype("<f8")))
np.save(here / "big_endian.npy", (cube * 100).astype(">i2"))
np.save(here / "scalar.npy", np.float64(-0.5))
np.save(here / "empty.npy", np.zeros((0, 3), "<f4"))
np.save(here / "half.npy", np.array([0, -0.0, 6e-8, 1, -65504, np.inf, np.nan], "<f2"))
np.savez(here / "stored.npz", a=cube, b=np.arange(5))
np.savez_compressed(here / "deflated.npz", a=cube, b=np.arange(5))


def safetensors(path, tensors, metadata=None):
    """tensors: name -> (dtype, array of the raw bytes' type)."""
    header, blob = {}, b""
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    for name, (dtype, array) in sorted(
            tensors.items(), key=lambda t: (-t[1][1].itemsize, t[0].encode())):
        raw = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape),
                        "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


safetensors(here / "mixed.safetensors", {
    "layer.weight": ("F32", cube),
    "layer.bias": ("F64", np.array([1.5, -2.0], "<f8")),
    "steps": ("I64", np.array(1234567890123, "<i8")),
    "half": ("BF16", (np.array([1.0, -2.5], "<f4").view("<u4") >> 16).astype("<u2")),
    "mask": ("BOOL", np.array([1, 0, 1], "|u1")),
    "größe \"β\"\n": ("U8", np.array([[7, 255]], "|u1")),
}, {"seed": "7", "author": "nital \u0001"})
for p in sorted(here.iterdir()):
    print(p.name, p.stat().st_size)
