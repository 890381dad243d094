#!/usr/bin/env python3
"""Time against size for each algorithm of `nital lab`, with the fitted exponent beside the expected one.

    python Peers/growth.py [--nital ../.build/release/nital] [--threads 1] [--results Results]
                           [--algorithms matmul,svd] [--folder /tmp/nital-growth]

Needs numpy. The least of 5 runs at each size; the exponent is the slope of log time over log n by least
squares, over the sizes that take more than 0.2 ms. Writes growth-DATE.csv; draw it with
`nital-benchmarks --growth Results/growth-DATE.csv`. Ends with 1 if an exponent exceeds the expected one by
more than 0.35 (caches make larger sizes slower; a missed power would be 1).
"""
import argparse
import datetime
import pathlib
import sys

import numpy as np

import lab

# Expected exponents of n: the work of matmul is n^3, of images n^2, of k-means n, of trees n log n.
ALGORITHMS = {
    "matmul": (3.0, [128, 256, 512, 1024, 2048]), "convolve": (2.0, [64, 128, 256, 512, 1024]),
    "svd": (3.0, [32, 64, 128, 256]), "pca": (1.0, [512, 1024, 2048, 4096, 8192]),
    "kmeans": (1.0, [500, 1000, 2000, 4000, 8000]), "knn": (1.15, [1000, 2000, 4000, 8000]),
    "tsne": (1.15, [500, 1000, 2000, 4000]), "clahe": (2.0, [128, 256, 512, 1024, 2048]),
    "resize": (2.0, [128, 256, 512, 1024, 2048]), "scattering": (2.15, [64, 128, 256, 512, 1024]),
    "slic": (2.0, [128, 256, 512, 1024]),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--algorithms", default=",".join(ALGORITHMS))
    parser.add_argument("--folder", default="/tmp/nital-growth")
    parser.add_argument("--results", default=lab.ROOT / "Benchmarks/Results")
    options = parser.parse_args()
    lab.clean_environment()
    for folder in (options.folder, options.results):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    lines, excess = ["algorithm,n,seconds,fitted,expected"], []
    for name in options.algorithms.split(","):
        expected, sizes = ALGORITHMS[name]
        times = [min(lab.lab(options.nital, lab.command(options.folder, name, n), options.threads, 5)) for n in sizes]
        used = [i for i, t in enumerate(times) if t > 2e-4] or [len(times) - 2, len(times) - 1]
        used = used if len(used) > 1 else [len(times) - 2, len(times) - 1]
        slope = np.polyfit(np.log([sizes[i] for i in used]), np.log([times[i] for i in used]), 1)[0]
        print(f"{name:11} fitted n^{slope:.2f}, expected n^{expected:.2f}   "
              + "  ".join(f"{n}: {t * 1e3:.2f} ms" for n, t in zip(sizes, times)), flush=True)
        lines += [f"{name},{n},{t:.6g},{slope:.2f},{expected:.2f}" for n, t in zip(sizes, times)]
        if slope > expected + 0.35:
            excess.append(name)
    path = pathlib.Path(options.results) / f"growth-{datetime.date.today()}.csv"
    path.write_text("\n".join(lines) + "\n")
    print(f"written: {path}")
    if excess:
        sys.exit(f"growing faster than expected: {', '.join(excess)}")


if __name__ == "__main__":
    main()
