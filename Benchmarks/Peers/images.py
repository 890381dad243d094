#!/usr/bin/env python3
"""CLAHE and resizing of 1,800 pictures of 200 x 200 pixels: nital beside scikit-image, in turn in one run.

    python Peers/images.py [--nital ../.build/release/nital] [--threads 1,2] [--rounds 3] [--pictures DIR]

Needs numpy, scikit-image, Pillow with --pictures; OpenCV is timed where it is installed, labelled as another
definition (8 bits). 20 pictures (seeded noise with a gradient, or the first 20 of a folder), each 90 times:
CLAHE, then resizing of the result to 224 x 224. Both sides compute in memory; scikit-image has one thread.
The results are compared too: more than 2e-4 apart (a grey level of 1/256 has 4e-3) ends the run with status 1.
"""
import argparse
import pathlib
import statistics
import sys
import time

import lab

lab.clean_environment()
import numpy as np  # noqa: E402  (after the environment is clean)
from skimage import exposure, transform  # noqa: E402

TIMES = 90


def pictures(folder):
    if folder:
        from PIL import Image
        files = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix.lower() in (".bmp", ".png", ".jpg"))[:20]
        return [np.asarray(Image.open(p).convert("L"), np.float32) / 255 for p in files]
    random = np.random.default_rng(7)
    ramp = np.linspace(0, 0.5, 200, dtype=np.float32)
    return [np.clip(ramp[None] + 0.5 * random.random((200, 200), dtype=np.float32), 0, 1) for _ in range(20)]


def ours(nital, folder, images, threads):
    """Seconds of CLAHE and of resizing of all repetitions, and the last picture's result."""
    seconds = [0.0, 0.0]
    source, equal, large = folder / "in.npy", folder / "clahe.npy", folder / "large.npy"
    for image in images:
        np.save(source, image)
        seconds[0] += sum(lab.lab(nital, ["clahe", source, "-o", equal], threads, TIMES))
        words = ["resize", equal, "--height", 224, "--width", 224, "-o", large]
        seconds[1] += sum(lab.lab(nital, words, threads, TIMES))
    return seconds, np.load(large)


def scikit_image(images):
    """The same; 5 times each picture, counted as TIMES times."""
    seconds = [0.0, 0.0]
    transform.resize(exposure.equalize_adapthist(images[0]), (224, 224))  # warms up
    for image in images:
        start = time.perf_counter()
        for _ in range(5):
            equal = exposure.equalize_adapthist(image)
        middle = time.perf_counter()
        for _ in range(5):
            large = transform.resize(equal, (224, 224))
        seconds[0] += TIMES / 5 * (middle - start)
        seconds[1] += TIMES / 5 * (time.perf_counter() - middle)
    return seconds, large


def opencv(images):
    import cv2
    seconds = [0.0, 0.0]
    filter = cv2.createCLAHE(2.0, (8, 8))
    for image in images:
        grey = (255 * image).astype(np.uint8)
        start = time.perf_counter()
        for _ in range(TIMES):
            equal = filter.apply(grey)
        middle = time.perf_counter()
        for _ in range(TIMES):
            cv2.resize(equal, (224, 224))
        seconds[0] += middle - start
        seconds[1] += time.perf_counter() - middle
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nital", default=lab.ROOT / ".build/release/nital")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/nital-images"))
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    images, worst = pictures(options.pictures), 0.0
    print(f"{len(images)} pictures, {TIMES} times each; seconds of CLAHE, resizing and both, medians")
    for threads in map(int, options.threads.split(",")):
        times = {"nital": [], "scikit-image": []}
        for _ in range(options.rounds):
            taken, a = ours(options.nital, options.folder, images, threads)
            times["nital"].append(taken)
            taken, b = scikit_image(images)
            times["scikit-image"].append(taken)
            worst = max(worst, float(np.abs(a - b).max()))
            try:
                times.setdefault("OpenCV (8 bits, another definition)", []).append(opencv(images))
            except ImportError:
                times.pop("OpenCV (8 bits, another definition)", None)
        whole = {name: statistics.median(map(sum, runs)) for name, runs in times.items()}
        for name, runs in times.items():
            parts = [statistics.median(run[i] for run in runs) for i in (0, 1)]
            print(f"threads {threads}  {name:36}{parts[0]:8.3f}{parts[1]:8.3f}{whole[name]:8.3f}"
                  f"  of scikit-image's {whole[name] / whole['scikit-image']:.3f}", flush=True)
    print(f"largest difference from scikit-image {worst:.1e}")
    if worst > 2e-4:
        sys.exit("the results differ")


if __name__ == "__main__":
    main()
