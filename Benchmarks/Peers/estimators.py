"""Holds `nital lab` against Python's PCA, SVD, nearest neighbours and t-SNE of 65,000 points, in turn.

    python estimators.py NITAL --work DIR [--rounds 5] [--only tsne65000,pca,svd,knn]

Needs NumPy, SciPy and scikit-learn, and openTSNE for tsne65000, which takes many minutes a round and
is run only when it is named. Smaller t-SNE and k-means: embedding_peers.py. Data come from seeded
generators. The maps are judged by one exact Kullback-Leibler divergence; both programs use the grid
(FFT) gradient, perplexity 30, 1,000 iterations, exaggeration 12 for 250, learning rate n/12 and a PCA
start. Seconds are medians of `--rounds` rounds.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import time

import numpy as np


def mixture(n, d=50, groups=10, seed=0):
    """n points of a mixture of Gaussians whose spread falls over the features, as after PCA."""
    r = np.random.default_rng(seed)
    scale = 1 / np.sqrt(1 + np.arange(d))
    centres = 2 * r.normal(size=(groups, d))
    return (centres[r.integers(0, groups, n)] + r.normal(size=(n, d))) * scale


def features(n=1800, d=4096, seed=3):
    """Features of a falling spectrum with noise and an offset, float32."""
    r = np.random.default_rng(seed)
    X = (r.normal(size=(n, 300)) / np.arange(1, 301) ** 0.8) @ r.normal(size=(300, d)) * 3
    return (X + 0.3 * r.normal(size=(n, d)) + 2 * r.normal(size=d)).astype(np.float32)


def similarities(X, perplexity=30):
    from sklearn.manifold import _t_sne
    from sklearn.neighbors import NearestNeighbors
    near = NearestNeighbors(n_neighbors=int(3 * perplexity), algorithm="brute").fit(X)
    graph = near.kneighbors_graph(mode="distance")
    graph.data **= 2
    return _t_sne._joint_probabilities_nn(graph, perplexity, 0).tocoo()


def divergence(P, Y):
    """The exact divergence: all pairs in the normaliser."""
    Z = -float(len(Y))
    for a in range(0, len(Y), 500):
        d = Y[a : a + 500, None] - Y[None]
        Z += (1 / (1 + (d * d).sum(2))).sum()
    square = ((Y[P.row] - Y[P.col]) ** 2).sum(1)
    return float((P.data * (np.log(P.data) + np.log1p(square) + np.log(Z))).sum())


class Bench:
    def __init__(self, nital, work, rounds):
        self.nital, self.work, self.rounds = nital, pathlib.Path(work), rounds
        self.work.mkdir(parents=True, exist_ok=True)

    def ours(self, verb, array, *options):
        """The seconds of one run of `nital lab`, and its arrays."""
        source, target = self.work / "in.npy", self.work / "out.npz"
        np.save(source, array)
        command = [self.nital, "lab", verb, source, "-o", target, "--repeat", "1", "-q", *options]
        run = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
        return json.loads(run.stdout)[0], dict(np.load(target))

    def compare(self, title, programs, judge):
        """Runs all programs in turn; prints median seconds, ratios to ours and the judgement."""
        seconds, results = {name: [] for name in programs}, {}
        for _ in range(self.rounds):
            for name, run in programs.items():
                taken, results[name] = run()
                seconds[name].append(taken)
        ours = statistics.median(next(iter(seconds.values())))
        print(title)
        for name in programs:
            median = statistics.median(seconds[name])
            print(f"  {name:28s} {median:9.3f} s  ours/this {ours / median:6.2f}  {judge(results[name])}")


def timed(body):
    began = time.perf_counter()
    result = body()
    return time.perf_counter() - began, result


def tsne(bench, n=65000):
    import openTSNE
    X = mixture(n, seed=n)
    P = similarities(X)

    def nital():
        taken, arrays = bench.ours("tsne", X, "--method", "fft")
        return taken, arrays["embedding"]

    def open_tsne():
        map = openTSNE.TSNE(perplexity=30, n_iter=750, early_exaggeration_iter=250,
                            early_exaggeration=12, learning_rate=n / 12, initialization="pca",
                            negative_gradient_method="fft", n_jobs=2, random_state=0)
        return timed(lambda: np.asarray(map.fit(X), float))

    bench.compare(
        f"t-SNE {n} x 50", {"nital fft": nital, "openTSNE fft": open_tsne},
        lambda Y: f"exact KL {divergence(P, Y):.4f}")


def pca(bench):
    from sklearn.decomposition import PCA
    X = features()
    centred = X - X.mean(0)

    def nital():
        taken, arrays = bench.ours("pca", X, "--components", "50", "--solver", "randomized")
        return taken, arrays["components"]

    def sklearn(solver):
        return timed(lambda: PCA(50, svd_solver=solver, random_state=0).fit(X).components_)

    best = np.sum(np.linalg.eigvalsh((centred @ centred.T).astype(float))[-50:])
    bench.compare(
        "PCA 1800 x 4096 -> 50, float32",
        {"nital": nital, "scikit-learn randomized": lambda: sklearn("randomized")},
        lambda C: f"captured of the best {np.sum((centred @ C.T.astype(np.float32)) ** 2) / best:.6f}")


def svd(bench):
    from scipy.linalg import lapack
    A = np.random.default_rng(0).normal(size=(512, 512))
    F = np.asfortranarray(A)
    truth = np.linalg.svd(A, compute_uv=False)

    def nital():
        taken, arrays = bench.ours("svd", A)
        return taken, arrays["S"]

    bench.compare(
        "SVD 512 x 512, float64",
        {
            "nital": nital,
            "LAPACK dgejsv": lambda: timed(lambda: lapack.dgejsv(F, joba=0, jobu=0, jobv=0)[0]),
            "LAPACK dgesdd": lambda: timed(lambda: lapack.dgesdd(F)[1]),
        },
        lambda S: f"largest difference {np.max(np.abs(S - truth)) / truth[0]:.1e} of the first")


def knn(bench):
    from sklearn.neighbors import NearestNeighbors
    X = mixture(10000, seed=1)

    def nital(search):
        taken, arrays = bench.ours("knn", X, "--neighbours", "90", "--search", search)
        return taken, arrays["distances"].sum()

    def sklearn():
        near = NearestNeighbors(n_neighbors=90, algorithm="brute", n_jobs=2)
        return timed(lambda: near.fit(X).kneighbors()[0].sum())

    bench.compare(
        "90 neighbours of 10000 x 50",
        {"nital pairs": lambda: nital("pairs"), "nital tree": lambda: nital("tree"),
         "scikit-learn brute": sklearn},
        lambda total: f"sum of distances {total:.6f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nital")
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="pca,svd,knn")
    options = parser.parse_args()
    bench = Bench(options.nital, options.work, options.rounds)
    jobs = {
        "tsne65000": lambda: tsne(bench),
        "pca": lambda: pca(bench), "svd": lambda: svd(bench), "knn": lambda: knn(bench),
    }
    for name in options.only.split(","):
        jobs[name]()


if __name__ == "__main__":
    main()
