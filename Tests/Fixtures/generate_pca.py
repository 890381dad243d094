#!/usr/bin/env python3
"""Principal components by scikit-learn, for PCATests.

Each file holds lines "name rows columns" followed by that many rows of numbers. The data are exact in
Float. Made with scikit-learn 1.9.1, svd_solver="full" in Double. Run: python3 generate_pca.py
"""
import pathlib

import numpy as np
from sklearn.decomposition import PCA

here = pathlib.Path(__file__).parent / "pca"


def write(name, X, k):
    plain = PCA(n_components=k, svd_solver="full").fit(X)
    white = PCA(n_components=k, svd_solver="full", whiten=True).fit(X)
    parts = {
        "data": X,
        "mean": plain.mean_[None],
        "components": plain.components_,
        "variance": plain.explained_variance_[None],
        "ratio": plain.explained_variance_ratio_[None],
        "singular": plain.singular_values_[None],
        "noise": np.array([[plain.noise_variance_]]),
        "scores": plain.transform(X),
        "whitened": white.transform(X),
    }
    lines = []
    for part, array in parts.items():
        lines.append(f"{part} {array.shape[0]} {array.shape[1]}")
        lines += [" ".join(f"{x:.12g}" for x in row) for row in array]
    (here / f"{name}.txt").write_text("\n".join(lines) + "\n")


def main():
    here.mkdir(exist_ok=True)
    rng = np.random.default_rng(1901)
    for name, n, d, k in (("tall", 40, 12, 5), ("wide", 15, 30, 6)):
        X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 3 * rng.standard_normal(d)
        # Few digits, so that the text is short and Float holds the data exactly.
        write(name, np.round(X * 64) / 64, k)


main()
