"""Known answers of published weight files, for KnownAnswer.swift.

    python generate_known_answers.py squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5

Made with PyTorch 2.13 in Double, h5py 3.16, NumPy 2. The weights are read, not copied; the input is a
formula, an image of 67 x 83 x 3 with the values ((y^2 + 2 x^2 + 3 x y) / 32 + 64 c) mod 256 - 128,
taken as preprocessed. An answer is the largest value of every 16th channel of the last fire module.
"""
import sys

import h5py
import numpy as np
import torch
import torch.nn.functional as F

y, x, c = np.meshgrid(np.arange(67), np.arange(83), np.arange(3), indexing="ij")
image = ((y * y + 2 * x * x + 3 * x * y) // 32 + 64 * c) % 256 - 128
x = torch.from_numpy(image.astype(np.float64)[None]).permute(0, 3, 1, 2)

file = h5py.File(sys.argv[1], "r")
tensors = {}
for layer in file.attrs["layer_names"]:
    group = file[layer]
    values = [np.array(group[name], np.float64) for name in group.attrs["weight_names"]]
    if values:
        kernel = values[0].transpose(3, 2, 0, 1)
        if "th_dim" in sys.argv[1]:
            kernel = values[0][:, :, ::-1, ::-1].copy()
        tensors[layer.decode()] = torch.from_numpy(np.ascontiguousarray(kernel)), torch.from_numpy(values[1])


def convolve(x, name, **options):
    return F.relu(F.conv2d(x, *tensors[name], **options))


x = F.max_pool2d(convolve(x, "conv1", stride=2), 3, 2)
for fire in range(2, 10):
    s = convolve(x, f"fire{fire}/squeeze1x1")
    x = torch.cat([convolve(s, f"fire{fire}/expand1x1"), convolve(s, f"fire{fire}/expand3x3", padding=1)], 1)
    if fire in (3, 5):
        x = F.max_pool2d(x, 3, 2)
answer = x.amax((0, 2, 3))[::16]
print(tuple(x.shape))
print("[" + ", ".join(f"{float(v):.9g}" for v in answer) + "]")
