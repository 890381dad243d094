"""What the scripts of this folder share: seeded arrays, one call of `nital lab`, and the fixed commands."""
import json
import os
import pathlib
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORBIDDEN = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
             "MKL_NUM_THREADS", "GOTO_NUM_THREADS", "NITAL_THREADS", "NITAL_ISA"]


def clean_environment():
    """Variables that would hold a side back are taken out; whoever needs one sets it afterwards."""
    for name in FORBIDDEN:
        os.environ.pop(name, None)


def array(folder, name, shape, kind="uniform", dtype=np.float32):
    """A seeded random array, written once as NAME.npy."""
    path = pathlib.Path(folder) / f"{name}.npy"
    if not path.exists():
        generator = np.random.default_rng(1)
        values = generator.random(shape) if kind == "uniform" else generator.standard_normal(shape)
        np.save(path, values.astype(dtype))
    return path


def lab(binary, words, threads, repeat=1):
    """Seconds of each run of `nital lab WORDS`, reading and writing left out."""
    command = [str(binary), "lab", *map(str, words), "-j", str(threads), "--repeat", str(repeat)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}\n{result.stderr}")
    return json.loads(result.stdout.strip().splitlines()[-1])


def command(folder, algorithm, n):
    """The words of `nital lab` for an algorithm at size n, its input made where it is missing."""
    out = pathlib.Path(folder) / "out.npz"
    one = pathlib.Path(folder) / "out.npy"
    square = lambda kind="normal": array(folder, f"square-{n}", (n, n), kind)
    points = lambda: array(folder, f"points-{n}", (n, 5), "normal")
    image = lambda: array(folder, f"image-{n}", (n, n))
    layer = lambda: [array(folder, f"nhwc64-{n}", (1, n, n, 64)), array(folder, "filters64", (3, 3, 64, 64), "normal")]
    # Five columns: the neighbours come from a tree, so that the forces are what takes time.
    steps = lambda method: ["tsne", points(), "--iterations", 150, "--exaggeration-iterations", 50, "--method", method,
                            "-q", "-o", out]
    table = {
        "matmul": lambda: ["matmul", square(), square(), "-o", one],
        "direct": lambda: ["convolve", *layer(), "--padding", 1, "--algorithm", "direct", "-o", one],
        "winograd": lambda: ["convolve", *layer(), "--padding", 1, "--algorithm", "winograd4", "-o", one],
        "svd": lambda: ["svd", square(), "-o", out],
        "pca": lambda: ["pca", array(folder, f"wide-{n}", (n, 512), "normal"), "--components", 20,
                        "--solver", "randomized", "-o", out],
        # Five iterations a start and a swap: how many Lloyd's algorithm needs grows with n.
        "kmeans": lambda: ["kmeans", array(folder, f"wide50-{n}", (n, 50), "normal"), "--clusters", 7, "--starts", 20,
                           "--iterations", 5, "-o", out],
        "knn": lambda: ["knn", points(), "--neighbours", 10, "-o", out],
        **{f"tsne-{method}": (lambda method=method: steps(method)) for method in ("exact", "barnes-hut", "fft")},
        "clahe": lambda: ["clahe", image(), "-o", one],
        "resize": lambda: ["resize", image(), "--height", n * 9 // 8, "--width", n * 9 // 8, "-o", one],
        "scattering": lambda: ["scattering", image(), "-o", one],
        "slic": lambda: ["slic", image(), "--superpixels", max(4, n * n // 400), "-o", one],
    }
    return table[algorithm]()
