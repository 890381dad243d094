"""Makes Tests/Fixtures/weights: small arrays by NumPy, and safetensors by their published layout.

Run: python generate_weights.py   (NumPy needed; no safetensors library: the bytes are put together
here by the format's README, tensors by falling size of a value, then by name, header padded to 8.)
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
# PyTorch files without PyTorch: stand-ins of its names, pickled by Python, in the two layouts of
# torch/serialization.py (_save and _legacy_save).
torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
torch._utils = utils
sys.modules.update({"torch": torch, "torch._utils": utils})


class FloatStorage:
    """Stands for torch.FloatStorage."""


class LongStorage:
    """Stands for torch.LongStorage."""


def _rebuild_tensor_v2(*arguments):
    """Stands for torch._utils._rebuild_tensor_v2."""


for thing, module in [(FloatStorage, torch), (LongStorage, torch), (_rebuild_tensor_v2, utils)]:
    thing.__module__ = module.__name__
    setattr(module, thing.__name__, thing)


class Storage:
    def __init__(self, kind, key, array):
        self.kind, self.key, self.array = kind, key, array


class Rebuilt:
    def __init__(self, storage, offset, size, stride):
        self.call = (storage, offset, size, stride, False, collections.OrderedDict())

    def __reduce__(self):
        return _rebuild_tensor_v2, self.call


class Pickler(pickle.Pickler):
    legacy = False

    def persistent_id(self, value):
        if isinstance(value, Storage):
            identity = ("storage", value.kind, value.key, "cpu", value.array.size)
            return identity + (None,) if self.legacy else identity
        return None


def pickled(value, legacy=False):
    stream = io.BytesIO()
    pickler = Pickler(stream, 2)
    pickler.legacy = legacy
    pickler.dump(value)
    return stream.getvalue()


shared = Storage(FloatStorage, "0", np.arange(12, dtype="<f4"))
steps = Storage(LongStorage, "1", np.array([99], "<i8"))
state = collections.OrderedDict([
    ("module.plain", Rebuilt(shared, 0, (3, 4), (4, 1))),
    ("module.transposed", Rebuilt(shared, 0, (4, 3), (1, 4))),
    ("module.part", Rebuilt(shared, 5, (2,), (1,))),
    ("module.expanded", Rebuilt(shared, 2, (2, 2), (0, 0))),
    ("module.steps", Rebuilt(steps, 0, (), ())),
])
with zipfile.ZipFile(here / "state.pth", "w") as archive:
    def add(name, data):
        archive.writestr(zipfile.ZipInfo("state/" + name), data)
    add("data.pkl", pickled({"epoch": 3, "loss": 0.25, "state_dict": state}))
    add("byteorder", b"little")
    add("data/0", shared.array.tobytes())
    add("data/1", steps.array.tobytes())
    add("version", b"3\n")
(here / "state_legacy.pth").write_bytes(
    pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2)
    + pickle.dumps({"protocol_version": 1001, "little_endian": True,
                    "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2)
    + pickled(state, legacy=True) + pickle.dumps(["0", "1"], 2)
    + struct.pack("<q", 12) + shared.array.tobytes()
    + struct.pack("<q", 1) + steps.array.tobytes())

for p in sorted(here.iterdir()):
    print(p.name, p.stat().st_size)
