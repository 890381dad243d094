"""Golden values for CLAHE, resize and colour from scikit-image 0.26.0 (SciPy 1.17.1, NumPy 2.4.6).

Run: python generate_imaging.py [scikit_image-0.17.2-*.whl]
The wheel gives the values of the version that the option `legacy017` follows; without it those
cases are left out. Writes imaging/golden.bin (little-endian arrays one after the other) and
imaging/golden.txt: one line an array pair: kind, parameters, shapes, byte offsets.
"""

import sys
import zipfile
import warnings

import numpy as np
import skimage
from skimage import color, exposure, transform

warnings.simplefilter("ignore")
assert skimage.__version__ == "0.26.0", skimage.__version__
rng = np.random.default_rng(20240607)
blob = bytearray()
lines = []
placed = {}


def put(array):
    if id(array) in placed:
        return placed[id(array)][1]
    offset = len(blob)
    blob.extend(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    text = f"{array.dtype.name}:{offset}:" + "x".join(map(str, array.shape))
    placed[id(array)] = (array, text)
    return text


def texture(height, width, channels=0):
    """A picture with smooth parts, edges and noise, uint8."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(max(1, channels)):
        a, b, c = rng.uniform(0.05, 0.4, 3)
        plane = 110 + 60 * np.sin(a * x + b * y) + 40 * (np.sin(c * x * y / 20) > 0.3)
        planes.append(np.clip(plane + rng.normal(0, 12, plane.shape), 0, 255).astype(np.uint8))
    return np.stack(planes, -1) if channels else planes[0]


SIZES = [(1, 1), (1, 9), (9, 1), (3, 5), (7, 7), (8, 8), (13, 17), (21, 19), (25, 33), (31, 29),
         (33, 47), (40, 23), (45, 45), (51, 37), (65, 17), (15, 97), (57, 61), (5, 80), (67, 71),
         (11, 90)]


def clahe_case(image, kind="clahe", tile=None, clip=0.01, bins=256, version="current",
               function=exposure.equalize_adapthist, dtype=np.float32):
    full = np.float64(np.iinfo(image.dtype).max)
    result = function((image / full).astype(dtype), kernel_size=tile, clip_limit=clip, nbins=bins)
    name = "none" if tile is None else f"{tile[0]}x{tile[1]}"
    stored = result.astype(dtype)
    lines.append(f"{kind} {version} {name} {clip} {bins} {put(image)} {put(stored)}")


for size in SIZES:
    clahe_case(texture(*size))
for tile, clip, bins in [((7, 13), 0.01, 256), ((1, 1), 0.01, 256), ((50, 60), 0.03, 256),
                         (None, 0.0, 256), (None, 1.0, 256), (None, 0.3, 16), ((9, 8), 0.02, 100),
                         ((16, 16), 0.01, 1000), (None, 0.01, 1), ((12, 5), 3.0, 77),
                         ((20, 20), 0.02, 16), ((29, 35), 0.01, 64), ((15, 12), 0.1, 8)]:
    clahe_case(texture(29, 35), tile=tile, clip=clip, bins=bins)
clahe_case((rng.random((30, 41)) * 65535).astype(np.uint16), tile=(6, 9))
clahe_case((rng.random((30, 41)) * 65535).astype(np.uint16), dtype=np.float64)
clahe_case(texture(23, 31, 3))
clahe_case(texture(14, 11, 4), clip=0.05)
clahe_case(np.full((40, 40), 77, np.uint8))

if len(sys.argv) > 1:
    source = zipfile.ZipFile(sys.argv[1]).read("skimage/exposure/_adapthist.py").decode()
    source = source.replace("from ..", "from skimage.").replace("np.product", "np.prod")
    legacy = {}
    exec(compile(source, "_adapthist_0_17_2.py", "exec"), legacy)
    old = legacy["equalize_adapthist"]
    for size in [(200 // 4, 200 // 4), (33, 47), (67, 71), (9, 8)]:
        clahe_case(texture(*size), version="legacy017", function=old)
    clahe_case(texture(20, 33), version="legacy017", function=old, clip=1.0)
    clahe_case(texture(20, 33), version="legacy017", function=old, clip=0.0)


def resize_case(image, shape, order, mode="reflect", aliasing=None, clip=True, cval=0.0):
    data = (image / 255.0).astype(np.float32)
    result = transform.resize(data, shape, order=order, mode=mode, anti_aliasing=aliasing,
                              clip=clip, cval=cval)
    flag = {None: "automatic", True: "on", False: "off"}[aliasing]
    lines.append(f"resize {order} {mode} {flag} {int(clip)} {cval} {put(image)} "
                 f"{put(result.astype(np.float32))}")


TARGETS = [(5, 3), (7, 4), (3, 3), (9, 11), (7, 7), (3, 17), (29, 31), (10, 7), (11, 47), (42, 38),
           (17, 23), (23, 40), (44, 46), (10, 10), (21, 25), (31, 31), (19, 83), (20, 21), (1, 1),
           (22, 33)]
for size, target in zip(SIZES, TARGETS):
    picture = texture(*size)
    for order in (0, 1, 3):
        resize_case(picture, target, order)
common = texture(17, 14)
for mode in ("edge", "symmetric", "reflect", "wrap", "constant"):
    for order in (0, 1, 3):
        for target in ((9, 31), (30, 8)):
            resize_case(common, target, order, mode, cval=0.25)
resize_case(texture(15, 13, 3), (8, 21), 1)
resize_case(texture(15, 13, 3), (8, 21), 3)
resize_case(texture(15, 13, 2), (31, 7), 0)
resize_case(texture(21, 21), (8, 9), 1, aliasing=False)
resize_case(texture(21, 21), (8, 9), 3, aliasing=False, clip=False)
# Below 6 pixels SciPy's start of the mirrored filter is off by 0.27^(2 n - 1).
resize_case(texture(6, 7), (2, 30), 3, mode="symmetric")
resize_case(texture(2, 2), (9, 9), 3)
resize_case(texture(4, 3), (1, 1), 1)

rgb = rng.random((9, 13, 3)).astype(np.float32)
rgb[0, :4] = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [0.03, 0.04, 0.05]]
rgb[1, :4] = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]]
wide = rgb.astype(np.float64)
for name, function, data in [
        ("xyz", color.rgb2xyz, wide), ("rgbOfXyz", color.xyz2rgb, wide),
        ("lab", color.rgb2lab, wide), ("rgbOfLab", color.lab2rgb, color.rgb2lab(wide)),
        ("hsv", color.rgb2hsv, wide), ("rgbOfHsv", color.hsv2rgb, wide),
        ("grey", color.rgb2gray, wide)]:
    lines.append(f"colour {name} {put(data.astype(np.float32))} "
                 f"{put(function(data.astype(np.float32).astype(np.float64)).astype(np.float32))}")

open("imaging/golden.bin", "wb").write(blob)
open("imaging/golden.txt", "w").write("\n".join(lines) + "\n")
print(len(lines), "cases,", len(blob), "bytes")
