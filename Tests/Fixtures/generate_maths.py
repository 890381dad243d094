"""Golden values of the elementary functions: 60-digit evaluations by mpmath 1.3.

Doubles go through their bit patterns (hexadecimal), so that nothing is lost in print.
  maths/double.csv: function, x bits, y bits (0 when unary), value bits correctly rounded,
                    rounding rest (exact - value) in ulp of the value
  maths/float.csv:  function, x bits, value bits correctly rounded, rest in ulp
Run: python3 generate_maths.py
"""
import os
import random
import struct

from mpmath import mp, mpf, exp, log, sin, cos, tanh, atan2, cbrt, sqrt, power

mp.dps = 400  # reduction of 1e308 modulo pi needs 310 digits
here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "maths")
os.makedirs(here, exist_ok=True)
random.seed(20240601)


def bits64(v):
    return struct.unpack("<Q", struct.pack("<d", v))[0]


def from32(b):
    return struct.unpack("<f", struct.pack("<I", b))[0]


def round_to(v, precision, lowest):
    """Nearest number of that precision whose last place is at least 2^lowest; and the ulp."""
    if v == 0:
        return mpf(0), mpf(2) ** lowest
    e = mp.frexp(abs(v))[1] - precision
    ulp = mpf(2) ** max(e, lowest)
    return mp.nint(v / ulp) * ulp, ulp


def sigmoid(x):
    return 1 / (1 + exp(-x))


def write_double():
    rows = []

    def add(name, f, x, y=0.0):
        v = f(mpf(x)) if name not in ("pow", "atan2", "hypot") else f(mpf(x), mpf(y))
        value, ulp = round_to(v, 53, -1074)
        if abs(value) >= mpf(2) ** 1024:
            return
        rows.append(f"{name},{bits64(x):016x},{bits64(y):016x},{bits64(float(value)):016x},"
                    f"{float((v - value) / ulp):.6f}")

    def spread(low, high):
        return random.choice((-1, 1)) * 2.0 ** random.uniform(low, high)

    for _ in range(60):
        add("exp", exp, spread(-60, 9.4))
        add("tanh", tanh, spread(-30, 4.5))
        add("sigmoid", sigmoid, spread(-30, 9.4))
        add("log", log, 2.0 ** random.uniform(-1074, 1024))
        add("log", log, 1 + spread(-50, -1))
        add("sin", sin, spread(-20, 20)); add("cos", cos, spread(-20, 20))
        add("sin", sin, spread(20, 1023)); add("cos", cos, spread(20, 1023))
        x = spread(-1060, 1020)
        add("cbrt", lambda v: mp.sign(v) * cbrt(abs(v)), x)
        add("pow", power, 2.0 ** random.uniform(-3, 3), spread(-3, 8))
        add("pow", power, random.random(), random.choice((2.4, 1 / 2.4, 0.5, 3.0)))
        add("pow", power, 1 + spread(-40, -10), spread(10, 40))
        add("pow", power, -float(random.randint(1, 99)), float(random.randint(-40, 40)))
        add("pow", power, 2.0 ** random.uniform(-1074, 1023), spread(-12, 1))
        add("atan2", lambda a, b: atan2(a, b), spread(-20, 20), spread(-20, 20))
        add("atan2", lambda a, b: atan2(a, b), spread(-4, 4), spread(-4, 4))
        add("hypot", lambda a, b: sqrt(a * a + b * b), spread(-4, 4), spread(-4, 4))
        add("hypot", lambda a, b: sqrt(a * a + b * b), spread(-1040, 1000), spread(-1040, 1000))
    # Arguments near multiples of pi/2; the last is the hardest Double of all (J.-M. Muller,
    # "Elementary Functions", 3rd ed., section 11.2).
    for x in (float(mp.pi), float(mp.pi / 2), 22.0, 355.0, 103993.0, 6381956970095103 * 2.0**797):
        add("sin", sin, x); add("cos", cos, x)
    for x in (-745.1, -708.4, -740.0, 709.78, 1e-300, 5e-324):
        add("exp", exp, x)
    with open(os.path.join(here, "double.csv"), "w") as f:
        f.write("\n".join(rows) + "\n")


def write_float():
    rows = []
    functions = {"exp": exp, "log": log, "tanh": tanh, "sigmoid": sigmoid}
    # The worst arguments of the sweep over all floats on x86-64, and borders of ranges.
    worst = {"exp": [0xC2AF6E5A, 0xC2CFF1B5, 0x42B17217, 0xC2AEAC50, 0x00000001],
             "log": [0x3F32DBB3, 0x3F34B76F, 0x00000001, 0x007FFFFF, 0x7F7FFFFF, 0x3F800001],
             "tanh": [0x3F207456, 0x3F20D8E5, 0x3F200000, 0x3F1FFFFF, 0x00000001, 0x41102CB3],
             "sigmoid": [0xC085088D, 0xC2AEAC50, 0xC2CFF1B5, 0x80000001]}
    for name, f in functions.items():
        picks = list(worst[name])
        while len(picks) < 150:
            x = 2.0 ** random.uniform(-12, 6.4) * (1 if name == "log" else random.choice((-1, 1)))
            picks.append(struct.unpack("<I", struct.pack("<f", x))[0])
        for b in picks:
            v = f(mpf(from32(b)))
            value, ulp = round_to(v, 24, -149)
            if abs(value) >= mpf(2) ** 128:
                continue
            pattern = struct.unpack("<I", struct.pack("<f", float(value)))[0]
            rows.append(f"{name},{b:08x},{pattern:08x},{float((v - value) / ulp):.6f}")
    with open(os.path.join(here, "float.csv"), "w") as f:
        f.write("\n".join(rows) + "\n")


write_double()
write_float()
