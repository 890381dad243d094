"""Superpixels: nital beside fast-slic and scikit-image, quality and time in one run.

Run: python slic.py NITAL [--size 1000] [--superpixels 50000] [--threads 2 1] [--rounds 7]
                       [--pictures colour grey]
Needs numpy, scipy, Pillow, scikit-image and fast-slic. Prints four tables a picture.

The pictures are Voronoi cells of random colours, or greys, with noise, so that every boundary is
known. Boundary recall: the part of the true boundary pixels within 1 pixel of a superpixel's
boundary. Undersegmentation error: the pixels of superpixels that leak over a boundary, the smaller
side of each (Neubert and Protzel 2012), over all pixels. Compactness: the isoperimetric quotient
of the superpixels weighted by area (Schick et al. 2012).

Two settings a picture. "As asked": all are asked for the same number at compactness 20, and fast-slic's
own compactness is tuned until its superpixels are as compact as scikit-image's; the numbers that come
out differ, since grids are rounded (at 1000 x 1000 and 50,000 scikit-image's has steps of 4 pixels,
fast-slic's of 5) and both merge small parts. "Equal numbers": fast-slic at compactness 20 sets the
number and the compactness; nital and scikit-image are asked for the grid that comes nearest, their
compactness is tuned to fast-slic's, and the least part that is not merged until the numbers are equal
as near as they go. fast-slic's default (10, stride 3) is printed too.
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
options.add_argument("--pictures", nargs="+", default=["colour", "grey"])
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

def ours(path, threads, repeat, count=K, compactness=M, least=0.5):
    out = path + ".npy"
    text = subprocess.run(
        [options.nital, "lab", "slic", path, "-o", out, "--superpixels", str(count),
         "--compactness", str(compactness), "--iterations", str(ITERATIONS), "--grey-as-colour",
         "--smallest-part", str(least), "--repeat", str(repeat), "-j", str(threads), "-q"],
        check=True, capture_output=True, text=True).stdout
    return np.load(out), json.loads(text)


def fast(picture, threads, compactness, stride):
    model = SlicAvx2(num_components=K, compactness=compactness, subsample_stride=stride,
                     num_threads=threads)
    began = time.perf_counter()
    labels = model.iterate(picture, max_iter=ITERATIONS)
    return labels, time.perf_counter() - began


def scikit(picture, count=K, compactness=M, least=0.5):
    began = time.perf_counter()
    labels = slic(picture, n_segments=count, compactness=compactness, max_num_iter=ITERATIONS,
                  min_size_factor=least, start_label=0)
    return labels, time.perf_counter() - began


def bisected(low, high, is_low, rounds=9):
    """The number between low and high, on a scale of ratios, where `is_low` changes."""
    for _ in range(rounds):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return (low * high) ** 0.5


def number(labels):
    return len(np.unique(labels))


def compared(title, truth, rows):
    print(f"\n{title}\n")
    print("| | superpixels | boundary recall | undersegmentation | compactness |")
    print("|---|---|---|---|---|")
    for label, labels in rows:
        n, recall, leak, compact = quality(labels, truth)
        print(f"| {label} | {n} | {recall:.4f} | {leak:.4f} | {compact:.3f} |", flush=True)


def timed(contenders):
    """Medians of `rounds` turns on each number of threads, all contenders in turn."""
    print("\n| threads | " + " | ".join(f"{name} ms" for name in contenders)
          + " | of fast-slic | of scikit-image |")
    print("|---" * (len(contenders) + 3) + "|")
    for threads in options.threads:
        times = {name: [] for name in contenders}
        for turn in range(options.rounds):
            for name, run in contenders.items():
                if name != "scikit-image" or turn < 3:
                    times[name].append(run(threads))
        t = {name: 1e3 * float(np.median(values)) for name, values in times.items()}
        mine = t["nital"]
        print(f"| {threads} | " + " | ".join(f"{value:.1f}" for value in t.values())
              + f" | {mine / t['fast-slic']:.2f} | {mine / t['scikit-image']:.3f} |", flush=True)


def as_asked(name, truth, picture, path):
    reference, _ = scikit(picture)
    mine, _ = ours(path, 2, 1)
    wanted = quality(reference, truth)[3]
    m = bisected(1.0, 200.0, lambda m: quality(fast(picture, 2, m, 1)[0], truth)[3] < wanted)
    compared(
        f"{name}, as asked: {N} x {N}, {K} superpixels, compactness {M}; pixels whose label is not "
        f"scikit-image's: {int((mine != reference).sum())}", truth,
        [("nital", mine), ("scikit-image", reference),
         (f"fast-slic, stride 1, {m:.1f}", fast(picture, 2, m, 1)[0]),
         ("fast-slic, default", fast(picture, 2, 10, 3)[0])])
    timed({"nital": lambda t: min(ours(path, t, 3)[1][1:]),
           "fast-slic": lambda t: min(fast(picture, t, m, 1)[1] for _ in range(2)),
           "fast-slic default": lambda t: min(fast(picture, t, 10, 3)[1] for _ in range(2)),
           "scikit-image": lambda t: scikit(picture)[1]})


def equal_numbers(name, truth, picture, path):
    rival = fast(picture, 2, M, 1)[0]
    n, _, _, wanted = quality(rival, truth)
    count = min((K * i // 20 for i in range(10, 22)),
                key=lambda k: abs(number(ours(path, 2, 1, k)[0]) - n))
    m, least = M, 0.25
    for _ in range(2):
        m = bisected(
            1.0, 200.0, lambda m: quality(ours(path, 2, 1, count, m, least)[0], truth)[3] < wanted)
        # A part of so many pixels, of a mean area of N N / K.
        least = min((i * K / N**2 for i in range(1, 13)),
                    key=lambda part: abs(number(ours(path, 2, 1, count, m, part)[0]) - n))
    setting = (count, m, least)
    mine, _ = ours(path, 2, 1, *setting)
    reference, _ = scikit(picture, *setting)
    compared(
        f"{name}, equal numbers: {N} x {N}, compactness of fast-slic {M}; pixels whose label is not "
        f"scikit-image's: {int((mine != reference).sum())}", truth,
        [(f"nital, {count}, {m:.1f}, least part {least:.2f}", mine),
         ("scikit-image, the same", reference), (f"fast-slic, {K}, stride 1, {M}", rival)])
    timed({"nital": lambda t: min(ours(path, t, 3, *setting)[1][1:]),
           "fast-slic": lambda t: min(fast(picture, t, M, 1)[1] for _ in range(2)),
           "scikit-image": lambda t: scikit(picture, *setting)[1]})


for name, channels in (("colour", 3), ("grey", 1)):
    if name not in options.pictures:
        continue
    truth, picture = voronoi(channels, 7)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "picture.png")
        Image.fromarray(picture if channels == 3 else picture[..., 0]).save(path)
        as_asked(name, truth, picture, path)
        equal_numbers(name, truth, picture, path)
