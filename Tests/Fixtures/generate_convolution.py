"""Golden convolutions, poolings and reductions by SciPy 1.x and NumPy, in Double.

Writes convolution/*.txt, pooling.txt and reductions.txt: lines "name; shape; values".
Run: python3 generate_convolution.py
"""
import os

import numpy as np
from scipy.signal import correlate2d

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(7)


def line(name, array):
    array = np.asarray(array, dtype=np.float64)
    shape = " ".join(str(n) for n in array.shape)
    return f"{name}; {shape}; " + " ".join(repr(float(v)) for v in array.ravel()) + "\n"


def single(shape):
    """Normal numbers that a Float holds exactly."""
    return rng.standard_normal(shape).astype(np.float32).astype(np.float64)


def convolve(x, f, b, stride, padding, dilation, groups):
    n, h, w, c = x.shape
    r, s, cg, k = f.shape
    wide = np.zeros(((r - 1) * dilation + 1, (s - 1) * dilation + 1, cg, k))
    wide[::dilation, ::dilation] = f
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    out = []
    for image in x:
        planes = []
        for j in range(k):
            first = j // (k // groups) * cg
            total = sum(correlate2d(image[:, :, first + i], wide[:, :, i, j], mode="valid")
                        for i in range(cg))
            planes.append(total[::stride, ::stride] + b[j])
        out.append(np.stack(planes, axis=-1))
    return np.stack(out)


def write_convolutions():
    os.makedirs(os.path.join(here, "convolution"), exist_ok=True)
    cases = {"plain": ((2, 7, 9, 3), (3, 3, 3, 5), (1, 1, 1, 1)),
             "strided": ((1, 12, 11, 4), (5, 3, 4, 6), (2, 2, 1, 1)),
             "dilated": ((1, 10, 10, 3), (3, 3, 3, 4), (1, 2, 2, 1)),
             "grouped": ((1, 8, 9, 6), (3, 2, 2, 9), (1, 0, 1, 3))}
    for name, (xs, fs, geometry) in cases.items():
        x, f, b = single(xs), single(fs), single(fs[3])
        with open(os.path.join(here, "convolution", name + ".txt"), "w") as out:
            out.write(line("geometry", geometry) + line("input", x) + line("filters", f)
                      + line("bias", b) + line("output", convolve(x, f, b, *geometry)))


def write_pooling():
    x = single((1, 7, 8, 3))
    windows = np.lib.stride_tricks.sliding_window_view
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    w = windows(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    with open(os.path.join(here, "pooling.txt"), "w") as out:
        out.write(line("input", x) + line("maximum", np.nanmax(w, axis=(-1, -2)))
                  + line("meanInside", np.nanmean(w, axis=(-1, -2)))
                  + line("meanOfWindow", np.nansum(w, axis=(-1, -2)) / 9))
        rows = [x[:, i * 7 // 3:-(-(i + 1) * 7 // 3)] for i in range(3)]
        adaptive = np.stack([np.stack([r[:, :, j * 8 // 5:-(-(j + 1) * 8 // 5)].mean(axis=(1, 2))
                                       for j in range(5)], axis=1) for r in rows], axis=1)
        out.write(line("adaptive3x5", adaptive))


def write_reductions():
    x = single((4, 5, 6))
    with open(os.path.join(here, "reductions.txt"), "w") as out:
        out.write(line("input", x))
        for name, axes in (("012", (0, 1, 2)), ("0", 0), ("1", 1), ("2", 2), ("02", (0, 2)),
                           ("12", (1, 2))):
            out.write(line("sum" + name, x.sum(axis=axes)) + line("mean" + name, x.mean(axis=axes))
                      + line("variance" + name, x.var(axis=axes, ddof=1))
                      + line("minimum" + name, x.min(axis=axes))
                      + line("maximum" + name, x.max(axis=axes)))
        for axis in range(3):
            out.write(line(f"argmax{axis}", x.argmax(axis)) + line(f"argmin{axis}", x.argmin(axis)))
        e = np.exp(x - x.max(-1, keepdims=True))
        out.write(line("softmax", e / e.sum(-1, keepdims=True))
                  + line("logSoftmax", x - x.max(-1, keepdims=True)
                         - np.log(e.sum(-1, keepdims=True))))


write_convolutions()
write_pooling()
write_reductions()
