#!/usr/bin/env python3
"""Error of nital's convolution algorithms in float32, against PyTorch's convolution in float64.

    python winograd_error.py --weights squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5 --images IMAGE ...
                             [--nital ../../.build/release/nital]

Needs torch, h5py, numpy (PyPI). Without --weights: random normal images and filters. With a Keras file of
SqueezeNet 1.1 and some pictures: the 3 x 3 expand layers of all fire modules, each with the trained filters
and, as its input, what the layer before makes of the pictures. Relative rms: root mean square of the
error over that of the values; relative maximum: largest error over largest value.
"""
import argparse
import pathlib
import subprocess
import tempfile

import numpy as np
import torch

ALGORITHMS = ["direct", "im2col", "winograd2", "winograd4"]


def truth(x, f):
    """(N, H, W, C) by (3, 3, C, K), padding 1, in float64."""
    x = torch.from_numpy(x.astype(np.float64)).permute(0, 3, 1, 2)
    f = torch.from_numpy(f.astype(np.float64)).permute(3, 2, 0, 1)
    return torch.nn.functional.conv2d(x, f, padding=1).permute(0, 2, 3, 1).numpy()


def errors(nital, folder, title, x, f):
    np.save(folder / "x.npy", x)
    np.save(folder / "f.npy", f)
    y = truth(x, f)
    parts = []
    for algorithm in ALGORITHMS:
        subprocess.run([nital, "lab", "convolve", str(folder / "x.npy"), str(folder / "f.npy"), "--padding", "1",
                        "--algorithm", algorithm, "-o", str(folder / "y.npy")], check=True)
        e = np.load(folder / "y.npy").astype(np.float64) - y
        rms = np.sqrt((e * e).mean() / (y * y).mean())
        parts.append(f"{algorithm} {rms:.2e} {np.abs(e).max() / np.abs(y).max():.2e}")
    print(f"{title:28} " + "   ".join(parts), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights")
    parser.add_argument("--images", nargs="*", default=[])
    parser.add_argument("--nital", default=str(pathlib.Path(__file__).resolve().parents[2] / ".build/release/nital"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        print("algorithm, relative rms, relative maximum")
        random = np.random.default_rng(5)
        for side, c, k in [(56, 64, 64), (28, 256, 256), (14, 512, 512)]:
            x = np.maximum(random.standard_normal((1, side, side, c), dtype=np.float32), 0)
            f = random.standard_normal((3, 3, c, k), dtype=np.float32) * np.float32(np.sqrt(2 / (9 * c)))
            errors(args.nital, folder, f"random {side}x{side} {c}->{k}", x, f)
        if args.weights:
            trained(args, folder)


def trained(args, folder):
    import h5py

    with h5py.File(args.weights) as file:
        filters = {}
        file.visititems(lambda name, node: filters.__setitem__(name, node[()])
                        if isinstance(node, h5py.Dataset) and node.ndim == 4 else None)
    for fire in range(2, 10):
        f = next(v for n, v in filters.items() if f"fire{fire}/expand3x3" in n)
        command = [args.nital, "lab", "forward", "squeezenet", *args.images, "--weights", args.weights, "--layer",
                   f"fire{fire}/relu_squeeze1x1", "--exact", "-o", str(folder / "s.npy")]
        subprocess.run(command, check=True)
        rows = np.load(folder / "s.npy")
        side = int(round(np.sqrt(rows.shape[1] / f.shape[2])))
        x = rows.reshape(len(rows), side, side, f.shape[2])
        errors(args.nital, folder, f"fire{fire} {side}x{side} {f.shape[2]}->{f.shape[3]}", x, f)


main()
