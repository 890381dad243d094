#!/usr/bin/env python3
"""Time against size for each algorithm of `nital lab`, with the fitted exponent beside the expected one.

    python Peers/growth.py [--nital ../.build/release/nital] [--threads 1] [--results Results]
                           [--only matmul,svd] [--repeat 3] [--folder /tmp/nital-growth]

Needs numpy. The least of some runs at each size; the fitted exponent is the slope of log time over log n by
least squares, the expected one that of the law (n^2, n log n) over the same sizes. Writes growth-DATE.csv;
rows of other algorithms stay, so that it can be made in pieces. Draw it with `nital-benchmarks --growth
Results/growth-DATE.csv`. Ends with 1 where a fitted exponent exceeds the expected one by more than 0.35
(caches make larger sizes slower; a missed power would be 1).
"""
import argparse
import datetime
import pathlib
import platform
import subprocess
import sys

import numpy as np

import lab

LAWS = {"n": lambda n: n, "n log n": lambda n: n * np.log(n), "n^2": lambda n: n**2,
        "n^2 log n": lambda n: n**2 * np.log(n), "n^3": lambda n: n**3}
# Title, law, sizes. An image of side n has n^2 pixels; sizes end where arrays exceed 32 MB, above which the C
# library takes fresh pages for each (a resize to 4608^2 pixels then takes twice as long a pixel). A step of
# t-SNE on a grid costs the points' share, n, and the transform's, which hardly grows while the map is small.
ALGORITHMS = {
    "matmul": ("GEMM n x n", "n^3", [256, 512, 1024, 2048, 4096]),
    "direct": ("direct convolution n x n x 64", "n^2", [40, 80, 160, 320]),
    "winograd": ("Winograd 4 x 4 tiles n x n x 64", "n^2", [40, 80, 160, 320]),
    "svd": ("Jacobi SVD n x n", "n^3", [64, 128, 256, 512, 1024]),
    "pca": ("randomized PCA n x 512", "n", [1000, 2000, 4000, 8000, 16000]),
    "kmeans": ("k-means of n points", "n", [1000, 2000, 4000, 8000, 16000]),
    "knn": ("10 neighbours of n points (tree)", "n log n", [1000, 2000, 4000, 8000, 16000]),
    "tsne-exact": ("t-SNE exact", "n^2", [250, 500, 1000, 2000]),
    "tsne-barnes-hut": ("t-SNE Barnes-Hut", "n log n", [1000, 2000, 4000, 8000, 16000]),
    "tsne-fft": ("t-SNE FFT", "n", [2000, 4000, 8000, 16000, 32000]),
    "slic": ("SLIC n x n", "n^2", [128, 256, 512, 1024, 2048]),
    "scattering": ("scattering n x n", "n^2 log n", [128, 256, 512, 1024]),
    "clahe": ("CLAHE n x n", "n^2", [128, 256, 512, 1024, 2048]),
    "resize": ("resize n x n", "n^2", [128, 256, 512, 1024, 2048]),
}


def slope(sizes, values):
    return np.polyfit(np.log(sizes), np.log(values), 1)[0]


def measure(options, name):
    """The lines of one algorithm for the CSV, and by how much it grows faster than expected."""
    title, law, sizes = ALGORITHMS[name]
    times = [min(lab.lab(options.nital, lab.command(options.folder, name, n), options.threads, options.repeat))
             for n in sizes]
    shape = LAWS[law](np.array(sizes, float))
    expected = shape * np.exp(np.mean(np.log(times) - np.log(shape)))
    fitted, wanted = slope(sizes, times), slope(sizes, shape)
    print(f"{title:36} n^{fitted:.2f}, expected n^{wanted:.2f} ({law})   "
          + "  ".join(f"{n}: {t * 1e3:.2f} ms" for n, t in zip(sizes, times)), flush=True)
    return [f"{title},{n},{t:.6g},{e:.6g},{fitted:.2f},{law},{wanted:.2f}"
            for n, t, e in zip(sizes, times, expected)], fitted - wanted


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def commit():
    git = lambda *words: subprocess.run(["git", "-C", lab.ROOT, *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "-uno", ":(top)", ":(top,exclude)Benchmarks/Results")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default=",".join(ALGORITHMS))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", default="/tmp/nital-growth")
    parser.add_argument("--results", default=lab.ROOT / "Benchmarks/Results")
    options = parser.parse_args()
    lab.clean_environment()
    for folder in (options.folder, options.results):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    today = datetime.date.today()
    path, rows, excess = pathlib.Path(options.results) / f"growth-{today}.csv", {}, []
    for line in path.read_text().splitlines()[2:] if path.exists() else []:
        rows.setdefault(line.split(",")[0], []).append(line)
    header = [f"# {processor()}, {options.threads} thread(s), {today}, {commit()}",
              "algorithm,n,seconds,seconds of the law,fitted exponent,law,expected exponent"]
    for name in options.only.split(","):
        rows[ALGORITHMS[name][0]], over = measure(options, name)
        excess += [name] if over > 0.35 else []
        titles = [title for title, _, _ in ALGORITHMS.values() if title in rows]
        path.write_text("\n".join(header + [line for title in titles for line in rows[title]]) + "\n")
    print(f"written: {path}")
    if excess:
        sys.exit(f"growing faster than expected: {', '.join(excess)}")


if __name__ == "__main__":
    main()
