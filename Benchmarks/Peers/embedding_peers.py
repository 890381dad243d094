#!/usr/bin/env python3
"""t-SNE and k-means of nital beside scikit-learn, openTSNE and MulticoreTSNE: same points, same settings.

    python embedding_peers.py prepare [--neu IMAGES]     points, and P of all pairs, once
    python embedding_peers.py run SET [--rivals sklearn,opentsne,opentsne-fft,multicore]
                                      [--ours auto,barnes-hut,fft] [--rounds 3] [--threads 2]
    python embedding_peers.py seeds SET [--seeds 0,1,2]  ours once a seed and thread count: bytes, KL
    python embedding_peers.py table [SET]                seconds, ratios and KL of every run so far
    python embedding_peers.py kmeans [SET] [--rounds 3]  500 starts, 7 clusters, whitened

SET is mixN, N points of a seeded Gaussian mixture in 50 dimensions (mix1800, mix10000, mix65000), or neu1800
(50 principal components of the log scattering of the NEU images in folder IMAGES). `prepare SET` makes one
set. Needs numpy, scipy, scikit-learn, openTSNE, MulticoreTSNE, threadpoolctl, and scikit-image for --neu; a
missing library is named and left out.

t-SNE, all programs: perplexity 30, 1,000 steps, exaggeration 12 in the first 250, theta 0.5, a PCA start
whose first coordinate has standard deviation 1e-4, and steps of n / 12 along a quarter of the gradient
(scikit-learn's rate for that step is n / 48), momentum 0.5 then 0.8. Seconds are those of the fit alone; in
a round every program runs once, in a process of its own, and ratios are taken between programs of one call
of `run`. Processor seconds (user and system, of all threads) stand beside them: on a busy machine read those.
The divergence is that of all pairs, by `divergence` below for every program; above DENSE points P has the 90
nearest neighbours of each point, found by brute force, and the normaliser still has all pairs.
"""
import argparse
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

import lab

lab.clean_environment()
import numpy as np  # noqa: E402  (after the environment is clean)

PERPLEXITY, STEPS, EXAGGERATION, EARLY, THETA = 30, 1000, 12, 250, 0.5
RIVALS = ["sklearn", "opentsne", "multicore"]
ALL_RIVALS = RIVALS + ["opentsne-fft"]
DENSE = 12_000


def mixture(n):
    """n points in 50 dimensions: 10 Gaussian groups of unequal sizes, spreads and directions, seed 5."""
    generator = np.random.default_rng(5)
    shares = generator.dirichlet(np.full(10, 4.0))
    sizes = np.diff(np.floor(np.r_[0, np.cumsum(shares)] * n + 1e-9).astype(int))
    sizes[-1] += n - sizes.sum()
    groups = []
    for size in sizes:
        spread = generator.gamma(2.0, 0.5, 50)
        turn = np.linalg.qr(generator.standard_normal((50, 50)))[0]
        groups.append(generator.normal(0, 1.6, 50) + (generator.standard_normal((size, 50)) * spread) @ turn)
    return generator.permutation(np.concatenate(groups)).astype(np.float32)


def scattering(images, folder, nital):
    """The 50 first principal components of the log scattering of equalised images."""
    from skimage import exposure, io

    files = sorted(pathlib.Path(images).iterdir())
    stack = np.stack([exposure.equalize_adapthist(io.imread(f, as_gray=True)) for f in files])
    np.save(folder / "stack.npy", stack.astype(np.float32))
    lab.lab(nital, ["scattering", folder / "stack.npy", "-o", folder / "rows.npy"], 2)
    rows = np.load(folder / "rows.npy").astype(np.float64)
    rows = np.log(rows + 0.1 * np.median(rows, axis=0))
    rows -= rows.mean(axis=0)
    u, s, _ = np.linalg.svd(rows, full_matrices=False)
    return (u[:, :50] * s[:50]).astype(np.float32)


