"""Makes Tests/Fixtures/crosscheck: one small network in five formats, an input and its logits.

Run: python generate_crosscheck.py   (made with PyTorch 2.13, h5py 3.16, NumPy 2).
The picture has 12 x 8 pixels, so that the first matrix reads 3 x 2 of them and an order that mixes up
rows and columns is seen. Keras flattens (row, column, channel), PyTorch (channel, row, column).
"""
import json
import pathlib
import struct

import h5py
import numpy as np
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent / "crosscheck"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(20)


def drawn(*shape):
    return (rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)


CONVOLUTIONS = [("features.0", "block1_conv1", drawn(4, 3, 3, 3)), ("features.2", "block1_conv2", drawn(5, 4, 3, 3)),
                ("features.5", "block2_conv1", drawn(6, 5, 3, 3))]
MATRICES = [("classifier.0", "fc1", drawn(7, 36)), ("classifier.3", "fc2", drawn(5, 7)),
            ("classifier.6", "predictions", drawn(3, 5))]
state, keras = {}, {}
for torch_name, keras_name, weight in CONVOLUTIONS + MATRICES:
    bias = (rng.standard_normal(len(weight)) * 0.1).astype(np.float32)
    state[torch_name + ".weight"], state[torch_name + ".bias"] = weight, bias
    kernel = weight.transpose(2, 3, 1, 0) if weight.ndim == 4 else weight.T
    if keras_name == "fc1":
        kernel = weight.reshape(7, 6, 3, 2).transpose(2, 3, 1, 0).reshape(36, 7)
    keras[keras_name] = (np.ascontiguousarray(kernel), bias)

tensors = {name: torch.from_numpy(value.copy()) for name, value in state.items()}
torch.save(tensors, here / "zip.pth")
torch.save(tensors, here / "legacy.pth", _use_new_zipfile_serialization=False)
header, data = {}, b""
for name, value in state.items():
    header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + value.nbytes]}
    data += value.tobytes()
text = json.dumps(header).encode()
(here / "small.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
np.savez(here / "small.npz", **state)
with h5py.File(here / "keras.h5", "w", libver="earliest") as file:
    file.attrs["layer_names"] = [name.encode() for name in keras]
    for name, (kernel, bias) in keras.items():
        group = file.create_group(name)
        group.attrs["weight_names"] = [f"{name}_W_1:0".encode(), f"{name}_b_1:0".encode()]
        group.create_dataset(f"{name}_W_1:0", data=kernel)
        group.create_dataset(f"{name}_b_1:0", data=bias)

image = rng.standard_normal((12, 8, 3)).astype(np.float32)
np.save(here / "input.npy", image)
x = torch.from_numpy(image.astype(np.float64)).permute(2, 0, 1)[None]
weights = {name: value.double() for name, value in tensors.items()}
for name, _, _ in CONVOLUTIONS:
    x = F.relu(F.conv2d(x, weights[name + ".weight"], weights[name + ".bias"], padding=1))
    if name != "features.0":
        x = F.max_pool2d(x, 2)
x = x.flatten(1)
for name, _, _ in MATRICES:
    x = F.linear(x, weights[name + ".weight"], weights[name + ".bias"])
    x = x if name == "classifier.6" else F.relu(x)
(here / "logits.json").write_text(json.dumps([round(float(v), 12) for v in x[0]]) + "\n")
