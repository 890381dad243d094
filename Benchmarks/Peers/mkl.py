#!/usr/bin/env python3
"""Matrix products of nital beside PyTorch's MKL: the same square matrices, in turn.

    python Peers/mkl.py [--nital ../.build/release/nital] [--sizes 512,1024,2048,4096] [--threads 1,2]
                        [--types float32,float64] [--rounds 5] [--folder /tmp/nital-mkl]

Needs torch and numpy. Each round times torch.mm in this process and `nital lab matmul`, which times itself
(start-up, reading and writing left out); both make a new result each time, and the first products of a
round are not counted. Medians over all rounds and their ratio are printed (above 1: nital is faster), and
the code path that MKL says it takes. Ends with 1 where the results differ by more than 4 eps sqrt(n) max|C|.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

import lab

lab.clean_environment()
import numpy as np  # noqa: E402  (after the environment is clean)
import torch  # noqa: E402


def code_path():
    """What MKL prints about itself; no line where PyTorch has another library."""
    script = "import torch; a = torch.rand(64, 64); torch.mm(a, a)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                         env=dict(os.environ, MKL_VERBOSE="1"))
    lines = [line for line in (run.stdout + run.stderr).splitlines() if "MKL_VERBOSE" in line]
    return lines[0].removeprefix("MKL_VERBOSE ") if lines else "no MKL in this PyTorch"


def seconds_of_torch(a, b, count):
    torch.mm(a, b)
    times = []
    for _ in range(count):
        began = time.perf_counter()
        torch.mm(a, b)
        times.append(time.perf_counter() - began)
    return times


def compare(options, n, kind, threads):
    """Times both sides in turn; True where the results agree."""
    paths = []
    for name in "ab":
        path = options.folder / f"{name}-{n}-{kind}.npy"
        if not path.exists():
            np.save(path, np.random.default_rng(ord(name)).uniform(-1, 1, (n, n)).astype(kind))
        paths.append(path)
    a, b = (torch.from_numpy(np.load(path)) for path in paths)
    torch.set_num_threads(threads)
    result, count = options.folder / "c.npy", max(1, round(1.5e10 / n**3))
    ours, theirs = [], []
    for _ in range(options.rounds):
        theirs += seconds_of_torch(a, b, count)
        time.sleep(0.3)  # idle threads of PyTorch fall asleep
        ours += lab.lab(options.nital, ["matmul", *paths, "-o", result], threads, count + 1)[1:]
    c, d = np.load(result), torch.mm(a, b).numpy()
    apart = float(np.abs(c - d).max() / (np.finfo(kind).eps * n**0.5 * np.abs(d).max()))
    mine, other = statistics.median(ours), statistics.median(theirs)
    speed = lambda t: 2e-9 * n**3 / t
    print(f"{kind} {n:5} threads {threads}  nital {speed(mine):6.1f} ({speed(max(ours)):.1f} to {speed(min(ours)):.1f})  "
          f"MKL {speed(other):6.1f} ({speed(max(theirs)):.1f} to {speed(min(theirs)):.1f}) GF/s  ratio {other / mine:.3f}"
          f", of best {min(theirs) / min(ours):.3f}", flush=True)
    return apart <= 4


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    parser.add_argument("--sizes", default="512,1024,2048,4096")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--types", default="float32,float64")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/nital-mkl"))
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    print(f"PyTorch {torch.__version__}: {code_path()}")
    agree = True
    for kind in options.types.split(","):
        for n in map(int, options.sizes.split(",")):
            for threads in map(int, options.threads.split(",")):
                agree = compare(options, n, kind, threads) and agree
    if not agree:
        sys.exit("the results differ")


if __name__ == "__main__":
    main()
