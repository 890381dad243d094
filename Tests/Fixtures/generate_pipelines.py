"""Golden values of Tests/PipelinesTests/LegacyPreparationTests.swift.

Usage: python generate_pipelines.py OUTPUT-FOLDER   (numpy 2, Pillow 11 or later)
scipy.misc.imresize is gone since SciPy 1.3; `imresize` below restates what SciPy 1.2 did with an
array of floats: bytescale of the whole array, then Pillow's bilinear filter.
A case is three lines: rows, columns and side; the grey bytes; the bytes of the result, (y, x, c).
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image


def preprocess(grey):
    """Keras' preprocess_input, mode "caffe", of a grey picture in three channels."""
    x = np.repeat(grey.astype(np.float32)[..., None], 3, axis=2)[..., ::-1]
    return x - np.array([103.939, 116.779, 123.68], np.float32)


def imresize(x, side):
    low, high = x.min(), x.max()
    scale = 255.0 / (high - low) if high > low else 1.0
    scaled = (x - low) * np.float32(scale)
    picture = Image.fromarray((scaled.clip(0, 255) + 0.5).astype(np.uint8), "RGB")
    return np.asarray(picture.resize((side, side), Image.BILINEAR))


rng = np.random.default_rng(20181115)
cases = [(20, 20, 23), (12, 17, 21), (30, 26, 16), (9, 40, 8)]
lines = []
for height, width, side in cases:
    grey = rng.integers(3, 250, (height, width), dtype=np.uint8)
    grey[: height // 2] //= 3
    result = imresize(preprocess(grey), side)
    lines += [
        f"{height} {width} {side}",
        " ".join(map(str, grey.ravel())),
        " ".join(map(str, result.ravel())),
    ]
Path(sys.argv[1]).mkdir(exist_ok=True)
(Path(sys.argv[1]) / "legacy.txt").write_text("\n".join(lines) + "\n")
