"""Superpixels: nital beside fast-slic and scikit-image, quality and time in one run.

Run: python slic.py NITAL [--size 1000] [--superpixels 50000] [--threads 2 1] [--rounds 7]
Needs numpy, scipy, Pillow, scikit-image and fast-slic. Prints two tables a picture.

The pictures are Voronoi cells of random colours, or greys, with noise, so that every boundary is
known. Boundary recall: the part of the true boundary pixels within 1 pixel of a superpixel's
boundary. Undersegmentation error: the pixels of superpixels that leak over a boundary, the smaller
side of each (Neubert and Protzel 2012), over all pixels. Compactness: the isoperimetric quotient
of the superpixels weighted by area (Schick et al. 2012). fast-slic's own compactness is tuned until
its superpixels are as compact as scikit-image's at 20; its default (10, stride 3) is printed too, and
a run that is asked for so many that about as many superpixels come out as scikit-image's grid has.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

import numpy as np
from fast_slic.avx2 import SlicAvx2
from PIL import Image
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree
from skimage.segmentation import slic

options = argparse.ArgumentParser()
options.add_argument("nital")
options.add_argument("--size", type=int, default=1000)
options.add_argument("--superpixels", type=int, default=50000)
options.add_argument("--threads", type=int, nargs="+", default=[2, 1])
options.add_argument("--rounds", type=int, default=7)
options = options.parse_args()
N, K, M, ITERATIONS = options.size, options.superpixels, 20, 10


def voronoi(channels, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:N, :N]
    seeds = rng.uniform(0, N, (N * N // 2500, 2))
    cells = cKDTree(seeds).query(np.c_[y.ravel(), x.ravel()])[1].reshape(N, N)
    values = rng.integers(50, 220, (len(seeds), channels))[cells]
    values = np.clip(values + rng.normal(0, 5, values.shape), 0, 255).astype(np.uint8)
    return cells, np.repeat(values, 3, axis=2) if channels == 1 else values


def edges(labels):
    result = np.zeros(labels.shape, bool)
    result[:-1] |= labels[:-1] != labels[1:]
    result[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    return result


def quality(labels, truth):
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    near = binary_dilation(edges(labels), np.ones((3, 3)))
    recall = near[edges(truth)].mean()
    area = np.bincount(labels.ravel())
    width = truth.max() + 1
    pairs, counts = np.unique(labels.ravel().astype(np.int64) * width + truth.ravel(),
                              return_counts=True)
    leak = np.minimum(counts, area[pairs // width] - counts).sum() / labels.size
    padded = np.pad(labels, 1, constant_values=-1)
    inner = padded[1:-1, 1:-1]
    sides = sum((inner != other).astype(int) for other in (
        padded[2:, 1:-1], padded[:-2, 1:-1], padded[1:-1, 2:], padded[1:-1, :-2]))
    perimeter = np.bincount(labels.ravel(), sides.ravel())
    compact = (area * 4 * np.pi * area / perimeter ** 2).sum() / labels.size
    return len(area), recall, leak, compact


def ours(path, threads, repeat):
    out = path + ".npy"
    text = subprocess.run(
        [options.nital, "lab", "slic", path, "-o", out, "--superpixels", str(K), "--compactness",
         str(M), "--iterations", str(ITERATIONS), "--grey-as-colour", "--repeat", str(repeat),
         "-j", str(threads), "-q"],
        check=True, capture_output=True, text=True).stdout
    return np.load(out), json.loads(text)


def fast(picture, threads, compactness, stride, count=K):
    model = SlicAvx2(num_components=count, compactness=compactness, subsample_stride=stride,
                     num_threads=threads)
    began = time.perf_counter()
    labels = model.iterate(picture, max_iter=ITERATIONS)
    return labels, time.perf_counter() - began


def scikit(picture):
    began = time.perf_counter()
    labels = slic(picture, n_segments=K, compactness=M, max_num_iter=ITERATIONS, start_label=0)
    return labels, time.perf_counter() - began


def tuned(picture, truth, wanted):
    low, high = 1.0, 200.0
    for _ in range(9):
        middle = (low * high) ** 0.5
        if quality(fast(picture, 2, middle, 1)[0], truth)[3] < wanted:
            low = middle
        else:
            high = middle
    return (low * high) ** 0.5


for name, channels in (("colour", 3), ("grey", 1)):
    truth, picture = voronoi(channels, 7)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture.png")
        Image.fromarray(picture if channels == 3 else picture[..., 0]).save(path)
        reference, _ = scikit(picture)
        mine, _ = ours(path, 2, 1)
        m = tuned(picture, truth, quality(reference, truth)[3])
        many = int(K * len(np.unique(reference)) / len(np.unique(fast(picture, 2, m, 1)[0])))
        print(f"\n{name}: {N} x {N}, {K} superpixels, compactness {M}; pixels whose label is not "
              f"scikit-image's: {int((mine != reference).sum())}")
        print("| | superpixels | boundary recall | undersegmentation | compactness |")
        print("|---|---|---|---|---|")
        for label, labels in (("nital", mine), ("scikit-image", reference),
                              (f"fast-slic, stride 1, {m:.1f}", fast(picture, 2, m, 1)[0]),
                              (f"fast-slic, {many} asked for", fast(picture, 2, m, 1, many)[0]),
                              ("fast-slic, default", fast(picture, 2, 10, 3)[0])):
            n, recall, leak, compact = quality(labels, truth)
            print(f"| {label} | {n} | {recall:.4f} | {leak:.4f} | {compact:.3f} |", flush=True)
        print("\n| threads | nital ms | fast-slic stride 1 | default | scikit-image | "
              "of fast-slic | of scikit-image |")
        print("|---|---|---|---|---|---|---|")
        for threads in options.threads:
            times = {key: [] for key in ("nital", "fast", "default", "scikit")}
            for turn in range(options.rounds):
                times["nital"].append(min(ours(path, threads, 3)[1][1:]))
                times["fast"].append(min(fast(picture, threads, m, 1)[1] for _ in range(2)))
                times["default"].append(fast(picture, threads, 10, 3)[1])
                if turn < 3:
                    times["scikit"].append(scikit(picture)[1])
            t = {key: 1e3 * float(np.median(value)) for key, value in times.items()}
            print(f"| {threads} | {t['nital']:.1f} | {t['fast']:.1f} | {t['default']:.1f} | "
                  f"{t['scikit']:.0f} | {t['nital'] / t['fast']:.2f} | "
                  f"{t['nital'] / t['scikit']:.3f} |", flush=True)
