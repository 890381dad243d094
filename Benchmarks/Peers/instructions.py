#!/usr/bin/env python3
"""Instruction counts of fixed `nital lab` commands, which a noisy machine does not change.

    python Peers/instructions.py [--nital ../.build/release/nital] [--store] [--limit 0.02] [--only clahe]

Needs numpy, valgrind and strip. Counts with callgrind, one thread, at NITAL_ISA=avx2 (valgrind has no AVX-512). The
count of the work is that of 2 repetitions less that of 1, so that start-up, reading and writing cancel; Swift's
hashing is told not to be random. --store writes instructions.json; otherwise the counts are compared with it,
and the script ends with 1 where one has grown by more than the limit (2 %: the same program counts the same to
0.01 %, the least change of a compiler to some more).
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import lab

COMMANDS = {"matmul": 256, "direct": 28, "winograd": 28, "svd": 48, "pca": 256, "kmeans": 200, "knn": 500,
            "tsne-exact": 120, "tsne-barnes-hut": 120, "clahe": 256, "resize": 512, "scattering": 64,
            "slic": 128}
STORE = pathlib.Path(__file__).with_name("instructions.json")


def count(binary, words, repeat):
    environment = dict(os.environ, NITAL_ISA="avx2", SWIFT_DETERMINISTIC_HASHING="1")
    with tempfile.NamedTemporaryFile() as profile:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile.name}", str(binary), "lab",
                   *map(str, words), "-j", "1", "--repeat", str(repeat)]
        result = subprocess.run(command, capture_output=True, text=True, env=environment)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not found:
        raise SystemExit(f"{' '.join(command)}\n{result.stderr[-2000:]}")
    return int(found.group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--limit", type=float, default=0.02)
    parser.add_argument("--only", default=",".join(COMMANDS))
    options = parser.parse_args()
    lab.clean_environment()
    stored = json.loads(STORE.read_text()) if STORE.exists() else {}
    grown, counts = [], dict(stored)
    with tempfile.TemporaryDirectory() as folder:
        # Valgrind cannot read the debugging information of Swift programs.
        binary = pathlib.Path(folder) / "nital"
        subprocess.run(["strip", "-o", str(binary), str(options.nital)], check=True)
        for name in options.only.split(","):
            words = lab.command(folder, name, COMMANDS[name])
            counts[name] = count(binary, words, 2) - count(binary, words, 1)
            change = counts[name] / stored[name] - 1 if name in stored else 0
            print(f"{name:11}{counts[name]:15,}  " + (f"{100 * change:+.2f} %" if name in stored else "new"), flush=True)
            if options.store:
                STORE.write_text(json.dumps(counts, indent=1) + "\n")
            elif change > options.limit:
                grown.append(name)
    if grown:
        sys.exit(f"more instructions than {STORE.name} allows: {', '.join(grown)}")


if __name__ == "__main__":
    main()
