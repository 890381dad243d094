"""Makes Tests/Fixtures/keras: one small network in five formats, and small HDF5 files of other kinds.

Run: python generate_keras.py   (NumPy and h5py needed; made with h5py 3.16, HDF5 2.0). The PyTorch,
safetensors and npz twins hold the same values in PyTorch's order (out, in, height, width; out, in; the
first dense layer permuted from H,W,C to C,H,W).
"""
import collections
import io
import json
import pathlib
import pickle
import struct
import sys
import types
import zipfile
import h5py
import numpy as np

here = pathlib.Path(__file__).parent / "keras"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(11)
# A picture of 2 x 3 with 2 channels reaches the first dense layer after the convolution 1 -> 2.
conv = rng.standard_normal((3, 3, 1, 2)).astype("<f4")
conv_bias = rng.standard_normal(2).astype("<f4")
dense = rng.standard_normal((2 * 3 * 2, 4)).astype("<f4")
dense_bias = rng.standard_normal(4).astype("<f4")
LAYERS = [("input", []), ("conv", [("W_1:0", conv), ("b_1:0", conv_bias)]),
          ("fc", [("W_1:0", dense), ("b_1:0", dense_bias)])]


def write(name, root="/", nested=False, dtype="<f4", long_names=False, split=False, **options):
    """One file in Keras' layout; `nested` is Keras 2's LAYER/LAYER/kernel:0."""
    with h5py.File(here / name, "w", **options) as file:
        group = file.require_group(root)
        names = [layer for layer, _ in LAYERS]
        text = h5py.string_dtype() if long_names else "S8"

        def attribute(place, key, values):
            if not values:
                place.attrs[key] = np.zeros(0)
            elif long_names:
                place.attrs.create(key, values, dtype=h5py.string_dtype())
            else:
                place.attrs[key] = [value.encode() for value in values]

        if split:
            attribute(group, "layer_names0", names[:1])
            attribute(group, "layer_names1", names[1:])
        else:
            attribute(group, "layer_names", names)
        group.attrs["keras_version"] = np.bytes_(b"2.2.4")
        for layer, weights in LAYERS:
            place = group.create_group(layer)
            listed = []
            for suffix, values in weights:
                if nested:
                    suffix = "kernel:0" if suffix[0] == "W" else "bias:0"
                    weight = layer + "/" + suffix
                else:
                    weight = layer + "_" + suffix
                listed.append(weight)
                place.create_dataset(weight, data=values.astype(dtype))
            attribute(place, "weight_names", listed)


write("keras1.h5", libver="earliest")
write("keras2.h5", nested=True, libver="earliest")
write("saved_model.h5", root="model_weights", nested=True, libver="earliest")
write("latest.h5", libver="latest")
write("v108.h5", nested=True, libver=("v108", "v108"))
write("long_names.h5", long_names=True, libver="earliest")
write("split.h5", split=True, libver="earliest")
write("big_endian.h5", dtype=">f8", libver="earliest")
write("half.h5", dtype="<f2", libver="earliest")

with h5py.File(here / "kinds.h5", "w", libver="earliest") as file:
    file.attrs["layer_names"] = [b"a"]
    group = file.create_group("a")
    names = ["int", "fill", "compact", "empty", "scalar"]
    group.attrs["weight_names"] = [name.encode() for name in names]
    group.create_dataset("int", data=np.array([[1, -2], [3, 40000]], ">i4"))
    group.create_dataset("fill", shape=(1000, 100), dtype="<f4", fillvalue=0.25)
    group.create_dataset("empty", shape=(0, 3), dtype="<f4")
    group.create_dataset("scalar", data=np.float64(-0.5))
    space = h5py.h5s.create_simple((3,))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    compact = h5py.h5d.create(group.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist)
    compact.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([1, 2, 3], "<f4"))


def refused(name, make):
    with h5py.File(here / name, "w", libver="earliest") as file:
        file.attrs["layer_names"] = [b"a"]
        file.create_group("a").attrs["weight_names"] = [b"w"]
        make(file["a"])


refused("chunked.h5", lambda g: g.create_dataset("w", data=conv, chunks=(3, 3, 1, 1)))
refused("deflated.h5", lambda g: g.create_dataset("w", data=conv, compression="gzip"))
refused("soft.h5", lambda g: g.__setitem__("w", h5py.SoftLink("/other")))
refused("external.h5", lambda g: g.__setitem__("w", h5py.ExternalLink("keras1.h5", "/conv")))
refused("outside.h5", lambda g: g.create_dataset(
    "w", shape=(4,), dtype="<f4", external=[("keras1.h5", 0, 16)]))
