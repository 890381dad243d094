"""Golden superpixels of scikit-image: labels before and after connectivity is enforced.

Run: python generate_slic.py current    (scikit-image 0.26.0, NumPy 2.4.6)
     python generate_slic.py legacy018  (scikit-image 0.18.3, NumPy 1.23.5)
Writes slic/VERSION.bin (little-endian arrays one after the other) and slic/VERSION.txt: a line a
case: version, superpixels, compactness, iterations, sigma, adaptive, connect, smallest, largest,
colours, the picture (type:offset:shape) and the labels.
"""

import sys

import numpy as np
import skimage
from skimage.segmentation import slic

version = sys.argv[1]
expected = {"current": "0.26.0", "legacy018": "0.18.3"}[version]
assert skimage.__version__ == expected, skimage.__version__
new = version == "current"
rng = np.random.default_rng(20201020)
blob = bytearray()
lines = []
placed = {}


def put(array):
    if id(array) not in placed:
        placed[id(array)] = (array, append(array))
    return placed[id(array)][1]


def append(array):
    offset = len(blob)
    blob.extend(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return f"{array.dtype.name}:{offset}:" + "x".join(map(str, array.shape))


def grains(height, width, channels, count, noise, kind):
    """Voronoi cells of random colours with noise."""
    y, x = np.mgrid[0:height, 0:width]
    seeds = rng.uniform(0, 1, (count, 2)) * [height, width]
    nearest = np.argmin([(y - a) ** 2 + (x - b) ** 2 for a, b in seeds], axis=0)
    values = rng.uniform(0.15, 0.9, (count, channels))[nearest]
    values = np.clip(values + rng.normal(0, noise, values.shape), 0, 1)
    if channels == 1:
        values = values[..., 0]
    if kind in ("uint8", "uint16"):
        return np.round(values * np.iinfo(kind).max).astype(kind)
    return values.astype(kind)


def case(image, n, m, iterations=10, sigma=0.0, adaptive=False, connect=True, smallest=0.5,
         largest=3.0, colours="lab"):
    options = {"max_num_iter" if new else "max_iter": iterations}
    grey = image.ndim == 2
    if new:
        options["channel_axis"] = None if grey else -1
    else:
        options["multichannel"] = not grey
    data = image[..., ::-1] if colours == "exchangedLab" else image
    labels = slic(data, n_segments=n, compactness=m, sigma=sigma, slic_zero=adaptive,
                  convert2lab=False if colours == "plain" or grey else None,
                  enforce_connectivity=connect, min_size_factor=smallest, max_size_factor=largest,
                  start_label=0, **options)
    lines.append(" ".join(map(str, [
        version, n, m, iterations, sigma, int(adaptive), int(connect), smallest, largest, colours,
        put(image), put(labels.astype(np.uint16))])))


colour = grains(48, 61, 3, 14, 0.03, "uint8")
for connect in (False, True):
    case(colour, 150, 20.0, connect=connect)
    case(colour, 40, 10.0, connect=connect)
    case(colour, 150, 1.0, connect=connect)
    case(colour, 90, 10.0, adaptive=True, connect=connect)
case(colour, 150, 20.0, colours="exchangedLab")
case(colour, 150, 0.1, colours="plain")
case(colour, 120, 20.0, sigma=1.3)
case(colour, 120, 20.0, iterations=1)
case(colour, 120, 20.0, iterations=2, connect=False)
case(colour, 300, 2.0, smallest=0.2, largest=1.2)
case(colour, 3000, 20.0, connect=False)
case(colour, 100000, 20.0)
case(colour, 1, 20.0)
grey = grains(40, 57, 1, 12, 0.05, "uint8")
for connect in (False, True):
    case(grey, 100, 0.1, connect=connect)
    case(grey, 500, 0.05, connect=connect)
case(grey, 60, 0.2, adaptive=True)
case(grains(35, 44, 3, 9, 0.02, "uint16"), 80, 20.0)
case(grains(35, 44, 1, 9, 0.02, "float64"), 80, 0.1)
case(grains(35, 44, 1, 9, 0.0, "uint8"), 80, 0.1, connect=False)
case(grains(35, 44, 3, 9, 0.0, "uint8"), 80, 20.0, connect=False)
case(grains(3, 90, 3, 5, 0.02, "uint8"), 12, 20.0)
case(grains(90, 3, 3, 5, 0.02, "uint8"), 12, 20.0)
case(grains(1, 40, 1, 4, 0.02, "uint8"), 8, 0.1)
case(grains(1, 1, 3, 1, 0.02, "uint8"), 4, 10.0)
case(grains(2, 5, 3, 2, 0.02, "uint8"), 3, 10.0)
case(grains(31, 17, 3, 6, 0.3, "uint8"), 50, 10.0)

open(f"slic/{version}.bin", "wb").write(blob)
open(f"slic/{version}.txt", "w").write("\n".join(lines) + "\n")
print(len(lines), "cases,", len(blob), "bytes")
