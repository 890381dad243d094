"""Writes the PNG and TIFF fixtures and expected.tsv beside them.

Run: python3 generate_png_tiff.py
Written with Pillow 13.0.0, tifffile 2026.3.3, NumPy 2.4.6.
Columns of expected.tsv: file, height, width, channels, type, CRC-32 of the samples (interleaved
rows, little-endian), pixel width and height in micrometres ("-" unknown), source, data-bar rows.
"""

import os
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "png_tiff")
os.makedirs(HERE, exist_ok=True)
rows = []
H, W = 23, 29
y, x = np.mgrid[0:H, 0:W]
grey8 = ((x * 7 + y * 5 + (x * y) % 11 * 3) % 256).astype(np.uint8)
grey16 = (grey8.astype(np.uint16) * 251 + x.astype(np.uint16)).astype(np.uint16)
rgb8 = np.stack([grey8, np.roll(grey8, 3, 1), 255 - grey8], -1)
rgb16 = np.stack([grey16, np.roll(grey16, 3, 1), 65535 - grey16], -1)
float32 = (grey16.astype(np.float32) / 65535 - 0.25).astype(np.float32)


def path(name):
    return os.path.join(HERE, name)


def expect(name, array, size=None, source="", bar=0):
    array = np.ascontiguousarray(array)
    if array.ndim == 2:
        array = array[:, :, None]
    crc = zlib.crc32(array.astype(array.dtype.newbyteorder("<")).tobytes())
    px = ["-", "-"] if size is None else [repr(float(v)) for v in size]
    h, w, c = array.shape
    rows.append([name, h, w, c, array.dtype.name, f"{crc:08x}", *px, source or "-", bar])


# PNG


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, depth, colour, raw, extra=b"", interlace=0):
    header = struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, interlace)
    with open(path(name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra)
        f.write(chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def packed(indices, bits):
    lines = []
    for line in indices:
        text = "".join(format(int(v), f"0{bits}b") for v in line)
        text += "0" * (-len(text) % 8)
        lines.append(b"\0" + bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8)))
    return b"".join(lines)


def adam7(array, bits):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [array[y0::dy, x0::dx] for x0, y0, dx, dy in passes]
    return b"".join(packed(part, bits) for part in parts if part.size)


def plain(array):
    big = array.astype(array.dtype.newbyteorder(">"))
    return b"".join(b"\0" + line.tobytes() for line in big)


for bits in (1, 2, 4):
    values = grey8 >> (8 - bits)
    scaled = (values * (255 // (2**bits - 1))).astype(np.uint8)
    png(f"grey{bits}.png", bits, 0, packed(values, bits))
    expect(f"grey{bits}.png", scaled)
    png(f"grey{bits}_adam7.png", bits, 0, adam7(values, bits), interlace=1)
    expect(f"grey{bits}_adam7.png", scaled)
Image.fromarray(grey8).save(path("grey8.png"))
expect("grey8.png", grey8)
Image.fromarray(rgb8).save(path("rgb8.png"), dpi=(254000, 254000))
expect("rgb8.png", rgb8, (0.1, 0.1), "PNG pHYs")
png("grey8_gamma.png", 8, 0, plain(grey8), chunk(b"gAMA", struct.pack(">I", 100000)))
expect("grey8_gamma.png", grey8)
png("grey16.png", 16, 0, plain(grey16))
expect("grey16.png", grey16)
png("rgb16.png", 16, 2, plain(rgb16), chunk(b"pHYs", struct.pack(">IIB", 50000000, 25000000, 1)))
expect("rgb16.png", rgb16, (0.02, 0.04), "PNG pHYs")
rgba8 = np.dstack([rgb8, grey8[::-1]])
png("rgba8.png", 8, 6, plain(rgba8), chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1)))
expect("rgba8.png", rgba8)
palette = (np.arange(16 * 3).reshape(16, 3) * 5 % 256).astype(np.uint8)
index4 = grey8 >> 4
png("palette4.png", 4, 3, packed(index4, 4), chunk(b"PLTE", palette.tobytes()))
expect("palette4.png", palette[index4])
trns = chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", bytes([10, 20, 30]))
png("palette4_alpha.png", 4, 3, packed(index4, 4), trns)
alpha = np.array([10, 20, 30] + [255] * 13, np.uint8)
expect("palette4_alpha.png", np.dstack([palette[index4], alpha[index4]]))
png("grey8_key.png", 8, 0, plain(grey8), chunk(b"tRNS", struct.pack(">H", int(grey8[0, 3]))))
key = np.where(grey8 == grey8[0, 3], 0, 255).astype(np.uint8)
expect("grey8_key.png", np.dstack([grey8, key]))

# TIFF written by tifffile


def tiff(name, array, expected=None, size=None, source="", bar=0, **options):
    options.setdefault("metadata", None)
    tifffile.imwrite(path(name), array, **options)
    expect(name, array if expected is None else expected, size, source, bar)


