"""Holds `nital lab` against Python's PCA and nearest neighbours, and singular values against the truth.

    python estimators.py NITAL --work DIR [--rounds 5] [--threads 1,2] [--only pca,graded,knn]

Needs NumPy, SciPy, scikit-learn and threadpoolctl, and mpmath for graded. Data come from seeded
generators. Seconds are medians of `--rounds` rounds, both sides with the same number of threads.
graded asks for every singular value of B D, where B has a condition of at most 100 and D grades the
columns from 1 to 1e-12: nital must be within 50 n eps of each, or the script ends with status 1;
dgesdd's error stands beside it. Seconds of the SVD: nital-benchmarks --parts svd. t-SNE and k-means:
embedding_peers.py.
"""
import argparse
import pathlib
import statistics
import sys
import time

import lab

lab.clean_environment()
import numpy as np  # noqa: E402  (after the environment is clean)
from threadpoolctl import threadpool_limits  # noqa: E402


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


class Bench:
    def __init__(self, nital, work, rounds, threads):
        self.nital, self.work, self.rounds, self.threads = nital, pathlib.Path(work), rounds, threads
        self.work.mkdir(parents=True, exist_ok=True)

    def ours(self, verb, array, *options, threads=1):
        """The seconds of the second of two runs of `nital lab`, and its arrays."""
        source, target = self.work / "in.npy", self.work / "out.npz"
        np.save(source, array)
        seconds = lab.lab(self.nital, [verb, source, "-o", target, "-q", *options], threads, 2)
        return seconds[-1], dict(np.load(target))

    def compare(self, title, programs, judge):
        """Runs all programs in turn, on each number of threads; prints median seconds, ratios and the judgement."""
        for threads in self.threads:
            seconds, results = {name: [] for name in programs}, {}
            for _ in range(self.rounds):
                for name, run in programs.items():
                    with threadpool_limits(threads):
                        taken, results[name] = run(threads)
                    seconds[name].append(taken)
            ours = statistics.median(next(iter(seconds.values())))
            print(f"{title}, {threads} thread(s)")
            for name in programs:
                median = statistics.median(seconds[name])
                print(f"  {name:28s} {median:9.4f} s  ours/this {ours / median:6.3f}  {judge(results[name])}", flush=True)


def timed(body):
    """Seconds of the second of two calls, as for ours."""
    body()
    began = time.perf_counter()
    result = body()
    return time.perf_counter() - began, result


def pca(bench):
    from sklearn.decomposition import PCA
    X = features()
    centred = X - X.mean(0)

    def nital(threads):
        taken, arrays = bench.ours("pca", X, "--components", 50, "--solver", "randomized", threads=threads)
        return taken, arrays["components"]

    def sklearn(threads):
        return timed(lambda: PCA(50, svd_solver="randomized", random_state=0).fit(X).components_)

    best = np.sum(np.linalg.eigvalsh((centred @ centred.T).astype(float))[-50:])
    bench.compare(
        "PCA 1800 x 4096 -> 50, float32",
        {"nital": nital, "scikit-learn randomized": sklearn},
        lambda C: f"captured of the best {np.sum((centred @ C.T.astype(np.float32)) ** 2) / best:.6f}")


def graded(bench):
    """Relative errors of every singular value of B D, in n eps, against mpmath with 60 digits."""
    import mpmath
    from scipy.linalg import lapack
    mpmath.mp.dps, eps, isGood = 60, np.finfo(float).eps, True
    print("A = B D, condition of B 100, D from 1 to 1e-12: greatest relative error of a singular value, in n eps")
    for n in (40, 50, 60):
        r = np.random.default_rng(n)
        U, V = (np.linalg.qr(r.normal(size=(n, n)))[0] for _ in range(2))
        A = (U * np.logspace(0, -2, n)) @ V.T * r.permutation(np.logspace(0, -12, n))
        truth = np.array(sorted(mpmath.svd_r(mpmath.matrix(A.tolist()), compute_uv=False), reverse=True))
        S = {"nital": bench.ours("svd", A)[1]["S"], "dgesdd": lapack.dgesdd(A)[1]}
        error = {name: float(max(abs(x - t) / t for x, t in zip(s, truth))) / (n * eps) for name, s in S.items()}
        print(f"  n {n}, values {float(truth[0]):.2g} to {float(truth[-1]):.2g}: nital {error['nital']:.3f} (limit 50), "
              f"dgesdd {error['dgesdd']:.3g}, that is {error['dgesdd'] * n * eps:.1g} of the value")
        isGood = isGood and error["nital"] <= 50
    if not isGood:
        sys.exit("a singular value is too far from the truth")


def knn(bench):
    from sklearn.neighbors import NearestNeighbors
    X = mixture(10000, seed=1)

    def nital(search, threads):
        taken, arrays = bench.ours("knn", X, "--neighbours", 90, "--search", search, threads=threads)
        return taken, arrays["distances"].sum()

    def sklearn(threads):
        near = NearestNeighbors(n_neighbors=90, algorithm="brute", n_jobs=threads)
        return timed(lambda: near.fit(X).kneighbors()[0].sum())

    bench.compare(
        "90 neighbours of 10000 x 50",
        {"nital pairs": lambda threads: nital("pairs", threads), "nital tree": lambda threads: nital("tree", threads),
         "scikit-learn brute": sklearn},
        lambda total: f"sum of distances {total:.6f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nital")
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--only", default="pca,graded,knn")
    options = parser.parse_args()
    bench = Bench(options.nital, options.work, options.rounds, [int(t) for t in options.threads.split(",")])
    jobs = {"pca": pca, "graded": graded, "knn": knn}
    for name in options.only.split(","):
        jobs[name](bench)


if __name__ == "__main__":
    main()
