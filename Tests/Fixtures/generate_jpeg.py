#!/usr/bin/env python3
"""Writes Tests/Fixtures/jpeg and Tests/Fixtures/bmp: small pictures and what other programs read from them.

Run: python3 Tests/Fixtures/generate_jpeg.py      (Pillow 13.0 with libjpeg-turbo 3.2, cjpeg of libjpeg-turbo 2.1.5)

expected.tsv: name, height, width, channels, CRC-32 of the interleaved samples as Pillow reads them. Pillow decodes with
libjpeg-turbo's defaults: accurate integer transform, fancy upsampling.
"""
import os
import random
import subprocess
import tempfile
import zlib

import numpy as np
from PIL import Image, ImageFile

ImageFile.MAXBLOCK = 1 << 22
HERE = os.path.dirname(os.path.abspath(__file__))
noise = np.random.default_rng(20240611)
choose = random.Random(7)


def picture(height, width, channels, kind):
    """Noise, ramps, smooth waves with noise, or saturated checks."""
    y, x = np.mgrid[0:height, 0:width]
    if kind == "noise":
        a = noise.integers(0, 256, (height, width, channels))
    elif kind == "ramp":
        a = np.stack([(x * 7 + y * 3 * (i + 1)) % 256 for i in range(channels)], -1)
    elif kind == "wave":
        a = np.stack([128 + 100 * np.sin(x / (3 + i)) * np.cos(y / (4 + i)) for i in range(channels)], -1)
        a = a + noise.normal(0, 8, a.shape)
    else:
        a = np.repeat(((x // 3 + y // 5) % 2 * 255)[..., None], channels, -1) * np.array([1, 0.5, 0.8])[:channels]
    a = np.clip(a, 0, 255).astype(np.uint8)
    return a[..., 0] if channels == 1 else a


def record(folder, names):
    with open(f"{HERE}/{folder}/expected.tsv", "w") as out:
        for name in names:
            a = np.asarray(Image.open(f"{HERE}/{folder}/{name}"))
            channels = 1 if a.ndim == 2 else a.shape[2]
            out.write(f"{name}\t{a.shape[0]}\t{a.shape[1]}\t{channels}\t{zlib.crc32(a.tobytes()):08x}\n")


def cjpeg(path, a, options, script=None):
    """The program cjpeg, for the samplings and scan orders that Pillow does not offer."""
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(a).save(f"{folder}/in.ppm")
        if script:
            open(f"{folder}/scans", "w").write(script)
            options = options + ["-scans", f"{folder}/scans"]
        subprocess.run(["cjpeg", *options, "-outfile", path, f"{folder}/in.ppm"], check=True, stderr=subprocess.DEVNULL)


def jpegs():
    names = []
    sizes = [(1, 1), (2, 3), (3, 2), (5, 4), (7, 9), (8, 8), (9, 17), (16, 16), (17, 33), (33, 15), (31, 40)]
    kinds = ["noise", "ramp", "wave", "check"]
    for subsampling, label in [(0, "444"), (1, "422"), (2, "420"), (None, "grey"), ("rgb", "rgb")]:
        for i, (h, w) in enumerate(sizes):
            if label == "rgb" and i % 4:
                continue
            options = dict(quality=[5, 25, 75, 90, 100][i % 5], progressive=i % 3 == 1, optimize=i % 2 == 1)
            if i % 4 == 2:
                options["restart_marker_blocks"] = 1 + i % 3
            if label == "rgb":
                options["keep_rgb"] = True
            elif subsampling is not None:
                options["subsampling"] = subsampling
            name = f"{label}_{h}x{w}.jpg"
            a = picture(h, w, 1 if label == "grey" else 3, kinds[choose.randrange(4)])
            Image.fromarray(a).save(f"{HERE}/jpeg/{name}", **options)
            names.append(name)
    samplings = ["1x2,1x1,1x1", "4x1,1x1,1x1", "1x4,1x1,1x1", "4x2,1x1,1x1", "2x2,2x1,2x1", "2x2,1x2,1x2",
                 "1x1,2x2,2x2", "2x2,1x1,2x2", "4x1,2x1,1x1", "1x2,1x1,1x2"]
    for i, sampling in enumerate(samplings):
        name = "s" + sampling.replace(",", "_") + ".jpg"
        a = picture(19 + i, 37 - i, 3, kinds[i % 4])
        cjpeg(f"{HERE}/jpeg/{name}", a, ["-sample", sampling, "-quality", "80"] + ["-progressive"] * (i % 2))
        names.append(name)
    scripts = {
        "scans_apart": "0;1;2;",
        "scans_pair": "1 2;0;",
        "scans_bits": "0,1,2: 0-0, 0, 2;0,1,2: 0-0,2,1;0: 1-63, 0, 3;0: 1-63,3,2;1: 1-20, 0, 1;2: 1-63,0,0;"
                      "1:21-63,0,0;0:1-63,2,1;0,1,2:0-0,1,0;0:1-63,1,0;1:1-20,1,0;",
    }
    for name, script in scripts.items():
        for quality in (1, 85):
            path = f"{name}_q{quality}.jpg"
            options = ["-quality", str(quality), "-sample", "2x2", "-restart", "3B"]
            cjpeg(f"{HERE}/jpeg/{path}", picture(29, 43, 3, "wave"), options, script)
            names.append(path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture(12, 20, 3, "wave")).save(f"{HERE}/jpeg/exif_6.jpg", exif=exif)
    Image.fromarray(picture(12, 20, 1, "wave")).save(f"{HERE}/jpeg/density.jpg", dpi=(25400, 12700))
    record("jpeg", names + ["exif_6.jpg", "density.jpg"])


def bmps():
    names = []
    a = picture(9, 13, 3, "noise")
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        name = f"{mode.lower()}.bmp"
        im = Image.fromarray(a).convert(mode)
        im.save(f"{HERE}/bmp/{name}", dpi=(25400, 25400))
        names.append(name)
    with open(f"{HERE}/bmp/expected.tsv", "w") as out:
        for name in names:
            im = Image.open(f"{HERE}/bmp/{name}")
            b = np.asarray(im.convert("L" if im.mode in ("1", "L") else "RGBA" if im.mode == "RGBA" else "RGB"))
            channels = 1 if b.ndim == 2 else b.shape[2]
            out.write(f"{name}\t{b.shape[0]}\t{b.shape[1]}\t{channels}\t{zlib.crc32(b.tobytes()):08x}\n")


for folder in ("jpeg", "bmp"):
    os.makedirs(f"{HERE}/{folder}", exist_ok=True)
jpegs()
bmps()
