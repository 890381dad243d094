#!/usr/bin/env python3
"""Golden values for FFTTests: numpy.fft of sequences of whole numbers.

Made with numpy 2.4.6. A line: real and imaginary part. Usage: generate_fft.py (writes into fft/).
"""
import pathlib

import numpy as np


def sequence(n, a, b):
    """Whole numbers from -50 to 50, as FFTTests makes them."""
    j = np.arange(n, dtype=np.int64)
    return ((a * j * j + b * j + 3) % 101 - 50).astype(float)


def write(path, values):
    path.write_text("".join(f"{v.real:.17e} {v.imag:.17e}\n" for v in values.ravel()))


def main():
    folder = pathlib.Path(__file__).parent / "fft"
    folder.mkdir(exist_ok=True)
    for n in [7, 100, 210, 256]:
        write(folder / f"complex_{n}.txt", np.fft.fft(sequence(n, 7, 5) + 1j * sequence(n, 3, 11)))
    write(folder / "real_210.txt", np.fft.rfft(sequence(210, 7, 5)))
    image = sequence(15 * 22, 7, 5) + 1j * sequence(15 * 22, 3, 11)
    write(folder / "complex_15x22.txt", np.fft.fft2(image.reshape(15, 22)))
    write(folder / "real_15x22.txt", np.fft.rfft2(image.real.reshape(15, 22)))


if __name__ == "__main__":
    main()