refused("words.h5", lambda g: g.create_dataset("w", data=np.array([b"one", b"two"])))
refused("missing.h5", lambda g: None)
refused("nan.h5", lambda g: g.create_dataset("w", data=np.array([1, np.nan], "<f4")))
with h5py.File(here / "plain.h5", "w", libver="earliest") as file:
    file["data"] = conv
with h5py.File(here / "cycle.h5", "w", libver="earliest") as file:
    file.attrs["layer_names"] = [b"a"]
    file.create_group("a").attrs["weight_names"] = [b"w"]
    file["a"]["up"] = file["/"]
    file["a"]["w"] = conv_bias
with h5py.File(here / "many.h5", "w", libver="earliest") as file:
    names = ["layer_%02d" % i for i in range(40)]
    file.attrs["layer_names"] = [name.encode() for name in names]
    for i, name in enumerate(names):
        file.create_group(name).attrs["weight_names"] = [b"w"]
        file[name]["w"] = np.array([i], "<f4")
with h5py.File(here / "dense.h5", "w", libver="latest") as file:
    file.attrs["layer_names"] = [b"layer_00"]
    for i in range(12):
        file.create_group("layer_%02d" % i)

# The twins in PyTorch's order.
first = dense.reshape(2, 3, 2, 4).transpose(3, 2, 0, 1).reshape(4, 12)
twins = {"conv.weight": np.ascontiguousarray(conv.transpose(3, 2, 0, 1)), "conv.bias": conv_bias,
         "fc.weight": np.ascontiguousarray(first), "fc.bias": dense_bias}
np.savez(here / "twin.npz", **twins)
header, blob = {}, b""
for key, values in twins.items():
    raw = values.tobytes()
    header[key] = {"dtype": "F32", "shape": list(values.shape),
                   "data_offsets": [len(blob), len(blob) + len(raw)]}
    blob += raw
text = json.dumps(header).encode()
(here / "twin.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + blob)

# PyTorch files without PyTorch: stand-ins of its names, pickled by Python. The convolution is a view of
# Keras' order with the strides of PyTorch's.
torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
torch._utils = utils
sys.modules.update({"torch": torch, "torch._utils": utils})


class FloatStorage:
    """Stands for torch.FloatStorage."""


def _rebuild_tensor_v2(*arguments):
    """Stands for torch._utils._rebuild_tensor_v2."""


for thing, module in [(FloatStorage, torch), (_rebuild_tensor_v2, utils)]:
    thing.__module__ = module.__name__
    setattr(module, thing.__name__, thing)


class Storage:
    def __init__(self, key, array):
        self.key, self.array = key, array.ravel()


class Rebuilt:
    def __init__(self, storage, size, stride):
        self.call = (storage, 0, size, stride, False, collections.OrderedDict())

    def __reduce__(self):
        return _rebuild_tensor_v2, self.call


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return ("storage", FloatStorage, value.key, "cpu", value.array.size) + self.tail
        return None


def pickled(value, tail=()):
    stream = io.BytesIO()
    pickler = Pickler(stream, 2)
    pickler.tail = tail
    pickler.dump(value)
    return stream.getvalue()


storages = [Storage("0", conv), Storage("1", conv_bias), Storage("2", first.copy()),
            Storage("3", dense_bias)]
state = collections.OrderedDict([
    ("conv.weight", Rebuilt(storages[0], (2, 1, 3, 3), (1, 2, 6, 2))),
    ("conv.bias", Rebuilt(storages[1], (2,), (1,))),
    ("fc.weight", Rebuilt(storages[2], (4, 12), (12, 1))),
    ("fc.bias", Rebuilt(storages[3], (4,), (1,)))])
with zipfile.ZipFile(here / "twin.pth", "w") as archive:
    for name, data in [("data.pkl", pickled(state)), ("byteorder", b"little")] + [
            ("data/" + s.key, s.array.tobytes()) for s in storages]:
        archive.writestr(zipfile.ZipInfo("twin/" + name), data)
(here / "twin_legacy.pth").write_bytes(
    pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2)
    + pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2)
    + pickled(state, (None,)) + pickle.dumps([s.key for s in storages], 2)
    + b"".join(struct.pack("<q", s.array.size) + s.array.tobytes() for s in storages))

# A deflated record of 70,000,000 zeros, true to its word.
big = Storage("0", np.zeros(17_500_000, "<f4"))
with zipfile.ZipFile(here / "grows.pth", "w", zipfile.ZIP_DEFLATED) as archive:
    bomb = collections.OrderedDict([("w", Rebuilt(big, (17_500_000,), (1,)))])
    for name, data in [("data.pkl", pickled(bomb)), ("data/0", big.array.tobytes())]:
        archive.writestr(zipfile.ZipInfo("grows/" + name), data, zipfile.ZIP_DEFLATED)

for p in sorted(here.iterdir()):
    print(p.name, p.stat().st_size)
