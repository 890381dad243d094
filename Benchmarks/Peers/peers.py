#!/usr/bin/env python3
"""Nital beside the Python libraries, on the same arrays, in turn in one run.

    python Peers/peers.py [--nital ../.build/release/nital] [--threads 1,2] [--rounds 5] [--only pca,kmeans]
                          [--folder /tmp/nital-peers]

Needs numpy and, for each comparison, its library (scikit-learn, scikit-image, torch, openTSNE, kymatio,
fast-slic): a missing one is named and left out. Each round runs ours and the rival's once; medians and
their ratio are printed (above 1: nital is faster). Both sides get the same number of threads, the rivals by
threadpoolctl and torch.set_num_threads. `networks.py` compares whole networks.
"""
import argparse
import importlib
import pathlib
import statistics
import time
import warnings

import lab

lab.clean_environment()
import numpy as np  # noqa: E402  (after the environment is clean)
from threadpoolctl import threadpool_limits  # noqa: E402


def scattering(images):
    import scipy.special
    if not hasattr(scipy.special, "sph_harm"):  # kymatio 0.3 asks for the old name
        scipy.special.sph_harm = scipy.special.sph_harm_y
    from kymatio.numpy import Scattering2D
    transform = Scattering2D(J=5, shape=images.shape[1:], L=8)
    return lambda: transform(images)


def contenders(folder, threads):
    """Name, library, words of nital lab, and what makes the rival's call (its setting up is not timed)."""
    points = lab.array(folder, "points", (1800, 50), "normal")
    wide = lab.array(folder, "wide", (1800, 4096), "normal")
    square = lab.array(folder, "square", (1024, 1024), "normal")
    double = lab.array(folder, "double", (256, 256), "normal", np.float64)
    image = lab.array(folder, "image", (1000, 1000))
    small = lab.array(folder, "small", (200, 200))
    stack = lab.array(folder, "stack", (20, 200, 200))
    out, one = pathlib.Path(folder) / "out.npz", pathlib.Path(folder) / "out.npy"
    load = np.load

    def sklearn(name):
        return getattr(importlib.import_module("sklearn." + name[0]), name[1])

    def torch_product():
        import torch
        torch.set_num_threads(threads)
        a = torch.from_numpy(load(square))
        return lambda: a @ a

    def fast_slic():
        from fast_slic import Slic
        pixels = np.repeat((load(image) * 255).astype(np.uint8)[..., None], 3, axis=2)
        return lambda: Slic(num_components=2500, compactness=20, num_threads=threads).iterate(pixels)

    def open_tsne():
        import openTSNE
        x = load(points)
        return lambda: openTSNE.TSNE(perplexity=30, n_jobs=threads, negative_gradient_method="bh", random_state=0).fit(x)

    return [
        ("matmul 1024", "torch", ["matmul", square, square, "-o", one], torch_product),
        ("matmul 1024", "numpy", ["matmul", square, square, "-o", one],
         lambda: (lambda a: lambda: a @ a)(load(square))),
        ("svd 256 double", "numpy", ["svd", double, "-o", out], lambda: (lambda a: lambda: np.linalg.svd(a, full_matrices=False))(load(double))),
        ("pca 1800x4096 to 50", "sklearn", ["pca", wide, "--components", 50, "--randomized", "-o", out],
         lambda: (lambda x: lambda: sklearn(("decomposition", "PCA"))(50, svd_solver="randomized", random_state=0).fit(x))(load(wide))),
        ("kmeans 1800x50, 7, 50 starts", "sklearn", ["kmeans", points, "--clusters", 7, "--starts", 50, "-o", out],
         lambda: (lambda x: lambda: sklearn(("cluster", "KMeans"))(7, n_init=50, random_state=0).fit(x))(load(points))),
        ("tsne 1800x50", "openTSNE", ["tsne", points, "--iterations", 1000, "-o", out], open_tsne),
        ("clahe 200x200", "skimage", ["clahe", small, "-o", one],
         lambda: (lambda x: lambda: importlib.import_module("skimage.exposure").equalize_adapthist(x))(load(small))),
        ("resize 200 to 224", "skimage", ["resize", small, "--height", 224, "--width", 224, "-o", one],
         lambda: (lambda x: lambda: importlib.import_module("skimage.transform").resize(x, (224, 224)))(load(small))),
        ("scattering 20 x 200x200", "kymatio", ["scattering", stack, "-o", one], lambda: scattering(load(stack))),
        ("slic 1000x1000", "skimage", ["slic", image, "--superpixels", 2500, "--compactness", 20, "-o", one],
         lambda: (lambda x: lambda: importlib.import_module("skimage.segmentation").slic(x, 2500, compactness=20, channel_axis=None))(load(image))),
        ("slic 1000x1000", "fast_slic", ["slic", image, "--superpixels", 2500, "--compactness", 20, "-o", one], fast_slic),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", default="/tmp/nital-peers")
    options = parser.parse_args()
    pathlib.Path(options.folder).mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    print(f"{'work':30}{'rival':10}{'threads':>8}{'nital':>11}{'rival':>11}{'ratio':>8}   (seconds, medians)")
    for threads in map(int, options.threads.split(",")):
        for name, library, words, prepare in contenders(options.folder, threads):
            if options.only and not any(part in name for part in options.only.split(",")):
                continue
            try:
                importlib.import_module(library)
                with threadpool_limits(threads):
                    call, ours, theirs = prepare(), [], []
                    call()
                    for _ in range(options.rounds):
                        ours.append(min(lab.lab(options.nital, words, threads, 2)))
                        start = time.perf_counter()
                        call()
                        theirs.append(time.perf_counter() - start)
            except ImportError as error:
                print(f"{name:30}{library:10} left out: {error}")
                continue
            a, b = statistics.median(ours), statistics.median(theirs)
            print(f"{name:30}{library:10}{threads:8}{a:11.5f}{b:11.5f}{b / a:8.2f}", flush=True)


if __name__ == "__main__":
    main()