grey = dict(photometric="minisblack")
for order, mark in (("<", "le"), (">", "be")):
    both = dict(byteorder=order, **grey)
    tiff(f"u8_{mark}.tif", grey8, **both)
    tiff(f"u16_{mark}.tif", grey16, **both)
    tiff(f"f32_{mark}.tif", float32, **both)
    tiff(f"rgb16_{mark}_strips.tif", rgb16, byteorder=order, photometric="rgb", rowsperstrip=5)
    tiff(f"u16_{mark}_deflate_pred2.tif", grey16, compression="zlib", predictor=2, **both)
    bytes4 = float32.view(np.uint8).reshape(H, W, 4)[:, :, ::-1].transpose(0, 2, 1).reshape(H, 4 * W)
    bytes4 = np.diff(bytes4, axis=1, prepend=np.uint8(0)).astype(np.uint8)
    data = zlib.compress(bytes4.tobytes())
    tags = [(256, W), (257, H), (258, 32), (259, 8), (262, 1), (273, 8), (279, len(data)), (317, 3), (339, 3)]
    data += b"\0" * (len(data) % 2)
    body = struct.pack(order + "H", len(tags))
    for code, value in tags:
        body += struct.pack(order + "HHII", code, 4, 1, value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data))
    with open(path(f"f32_{mark}_deflate_pred3.tif"), "wb") as f:
        f.write(head + data + body + bytes(4))
    # Pillow swaps what libtiff has swapped already when the file is big-endian.
    back = np.array(Image.open(path(f"f32_{mark}_deflate_pred3.tif")))
    assert np.array_equal(back if order == "<" else back.byteswap(), float32)
    expect(f"f32_{mark}_deflate_pred3.tif", float32)
tiff("u8_big.tif", grey8, bigtiff=True, **grey)
tiff("u16_big_be.tif", grey16, bigtiff=True, byteorder=">", **grey)
tiff("u8_tiles.tif", grey8, tile=(16, 16), **grey)
tiff("rgb8_tiles_deflate.tif", rgb8, tile=(16, 16), compression="zlib", photometric="rgb")
planar = dict(photometric="rgb", planarconfig="separate")
tiff("rgb8_planar.tif", rgb8.transpose(2, 0, 1).copy(), rgb8, **planar)
tiff("rgb16_planar_tiles.tif", rgb16.transpose(2, 0, 1).copy(), rgb16, tile=(16, 16), **planar)
tiff("white_is_zero.tif", grey8, 255 - grey8, photometric="miniswhite")
tiff("rgba8.tif", rgba8, photometric="rgb", extrasamples=["unassalpha"])
tiff("i8.tif", grey8.view(np.int8), **grey)
tiff("i16.tif", grey16.view(np.int16), **grey)
tiff("i32.tif", grey16.astype(np.int32) - 40000, **grey)
tiff("u32.tif", grey16.astype(np.uint32) * 65537, **grey)
tiff("f64.tif", float32.astype(np.float64), **grey)
tiff("pages3.tif", np.stack([grey8, 255 - grey8, grey8[::-1]]), grey8, **grey)
ramp = np.repeat(np.arange(256, dtype=np.uint16)[None] * 257, 3, 0)
tiff("palette_ramp.tif", grey8, photometric="palette", colormap=ramp)
colours = np.stack([ramp[0], ramp[0][::-1], (np.arange(256) * 977 % 65536).astype(np.uint16)])
mapped = (colours >> 8).astype(np.uint8).T[grey8]
tiff("palette_colours.tif", grey8, mapped, photometric="palette", colormap=colours)
cm = dict(resolution=(20000, 10000), resolutionunit="CENTIMETER")
for orientation, turned in {
    2: grey8[:, ::-1], 3: grey8[::-1, ::-1], 4: grey8[::-1], 5: grey8.T,
    6: grey8[::-1].T, 7: grey8[::-1, ::-1].T, 8: grey8[:, ::-1].T,
}.items():
    size = (1.0, 0.5) if orientation >= 5 else (0.5, 1.0)
    tags = [(274, "H", 1, orientation, True)]
    tiff(f"orientation{orientation}.tif", grey8, turned, size, "TIFF resolution", extratags=tags, **grey, **cm)

# Pixel sizes


def text(code, value):
    data = value.encode("latin-1") + b"\0"
    return [(code, "s", len(data), data, True)]


