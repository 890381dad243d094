#!/usr/bin/env python3
"""Singular values of small matrices to 60 digits (mpmath), for SVDTruthTests.

Each file: "m n", the matrix row by row (numbers that Double, or Float in *-f32, holds exactly), then
min(m, n) singular values of exactly that matrix, falling. Made with mpmath 1.4.1 and NumPy 2.4.6.
Run: python3 generate_svd.py
"""
import pathlib

import mpmath
import numpy as np

mpmath.mp.dps = 60
here = pathlib.Path(__file__).parent / "svd"


def kahan(n, theta=1.2):
    s, c = np.sin(theta), np.cos(theta)
    R = np.triu(np.full((n, n), -c), 1) + np.eye(n)
    return (s ** np.arange(n))[:, None] * R


def graded(n, rng, rising=False):
    """B D: cond(B) <= 100, D from 1e-12 to 1, rising or in random order."""
    Q1, _ = np.linalg.qr(rng.standard_normal((n, n)))
    Q2, _ = np.linalg.qr(rng.standard_normal((n, n)))
    B = Q1 @ np.diag(np.geomspace(1, 0.01, n)) @ Q2
    D = np.geomspace(1e-12, 1, n)
    return B * (D if rising else rng.permutation(D))


def matrices(rng):
    yield "hilbert12", np.array([[1 / (i + j + 1) for j in range(12)] for i in range(12)])
    yield "kahan30", kahan(30)
    yield "graded30", graded(30, rng)
    yield "graded40x20", graded(40, rng)[:, :20]
    # Small integers: products are exact, so that the rank is exactly 5.
    yield "rank5", (rng.integers(-4, 5, (16, 5)) @ rng.integers(-4, 5, (5, 16))).astype(float)
    U, _ = np.linalg.qr(rng.standard_normal((20, 20)))
    V, _ = np.linalg.qr(rng.standard_normal((20, 20)))
    yield "rising30", graded(30, rng, rising=True)
    yield "geometric20", U @ np.diag(np.geomspace(1, np.finfo(float).eps, 20)) @ V


def main():
    here.mkdir(exist_ok=True)
    for name, A in matrices(np.random.default_rng(20110217)):
        for suffix, dtype in (("f64", np.float64), ("f32", np.float32)):
            X = A.astype(dtype).astype(np.float64)
            S = mpmath.svd_r(mpmath.matrix(X.tolist()), compute_uv=False)
            values = sorted((S[i] for i in range(len(S))), reverse=True)
            lines = [f"{X.shape[0]} {X.shape[1]}"]
            lines += [" ".join(repr(float(x)) for x in row) for row in X]
            # Below 10^-40 of the largest, 60 digits hold noise alone: the value is 0.
            lines += [mpmath.nstr(v, 20) if v > values[0] * mpmath.mpf(10) ** -40 else "0.0" for v in values]
            (here / f"{name}-{suffix}.txt").write_text("\n".join(lines) + "\n")


main()
