"""Golden values of MetallographyTests.

Run: python generate_metallography.py   (made with NumPy 2, SciPy, scikit-image).
Ten label maps with a picture each (`maps.npz`: labels_K int64, image_K float32), and what NumPy, SciPy
and scikit-image make of them (`expected.json`): F, F', Q for all choices, regions, matchings; quantiles
of Student's t; intervals over fields.
"""
import itertools
import json
import pathlib

import numpy as np
import scipy.optimize
import scipy.stats
import skimage
import skimage.color
import skimage.measure

here = pathlib.Path(__file__).parent / "metallography"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(31)


def voronoi(H, W, sites, classes):
    y, x = np.mgrid[:H, :W]
    places = rng.random((sites, 2)) * [H, W]
    nearest = ((y[..., None] - places[:, 0]) ** 2 + (x[..., None] - places[:, 1]) ** 2).argmin(-1)
    return rng.integers(0, classes, sites)[nearest]


y, x = np.mgrid[:24, :31]
MAPS = [
    voronoi(24, 31, 12, 3), voronoi(24, 31, 40, 5), rng.integers(0, 2, (17, 9)), np.zeros((6, 8), int),
    (x // 4) % 2, (x + y) % 2, np.where((y - 12) ** 2 + (x - 15) ** 2 < 60, 7, -3), voronoi(40, 13, 25, 2),
    np.arange(30).reshape(5, 6), voronoi(33, 33, 60, 9),
]


def criteria(regions, image, error, base, space):
    """Equations 5 to 7, region by region."""
    rgb = np.repeat(image[..., None], 3, -1) if image.ndim == 2 else image
    colours = rgb.astype(np.float64) * 255 if space == "rgb" else skimage.color.rgb2lab(rgb.astype(np.float64))
    areas, errors = [], []
    for region in np.unique(regions):
        values = colours[regions == region]
        e2 = ((values - values.mean(0)) ** 2).sum()
        areas.append(len(values))
        errors.append(e2 if error == "sum" else e2 / len(values))
    A, e2, R = np.array(areas, float), np.array(errors), len(areas)
    scale = 1 / (1000 * regions.size)
    log = np.log(A) if base == "e" else np.log10(A)
    same = np.array([(A == a).sum() for a in A])
    kinds, counts = np.unique(A, return_counts=True)
    return {"R": R, "F": scale * np.sqrt(R) * (e2 / np.sqrt(A)).sum(),
            "FPrime": scale * np.sqrt((counts ** (1 + 1 / kinds)).sum()) * (e2 / np.sqrt(A)).sum(),
            "Q": scale * np.sqrt(R) * (e2 / (1 + log) + (same / A) ** 2).sum()}


arrays, maps = {}, []
for k, labels in enumerate(MAPS):
    shape = labels.shape if k % 3 == 0 else labels.shape + (3,)
    image = rng.integers(0, 256, shape).astype(np.float32) / np.float32(255)
    if k == 4:
        image[:] = image[:1]
    arrays[f"labels_{k}"], arrays[f"image_{k}"] = labels.astype(np.int64), image
    found = []
    shifted = labels - labels.min() + 1
    components = {"four": skimage.measure.label(shifted, connectivity=1),
                  "eight": skimage.measure.label(shifted, connectivity=2), "label": labels}
    for region, error, base, space in itertools.product(
            ["four", "eight", "label"], ["sum", "mean"], ["e", "ten"], ["rgb", "lab"]):
        found.append({"region": region, "error": error, "logarithm": base, "colours": space,
                      **criteria(components[region], image, error, base, space)})
    regions = []
    for p in skimage.measure.regionprops(components["four"]):
        regions.append({
            "area": p.area, "perimeter": skimage.measure.perimeter_crofton(np.pad(p.image, 1), directions=4),
            "major": p.axis_major_length, "minor": p.axis_minor_length, "y": p.centroid[0], "x": p.centroid[1],
            "diameter": p.equivalent_diameter_area,
            "first": int(np.flatnonzero(components["four"] == p.label)[0])})
    truth = voronoi(*labels.shape, 8, 3)
    arrays[f"truth_{k}"] = truth.astype(np.int64)
    names, phases = np.unique(labels), np.unique(truth)
    counts = np.array([[((labels == a) & (truth == b)).sum() for b in phases] for a in names])
    rows, columns = scipy.optimize.linear_sum_assignment(-counts)
    iou = np.zeros(len(phases))
    for i, j in zip(rows, columns):
        iou[j] = counts[i, j] / (counts[i].sum() + counts[:, j].sum() - counts[i, j])
    maps.append({"criteria": found, "regions": sorted(regions, key=lambda r: r["first"]),
                 "accuracy": counts[rows, columns].sum() / labels.size, "iou": list(iou)})

t = [[c, n, scipy.stats.t.ppf((1 + c) / 2, n)] for c in (0.5, 0.9, 0.95, 0.99) for n in (1, 2, 3, 4, 7, 9, 24, 99)]
fields = [0.31, 0.28, 0.35, 0.30, 0.33, 0.27]
low, high = scipy.stats.t.interval(0.95, 5, np.mean(fields), scipy.stats.sem(fields))
np.savez_compressed(here / "maps.npz", **arrays)
(here / "expected.json").write_text(json.dumps(
    {"maps": maps, "t": t, "fields": fields, "mean": np.mean(fields), "deviation": np.std(fields, ddof=1),
     "low": low, "high": high}, default=float, separators=(",", ":")) + "\n")
print(np.__version__, scipy.__version__, skimage.__version__)