def similarities(x):
    """p of all pairs, symmetric, sum 1: the entropy of each row is log2 of the perplexity, in Double."""
    x = x.astype(np.float64)
    n = len(x)
    p = np.empty((n, n))
    squares = (x * x).sum(axis=1)
    for first in range(0, n, 500):
        rows = slice(first, min(first + 500, n))
        d = np.maximum(squares[rows, None] + squares[None] - 2 * x[rows] @ x.T, 0)
        own = np.arange(rows.start, rows.stop)
        d[own - first, own] = np.inf
        d -= d.min(axis=1, keepdims=True)
        low, high = np.zeros(len(d)), np.full(len(d), np.inf)
        beta = 1 / np.sort(d, axis=1)[:, PERPLEXITY]
        for _ in range(60):
            w = np.exp(-d * beta[:, None])
            total = w.sum(axis=1)
            energy = np.where(np.isfinite(d), d, 0)
            entropy = np.log(total) + beta * (energy * w).sum(axis=1) / total
            narrow = entropy > np.log(PERPLEXITY)
            low, high = np.where(narrow, beta, low), np.where(narrow, high, beta)
            if np.abs(entropy - np.log(PERPLEXITY)).max() < 1e-10:
                break
            beta = np.where(np.isinf(high), 2 * beta, (low + high) / 2)
        p[rows] = w / total[:, None]
    return (p + p.T) / (2 * n)


def nearest_similarities(x):
    """p of each point's 3 perplexity nearest neighbours, symmetric, sum 1, as a sparse matrix."""
    from scipy.sparse import csr_matrix
    from sklearn.neighbors import NearestNeighbors

    n, k = len(x), 3 * PERPLEXITY
    near = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x.astype(np.float64))
    distances, neighbours = near.kneighbors()
    d = distances**2 - distances[:, :1] ** 2
    low, high, beta = np.zeros(n), np.full(n, np.inf), 1 / d[:, PERPLEXITY]
    for _ in range(80):
        w = np.exp(-d * beta[:, None])
        total = w.sum(axis=1)
        entropy = np.log(total) + beta * (d * w).sum(axis=1) / total
        narrow = entropy > np.log(PERPLEXITY)
        low, high = np.where(narrow, beta, low), np.where(narrow, high, beta)
        beta = np.where(np.isinf(high), 2 * beta, (low + high) / 2)
    p = csr_matrix(((w / total[:, None]).ravel(), neighbours.ravel(), np.arange(n + 1) * k), shape=(n, n))
    return (p + p.T) / (2 * n)


def load_similarities(folder, name):
    """P of a set: all pairs, or a sparse matrix."""
    sparse = folder / f"{name}-p.npz"
    if sparse.exists():
        from scipy.sparse import load_npz

        return load_npz(sparse)
    return np.load(folder / f"{name}-p.npy", mmap_mode="r")


def sparse_divergence(p, y):
    """The same of a sparse P: the normaliser has all pairs."""
    squares, normaliser = (y * y).sum(axis=1), -float(len(y))
    for first in range(0, len(y), 1000):
        d = y[first:first + 1000] @ y.T
        d *= -2
        d += squares
        d += squares[first:first + 1000, None] + 1
        np.reciprocal(d, out=d)
        normaliser += d.sum()
    p = p.tocoo()
    d = ((y[p.row] - y[p.col]) ** 2).sum(axis=1)
    return float((p.data * (np.log(p.data) + np.log1p(d))).sum() + np.log(normaliser))


def divergence(p, y):
    """The Kullback-Leibler divergence of a map from p over all pairs, in nats."""
    y = y.astype(np.float64)
    if not isinstance(p, np.ndarray):
        return sparse_divergence(p, y)
    total, cross = 0.0, 0.0
    for first in range(0, len(y), 500):
        d = ((y[first:first + 500, None] - y[None]) ** 2).sum(axis=2)
        total += (1 / (1 + d)).sum() - len(d)
        part = p[first:first + 500]
        cross += (part * np.log1p(d)).sum() + (part[part > 0] * np.log(part[part > 0])).sum()
    return cross + np.log(total)


