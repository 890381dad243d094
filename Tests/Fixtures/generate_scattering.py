#!/usr/bin/env python3
"""Golden values for WaveletScatteringTests: kymatio's coefficients averaged over space.

Made with kymatio 0.3.0, numpy 2.4.6, in double precision. The images are given by whole
numbers, so that the test makes the same ones: see `pattern`. One number a line.
Usage: generate_scattering.py (writes into scattering/ beside it)
"""
import pathlib

import numpy as np
import scipy.special

if not hasattr(scipy.special, "sph_harm"):
    scipy.special.sph_harm = scipy.special.sph_harm_y  # kymatio 0.3 asks for the old name
from kymatio.numpy import Scattering2D  # noqa: E402


def pattern(height, width):
    """A texture of stripes, blocks and curved bands, multiples of 1/256."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    value = 13 * x + 7 * y + (x * y) // 5 + 93 * ((x // 9 + y // 7) % 2)
    return (value % 256) / 256.0


def main():
    folder = pathlib.Path(__file__).parent / "scattering"
    folder.mkdir(exist_ok=True)
    for height, width, scales, orientations in [
        (64, 64, 3, 8), (200, 200, 5, 8), (97, 131, 5, 8), (32, 45, 4, 6), (16, 17, 1, 5),
    ]:
        transform = Scattering2D(scales, (height, width), L=orientations)
        values = transform(pattern(height, width)).mean(axis=(-1, -2))
        name = f"kymatio_{height}x{width}_J{scales}_L{orientations}.txt"
        (folder / name).write_text("".join(f"{v:.10e}\n" for v in values))


if __name__ == "__main__":
    main()
