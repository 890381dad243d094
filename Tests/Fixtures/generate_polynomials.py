"""Prints the polynomial coefficients and constants of the elementary functions as Swift literals.

Chebyshev fits in 60 digits (mpmath 1.3), each rounded to the type that evaluates it.
Used by Sources/_Kernels128/Elementwise.swift (Float) and Sources/Tensors/ScalarMaths*.swift (Double).
Run: python3 generate_polynomials.py
"""
import numpy as np
from mpmath import mp, mpf, sqrt, exp, log, tanh, sin, cos, atan, atanh, taylor, pi, floor, mpmathify

mp.dps = 60


def literal(value, single):
    if single:
        value = np.float32(float(value))
    return float(value).hex().replace("0x1.0000000000000p", "0x1p")


def fit(name, f, a, b, n, single):
    coefficients, error = mp.chebyfit(f, [mpf(a), mpf(b)], n, error=True)
    print(f"// {name}: constant term first, fit error {mp.nstr(error, 3)}")
    print("  " + ", ".join(literal(c, single) for c in reversed(coefficients)))


def series(f, order, terms=40):
    """(f(x) minus its Taylor terms below `order`) / x^order, without cancellation."""
    c = taylor(f, 0, order + terms)
    return lambda x: sum(c[order + i] * x**i for i in range(terms))


def odd(f, first, step=2, terms=40):
    """Taylor coefficients first, first+step, ... as a function of z = x^step."""
    c = taylor(f, 0, first + step * terms)
    return lambda z: sum(c[first + step * i] * z**i for i in range(terms))


def parts(name, value, bits):
    """Splits a constant into doubles: the first ones with that many bits, then the rest."""
    out = []
    for width in bits:
        e = int(floor(log(abs(value), 2)))
        head = floor(value * mpf(2) ** (width - 1 - e)) / mpf(2) ** (width - 1 - e)
        out.append(float(head).hex())
        value -= head
    out.append(float(value).hex())
    print(f"// {name}\n  " + ", ".join(out))


h = log(2) / 2 * mpf("1.001")
print("// ---- Float")
fit("exp: (e^r - 1 - r) / r^2", series(exp, 2), -h, h, 6, True)
s2 = sqrt(mpf(2))
fit("log: (log(1+f) - f + f^2/2) / f^3",
    lambda f: (log(1 + f) - f + f * f / 2) / f**3 if abs(f) > mpf("1e-12") else mpf(1) / 3,
    1 / s2 - 1, s2 - 1, 10, True)
fit("tanh: (tanh x - x) / x^3 in x^2", odd(tanh, 3), 0, mpf("0.640") ** 2, 6, True)
parts("ln 2 for Float (9 bits, rest)", log(2), [9])
print("// ---- Double")
fit("exp: (e^r - 1 - r) / r^2", series(exp, 2), -h, h, 11, False)
smax = (s2 - 1) / (s2 + 1)
fit("log: (2 atanh s - 2 s) / s^3 in s^2", lambda z: 2 * odd(atanh, 3)(z), 0, smax**2 * mpf("1.001"), 9, False)
fit("pow log: terms from s^7/7: sum z^i/(7+2i)", lambda z: odd(atanh, 7)(z), 0, smax**2 * mpf("1.001"), 8, False)
q = pi / 4 * mpf("1.001")
fit("sin: (sin x - x) / x^3 in x^2", odd(sin, 3), 0, q**2, 7, False)
fit("cos: (cos x - 1 + x^2/2) / x^4 in x^2", odd(cos, 4), 0, q**2, 7, False)
fit("atan: (atan t - t) / t^3 in t^2", odd(atan, 3), 0, mpf("0.0645") ** 2, 6, False)
fit("tanh: (tanh x - x) / x^3 in x^2", odd(tanh, 3, terms=90), 0, mpf("0.640") ** 2, 14, False)
parts("ln 2 (32 bits, rest)", log(2), [32])
parts("pi/2 (33, 33, 33 bits, rest)", pi / 2, [33, 33, 33])
for k, c in (("1/3", mpf(1) / 3), ("1/5", mpf(1) / 5), ("ln2", log(2)), ("pi", pi), ("pi/2", pi/2), ("pi/4", pi/4)):
    parts(k + " (53 bits, rest)", c, [53])
print("// log2(e), 2/pi")
print("  ", literal(1 / log(2), False), literal(2 / pi, False))
print("// atan(k/8), k = 0 ... 8: head, tail")
for k in range(9):
    v = atan(mpf(k) / 8)
    hi = float(v)
    print("  ", hi.hex(), float(v - mpmathify(hi)).hex())
print("// 2/pi: 64-bit words after the binary point")
mp.prec = 1600
x = 2 / mp.pi
words = []
for _ in range(20):
    x *= mpf(2) ** 64
    w = int(floor(x))
    x -= w
    words.append(f"0x{w:016X}")
print("  " + ", ".join(words))
