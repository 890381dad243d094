#!/usr/bin/env python3
"""Golden values of the statistics that reproductions print: scikit-learn, SciPy, NumPy.

Writes reproduction/points.txt (x y class), queries.txt (x y, votes of 15 neighbours with equal weights
and weighted by 1/distance), and statistics.txt (one line a value, see below).
Made with scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6.
"""
import pathlib

import numpy as np
from scipy.stats import binomtest
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

folder = pathlib.Path(__file__).parent / "reproduction"
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(20261125)

classes = rng.integers(0, 4, 90)
points = rng.normal(size=(90, 2)) + 1.2 * np.array([[0, 0], [2, 0], [0, 2], [2, 2]])[classes]
queries = rng.uniform(-2, 5, size=(60, 2))
votes = [
    KNeighborsClassifier(15, weights=weights).fit(points, classes).predict(queries)
    for weights in ("uniform", "distance")
]
np.savetxt(folder / "points.txt", np.column_stack([points, classes]), fmt="%.17g")
np.savetxt(folder / "queries.txt", np.column_stack([queries] + votes), fmt="%.17g")

scaled = StandardScaler(with_mean=False).fit_transform(points)
pca = PCA(whiten=True).fit(points)
lines = [
    [np.corrcoef(points[:, 0], points[:, 1])[0, 1]],
    [points[:, 0].mean(), points[:, 0].std()],
    [*scaled[7], *scaled[41]],
    [*pca.explained_variance_ratio_],
    [*np.abs(pca.transform(points)[7])],
]
for hits, count in [(45, 50), (0, 12), (12, 12), (1792, 1800)]:
    interval = binomtest(hits, count).proportion_ci(method="wilson")
    lines.append([hits, count, interval.low, interval.high])
with open(folder / "statistics.txt", "w") as out:
    for line in lines:
        out.write(" ".join(f"{value:.17g}" for value in line) + "\n")
