"""Golden label images and morphology of scikit-image 0.26.0, thresholds of Otsu's method.

Run: python generate_label_images.py
Writes labels/golden.bin (little-endian arrays one after the other) and labels/golden.txt: a line a
case: kind, parameters, the input (type:offset:shape) and the result.
"""

import numpy as np
import skimage
from skimage import filters, measure, morphology

assert skimage.__version__ == "0.26.0", skimage.__version__
rng = np.random.default_rng(1979)
blob, lines, placed = bytearray(), [], {}


def put(array):
    if id(array) not in placed:
        text = f"{array.dtype.name}:{len(blob)}:" + "x".join(map(str, array.shape))
        blob.extend(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
        placed[id(array)] = (array, text)
    return placed[id(array)][1]


maps = [rng.integers(0, n, shape).astype(np.uint8) for n, shape in (
    (2, (37, 41)), (3, (70, 23)), (2, (1, 30)), (2, (30, 1)), (4, (2, 2)), (1, (5, 6)), (2, (130, 9)))]
spiral = np.zeros((21, 21), np.uint8)
for k in range(0, 10, 2):
    spiral[k, k:21 - k] = spiral[k:21 - k, 20 - k] = spiral[20 - k, k:21 - k] = 1
    spiral[k + 2:21 - k, k] = 1
maps.append(spiral)
for picture in maps:
    for connectivity in (1, 2):
        for background in (0, -1):
            labels = measure.label(picture, connectivity=connectivity, background=background)
            lines.append(f"components {connectivity} {background} {put(picture)} "
                         f"{put(labels.astype(np.uint16))}")

pictures = [rng.integers(0, 256, shape).astype(np.uint8) for shape in (
    (19, 27), (1, 13), (13, 1), (1, 1), (8, 40))]
for picture in pictures:
    for name, shape in (("square", lambda r: np.ones((2 * r + 1, 2 * r + 1))), ("disk", morphology.disk)):
        for radius in (0, 1, 2, 5):
            for operation in ("erosion", "dilation"):
                result = getattr(morphology, operation)(picture, shape(radius), mode="ignore")
                lines.append(f"morphology {name} {radius} {operation} {put(picture)} {put(result)}")

for k, spread in enumerate((8, 20, 35)):
    levels = np.concatenate([rng.normal(m, spread, n) for m, n in (
        (60, 900), (120, 1500), (190, 700), (230, 400))])
    picture = np.clip(levels, 0, 255).astype(np.uint8).reshape(50, 70)
    for classes in (2, 3, 4):
        thresholds = np.atleast_1d(
            filters.threshold_otsu(picture) if classes == 2
            else filters.threshold_multiotsu(picture, classes=classes))
        lines.append(f"otsu {classes} {put(picture)} {put(thresholds.astype(np.float64))}")

open("labels/golden.bin", "wb").write(blob)
open("labels/golden.txt", "w").write("\n".join(lines) + "\n")
print(len(lines), "cases,", len(blob), "bytes")