inch = dict(resolutionunit="INCH", **grey)
tiff("inch.tif", grey8, size=(0.1, 0.2), source="TIFF resolution", resolution=(254000, 127000), **inch)
tiff("dpi72.tif", grey8, resolution=(72, 72), **inch)
tiff("unit_none.tif", grey8, resolution=(5, 5), resolutionunit="NONE", **grey)
zeiss = "0\r\n0\r\n0\r\n5.824988e-009\r\n5.0e+004\r\n6\r\nAP_PIXEL_SIZE\r\nPixel Size = 5.825 nm\r\n"
value = 5.824988e-3 * 1024 / W
tiff("zeiss.tif", grey8, size=(value, value), source="Zeiss tag 34118", extratags=text(34118, zeiss), **grey)
named = "AP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 1.250 \xb5m\r\nAP_MAG\r\nMag = 6.00 K X\r\n"
tiff("zeiss_named.tif", grey8, size=(1.25, 1.25), source="Zeiss AP_IMAGE_PIXEL_SIZE", extratags=text(34118, named), **grey)
width = "AP_WIDTH\r\nWidth = 5.8 mm\r\n"
tiff("zeiss_width.tif", grey8, size=(200, 200), source="Zeiss AP_WIDTH", extratags=text(34118, width), **grey)
fei = "[User]\r\nDate=x\r\n[Scan]\r\nPixelWidth=3.5e-008\r\nPixelHeight=4e-008\r\n[Image]\r\nResolutionX=29\r\nResolutionY=20\r\n"
scan = dict(size=(0.035, 0.04), source="FEI Scan", bar=3, extratags=text(34682, fei), **grey)
tiff("fei_bar.tif", grey8, **scan)
tiff("conflict.tif", grey8, **scan, resolution=(20000, 20000), resolutionunit="CENTIMETER")
field = "[EScan]\r\nHorFieldsize=2.9e-05\r\n[Image]\r\nResolutionX=29\r\n"
tiff("fei_field.tif", grey8, size=(1, 1), source="FEI EScan field width", extratags=text(34680, field), **grey)
tiff("imagej.tif", grey8, size=(0.025, 0.025), source="ImageJ", imagej=True, resolution=(40, 40), metadata={"unit": "um"})
nm = dict(imagej=True, byteorder=">", resolution=(0.4, 0.4), metadata={"unit": "nm"})
tiff("imagej_stack.tif", np.stack([grey16, grey16[::-1]]), grey16, (0.0025, 0.0025), "ImageJ", **nm)
ome = {"axes": "YX", "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "\xb5m"}
tiff("ome.ome.tif", grey8, size=(0.25, 0.5), source="OME-XML", metadata=ome, **grey)
dm = text(65003, "\xb5m") + text(65004, "\xb5m") + [(65009, "d", 1, 0.125, True), (65010, "d", 1, 0.25, True)]
tiff("digital_micrograph.tif", grey8, size=(0.125, 0.25), source="DigitalMicrograph", extratags=dm, **grey)

# TIFF written by Pillow (libtiff): LZW, PackBits, 1 bit

for name, kind, info in (
    ("lzw", "tiff_lzw", {}), ("lzw_pred2", "tiff_lzw", {317: 2}), ("packbits", "packbits", {}),
):
    Image.fromarray(rgb8).save(path(f"rgb8_{name}.tif"), compression=kind, tiffinfo=info)
    expect(f"rgb8_{name}.tif", rgb8)
Image.fromarray(grey16).save(path("u16_lzw.tif"), compression="tiff_lzw")
expect("u16_lzw.tif", grey16)
noise = np.random.default_rng(7).integers(0, 256, (90, 80), np.uint8)
flat = np.zeros((300, 400), np.uint8)
flat[100:120, 50:300] = 9
for name, array in (("noise", noise), ("flat", flat)):
    Image.fromarray(array).save(path(f"{name}_lzw.tif"), compression="tiff_lzw")
    expect(f"{name}_lzw.tif", array)
bilevel = grey8 > 128
for kind in (None, "packbits", "tiff_lzw"):
    name = f"bilevel_{kind or 'none'}.tif"
    Image.fromarray(bilevel).save(path(name), compression=kind)
    expect(name, (bilevel * 255).astype(np.uint8))

# TIFF by hand: 2 and 4 bits, reversed bits, no byte counts


def handmade(name, tags, data, expected):
    entries = b""
    for code, kind, value in sorted(tags + [(273, 4, 8), (256, 4, W), (257, 4, H)]):
        entries += struct.pack("<HHII", code, kind, 1, value)
    data += b"\0" * (len(data) % 2)
    body = struct.pack("<H", len(tags) + 3) + entries + struct.pack("<I", 0)
    with open(path(name), "wb") as f:
        f.write(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + body)
    expect(name, expected)


for bits in (2, 4):
    values = grey8 >> (8 - bits)
    lines = packed(values, bits)
    size = len(lines) // H
    data = b"".join(lines[i * size + 1 : (i + 1) * size] for i in range(H))
    scaled = (values * (255 // (2**bits - 1))).astype(np.uint8)
    handmade(f"grey{bits}.tif", [(258, 3, bits), (262, 3, 1), (279, 4, len(data))], data, scaled)
data = bytes(int(f"{b:08b}"[::-1], 2) for b in grey8.tobytes())
one = [(258, 3, 8), (262, 3, 1)]
handmade("bit_reversed.tif", one + [(266, 3, 2), (279, 4, len(data))], data, grey8)
handmade("no_byte_counts.tif", one, grey8.tobytes(), grey8)

with open(path("expected.tsv"), "w", encoding="utf-8") as f:
    f.write("".join("\t".join(str(v) for v in row) + "\n" for row in rows))
print(len(rows), "fixtures,", sum(os.path.getsize(path(n)) for n in os.listdir(HERE)), "bytes")