def starting_map(x):
    """The two first principal components, the first of standard deviation 1e-4."""
    x = x.astype(np.float64) - x.mean(axis=0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    y = u[:, :2] * s[:2]
    return np.ascontiguousarray(1e-4 * y / y[:, 0].std())


def rival(name, points, result, threads, seed):
    """Runs a rival in this process, writes its map, prints its seconds."""
    from threadpoolctl import threadpool_limits

    x = np.load(points).astype(np.float64)
    start, n = starting_map(x), len(x)
    warnings.simplefilter("ignore")
    if name == "sklearn":
        from sklearn.manifold import TSNE

        call = TSNE(perplexity=PERPLEXITY, early_exaggeration=EXAGGERATION, learning_rate=n / EXAGGERATION / 4,
                    max_iter=STEPS, n_iter_without_progress=STEPS, min_grad_norm=0, init=start.astype(np.float32),
                    angle=THETA, n_jobs=threads, random_state=seed).fit_transform
    elif name.startswith("opentsne"):
        import openTSNE

        call = openTSNE.TSNE(perplexity=PERPLEXITY, early_exaggeration=EXAGGERATION, learning_rate=n / EXAGGERATION,
                             early_exaggeration_iter=EARLY, n_iter=STEPS - EARLY, theta=THETA, initialization=start,
                             initial_momentum=0.5, final_momentum=0.8, n_jobs=threads,
                             negative_gradient_method="fft" if name.endswith("fft") else "bh",
                             random_state=seed).fit
    else:
        from MulticoreTSNE import MulticoreTSNE

        call = MulticoreTSNE(perplexity=PERPLEXITY, early_exaggeration=EXAGGERATION, learning_rate=n / EXAGGERATION,
                             n_iter=STEPS, n_iter_early_exag=EARLY, init=start, angle=THETA, n_jobs=threads,
                             random_state=seed).fit_transform
    with threadpool_limits(threads):
        began, spent = time.perf_counter(), time.process_time()
        y = call(x)
        seconds = [time.perf_counter() - began, time.process_time() - spent]
    np.save(result, np.asarray(y))
    print(json.dumps(seconds))


def ours(options, points, result, method, threads, seed):
    """Seconds of nital and its processor seconds (with reading and writing); the map goes to `result`."""
    archive, before = result.with_suffix(".npz"), os.times()
    seconds = lab.lab(options.nital, ["tsne", points, "--method", method, "--perplexity", PERPLEXITY, "--iterations",
                                      STEPS, "--exaggeration", EXAGGERATION, "--exaggeration-iterations", EARLY,
                                      "--theta", THETA, "--init", "pca", "--seed", seed, "-o", archive], threads)
    after = os.times()
    np.save(result, np.load(archive)["embedding"])
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return [seconds[0], spent]


def run(options):
    """Every contender once a round; seconds and maps are kept for `table`."""
    points, log = options.folder / f"{options.set}.npy", options.folder / "runs.json"
    runs = json.loads(log.read_text()) if log.exists() else []
    call = 1 + max((r["call"] for r in runs), default=0)
    for number in range(options.rounds):
        for name in options.ours.split(",") + [r for r in options.rivals.split(",") if r]:
            result = options.folder / f"{options.set}-{name}-{call}-{number}.npy"
            if name not in ALL_RIVALS:
                seconds = ours(options, points, result, name, options.threads, number)
            else:
                words = [sys.executable, __file__, "rival", options.set, "--rival", name, "--result", str(result),
                         "--threads", str(options.threads), "--seed", str(number), "--folder", str(options.folder)]
                done = subprocess.run(words, capture_output=True, text=True)
                if done.returncode:
                    print(f"{name} left out: {done.stderr.strip().splitlines()[-1]}")
                    continue
                seconds = json.loads(done.stdout.strip().splitlines()[-1])
            runs.append({"call": call, "set": options.set, "name": name, "seconds": seconds[0], "cpu": seconds[1],
                         "map": result.name, "threads": options.threads})
            log.write_text(json.dumps(runs))
            print(f"{options.set} threads {options.threads} {name:12} {seconds[0]:8.3f} s, processor {seconds[1]:8.3f} s",
                  flush=True)


def table(options):
    """The mean divergence of each program, and the ratios of ours to the rivals within each call."""
    runs = json.loads((options.folder / "runs.json").read_text())
    for name_of_set in sorted({r["set"] for r in runs}):
        if options.set and options.set != name_of_set:
            continue
        p, own = load_similarities(options.folder, name_of_set), [r for r in runs if r["set"] == name_of_set]
        for r in own:
            if "kl" not in r:
                r["kl"] = float(divergence(p, np.load(options.folder / r["map"])))
        (options.folder / "runs.json").write_text(json.dumps(runs))
        means = {n: statistics.mean(r["kl"] for r in own if r["name"] == n) for n in {r["name"] for r in own}}
        lowest = min((kl for n, kl in means.items() if n in ALL_RIVALS), default=float("nan"))
        for name, mean in sorted(means.items()):
            found = [r["kl"] for r in own if r["name"] == name]
            print(f"{name_of_set:10}{name:13}runs {len(found):2}  KL mean {mean:.4f} ({min(found):.4f} to "
                  f"{max(found):.4f})  over the lowest of the rivals {mean / lowest:.4f}")
        for call in sorted({r["call"] for r in own}):
            ratios([r for r in own if r["call"] == call], name_of_set)


def ratios(runs, name_of_set):
    """Ours over each rival's, of one call: medians of the time that passed and of processor time."""
    median = lambda name, key: statistics.median(r[key] for r in runs if r["name"] == name)
    present = {r["name"] for r in runs}
    for mine in sorted(present - set(ALL_RIVALS)):
        for other in sorted(present & set(ALL_RIVALS)):
            wall, cpu = [(median(mine, key), median(other, key)) for key in ("seconds", "cpu")]
            print(f"{name_of_set:10}call {runs[0]['call']}, threads {runs[0]['threads']}: {mine} / {other} = "
                  f"{wall[0]:.2f} / {wall[1]:.2f} s = {wall[0] / wall[1]:.3f}, processor {cpu[0]:.2f} / {cpu[1]:.2f} s "
                  f"= {cpu[0] / cpu[1]:.3f}")


def seeds(options):
    """The divergence of each seed, and whether the bytes are those of every thread count."""
    points = options.folder / f"{options.set}.npy"
    p = load_similarities(options.folder, options.set)
    for method in options.ours.split(","):
        for seed in map(int, options.seeds.split(",")):
            hashes = []
            for threads in (1, 2, 3):
                result = options.folder / "seed.npy"
                ours(options, points, result, method, threads, seed)
                hashes.append(hashlib.sha256(result.read_bytes()).hexdigest()[:12])
            print(f"{options.set} {method} seed {seed}: KL {divergence(p, np.load(result)):.4f}, map of 1, 2, 3 threads "
                  f"{' '.join(hashes)}{'' if len(set(hashes)) == 1 else '  THEY DIFFER'}", flush=True)


def kmeans(options):
    """500 starts, 7 clusters, on whitened components, in turn with scikit-learn's Lloyd and Elkan."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    x = np.load(options.folder / f"{options.set}.npy").astype(np.float64)
    u, _, _ = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    x = (u * np.sqrt(len(x) - 1)).astype(np.float32)
    points, result = options.folder / "whitened.npy", options.folder / "kmeans.npz"
    np.save(points, x)
    seconds, inertia = {}, {}
    for number in range(options.rounds):
        spent = lab.lab(options.nital, ["kmeans", points, "--clusters", 7, "--starts", 500, "--seed", number, "-o",
                                        result], options.threads)[0]
        seconds.setdefault("nital", []).append(spent)
        inertia.setdefault("nital", []).append(float(np.load(result)["inertia"]))
        for algorithm in ("lloyd", "elkan"):
            with threadpool_limits(options.threads):
                began = time.perf_counter()
                fit = KMeans(7, n_init=500, random_state=number, algorithm=algorithm).fit(x)
                seconds.setdefault(algorithm, []).append(time.perf_counter() - began)
            inertia.setdefault(algorithm, []).append(fit.inertia_)
    for name, spent in seconds.items():
        print(f"kmeans {options.set} threads {options.threads} {name:6} median {statistics.median(spent):.4f} s, nital / "
              f"this {statistics.median(seconds['nital']) / statistics.median(spent):.3f}, inertia "
              + " ".join(f"{value:.4f}" for value in inertia[name]))


def prepare(options):
    """Points and similarities of each set."""
    names = [options.set] if options.set else ["mix1800", "mix10000"] + (["neu1800"] if options.neu else [])
    for name in names:
        points, p = options.folder / f"{name}.npy", options.folder / f"{name}-p.npy"
        if not points.exists():
            np.save(points, scattering(options.neu, options.folder, options.nital) if name == "neu1800"
                    else mixture(int(name.removeprefix("mix"))))
        x = np.load(points)
        if len(x) > DENSE and not p.with_suffix(".npz").exists():
            from scipy.sparse import save_npz

            save_npz(p.with_suffix(".npz"), nearest_similarities(x))
        elif len(x) <= DENSE and not p.exists():
            np.save(p, similarities(x))
        print(f"{name}: {x.shape}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["prepare", "run", "seeds", "table", "kmeans", "rival"])
    parser.add_argument("set", nargs="?")
    parser.add_argument("--neu")
    parser.add_argument("--rivals", default=",".join(RIVALS))
    parser.add_argument("--ours", default="auto,barnes-hut")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/nital-embedding"))
    parser.add_argument("--rival", help=argparse.SUPPRESS)
    parser.add_argument("--result", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    if options.what == "rival":
        return rival(options.rival, options.folder / f"{options.set}.npy", options.result, options.threads, options.seed)
    if options.what == "kmeans" and not options.set:
        options.set = "mix1800"
    globals()[options.what](options)


if __name__ == "__main__":
    main()
