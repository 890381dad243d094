#!/usr/bin/env python3
"""Writes ConvolutionTiles.generated.swift, the register tiles of the convolutions.

Run:  python3 Sources/_Kernels128/generate_convolution.py     (from anywhere; no arguments)

A tile is some pixels x 2 vectors of channels in registers, as separate local variables: arrays and
tuples of them do not stay in registers reliably. Its pixels follow each other along a row and go on
in the next one, so that only the last tiles of a band are not full. UNROLLED: see generate_gemm.py.
"""
import pathlib

# (condition, pixels of the tiles): pixels x 2 vectors, all in registers (28 of 32, 12 of 16, 8 of 16)
BUILDS = [("#if NITAL_512", [14, 8, 4, 2, 1]), ("#elseif NITAL_256", [6, 5, 4, 3, 2, 1]), ("#else", [4, 2, 1])]
TYPES = ["Float", "Double"]
UNROLLED = {(6, "Float"): 4}  # (most pixels, type): steps


def pointers(name, n, start, step):
    """The n addresses of a tile's pixels, each the one before plus a step: those of one row."""
    out = [f"  let {name}0 = {start}"]
    for i in range(1, n):
        out.append(f"  var {name}{i} = {name}{i - 1} + {step}")
    return out


def turns(n):
    """The addresses again where the tile goes on in the next row."""
    out = [f"  if column &+ {n} > pixels {{", "    var c = column"]
    for i in range(1, n):
        out.append("    c &+= 1")
        out.append(f"    x{i} = x{i - 1} + (c == pixels ? gap : step)")
        out.append(f"    y{i} = y{i - 1} + (c == pixels ? outputGap : outputStep)")
        if i < n - 1:
            out.append("    if c == pixels { c = 0 }")
    return out + ["  }"]


def step(scalar, n, u):
    """One row of the panel, u rows on, times its n values."""
    lanes = f"lanes{scalar}"
    out = [f"        let w{u}x0 = load(w + {2 * u} &* {lanes}), w{u}x1 = load(w + {2 * u + 1} &* {lanes})"]
    for i in range(n):
        v = f"v{i}u{u}"
        out.append(f"        let {v} = {scalar}Vector(repeating: x{i}[{f'c &+ {u}' if u else 'c'}])")
        out.append(f"        a{i}x0 = multiplyAdd(a{i}x0, {v}, w{u}x0); a{i}x1 = multiplyAdd(a{i}x1, {v}, w{u}x1)")
    return out


def channels(scalar, n, unrolled, indent):
    """The loop over the channels `c ..< end` of one tap."""
    out = []
    for count in sorted({unrolled, 1}, reverse=True):
        out.append(f"{indent}while c &+ {count - 1} < end {{" if count > 1 else f"{indent}while c < end {{")
        for u in range(count):
            out += [indent + "  " + line.strip() for line in step(scalar, n, u)]
        out += [f"{indent}  w += {2 * count} &* lanes{scalar}", f"{indent}  c &+= {count}", indent + "}"]
    return out


def sums(scalar, n, unrolled):
    """The loops over taps and channels, and the rectification."""
    out = [
        "  var w = panel, outer = 0, offset = 0",
        "  while outer < numbers[6] {",
        "    var inner = 0, base = offset",
        "    while inner < numbers[8] {",
        "      var c = base",
        "      let end = base &+ numbers[10]",
    ]
    out += channels(scalar, n, unrolled, "      ")
    out += [
        "      inner &+= 1",
        "      base &+= numbers[9]",
        "    }",
        "    outer &+= 1",
        "    offset &+= numbers[7]",
        "  }",
        "  if numbers[12] != 0 {",
    ]
    out += [f"    {a} = rectified({a})" for a in accumulators(n)]
    return out + ["  }"]


def accumulators(n):
    return [f"a{i}x{j}" for i in range(n) for j in (0, 1)]


def run(scalar, n, unrolled):
    """Full tiles one behind the other in a row: less to work out for each of them."""
    lanes = f"lanes{scalar}"
    out = [
        f"/// `count` tiles of {n} pixels, one behind the other in a row, with one bias and one inner tap.",
        "@inline(never)",
        f"func convolveRun{scalar}(",
        f"  _ count: Int, _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<{scalar}>,",
        f"  _ panel: UnsafePointer<{scalar}>, _ bias: UnsafePointer<{scalar}>,",
        f"  _ output: UnsafeMutablePointer<{scalar}>",
        ") {",
        "  let step = numbers[4], outputStep = numbers[5], channels = numbers[10]",
        f"  let b0 = load(bias), b1 = load(bias + {lanes})",
        f"  let floor = {scalar}Vector(repeating: numbers[12] != 0 ? 0 : -{scalar}.infinity)",
        "  var x0 = input, y0 = output, left = count",
        "  while left > 0 {",
    ]
    body = [f"  let x{i} = x{i - 1} + step" for i in range(1, n)]
    body += [f"  var a{i}x0 = b0, a{i}x1 = b1" for i in range(n)]
    body += ["  var w = panel, outer = numbers[6], c = 0, end = channels", "  repeat {"]
    body += channels(scalar, n, unrolled, "    ")
    body += ["    end &+= numbers[7]", "    c = end &- channels", "    outer &-= 1", "  } while outer > 0"]
    body += [f"  {a} = {a}.replacing(with: floor, where: {a} .< floor)" for a in accumulators(n)]
    body += [f"  let y{i} = y{i - 1} + outputStep" for i in range(1, n)]
    body += [f"  store(a{i}x0, y{i}); store(a{i}x1, y{i} + {lanes})" for i in range(n)]
    body += [f"  x0 = x{n - 1} + step", f"  y0 = y{n - 1} + outputStep", "  left &-= 1"]
    return out + ["  " + line for line in body] + ["  }", "}", ""]


def tile(scalar, n, unrolled):
    lanes = f"lanes{scalar}"
    out = [
        "@inline(never)",
        f"private func convolveTile{scalar}{n}(",
        f"  _ numbers: UnsafePointer<Int>, _ column: Int, _ input: UnsafePointer<{scalar}>,",
        f"  _ panel: UnsafePointer<{scalar}>, _ bias: UnsafePointer<{scalar}>,",
        f"  _ output: UnsafeMutablePointer<{scalar}>, _ outputStep: Int, _ outputGap: Int",
        ") {",
        ]
    if n > 1:
        out.append("  let pixels = numbers[3]")
        out.append("  let step = numbers[4], gap = numbers[1] &- (pixels &- 1) &* step")
    out += pointers("x", n, "input", "step") + pointers("y", n, "output", "outputStep")
    if n > 1:
        out += turns(n)
    out += ["  var b = bias"]
    for i in range(n):
        out.append(f"  var a{i}x0 = load(b), a{i}x1 = load(b + {lanes}); b += numbers[13]")
    out += sums(scalar, n, unrolled)
    out += [f"  store(a{i}x0, y{i}); store(a{i}x1, y{i} + {lanes})" for i in range(n)]
    out += ["}", ""]
    return out


def chooser(scalar, sizes):
    out = [
        "/// One tile of `n` pixels, one of the sizes that there are.",
        "@inline(__always)",
        f"func convolveTile{scalar}(",
        f"  _ n: Int, _ numbers: UnsafePointer<Int>, _ column: Int,",
        f"  _ input: UnsafePointer<{scalar}>, _ panel: UnsafePointer<{scalar}>, _ bias: UnsafePointer<{scalar}>,",
        f"  _ output: UnsafeMutablePointer<{scalar}>, _ outputStep: Int, _ outputGap: Int",
        ") {",
        "  switch n {",
    ]
    for r in sizes:
        label = f"case {r}" if r > 1 else "default"
        out.append(
            f"  {label}: convolveTile{scalar}{r}(numbers, column, input, panel, bias, output, "
            "outputStep, outputGap)")
    out += ["  }", "}", ""]
    return out


def main():
    out = [
        "// Register tiles of the convolutions. Generated by generate_convolution.py: do not edit.",
        "// swift-format-ignore-file",
        "//",
        "// Equation: a[pixel, k] = bias[k] + sum over taps and channels, in their order, of",
        "//   I[pixel | tap, c] F[tap, c, k], one fused multiply-add a term.",
        "// Checked by: ConvolutionKernelTests. Cost: 2 pixels (2 lanes) flops a term.",
        "",
    ]
    for condition, sizes in BUILDS:
        out += [condition, "", "/// The pixels of the next tile where `left` are left.", "@inline(__always)"]
        out += ["func convolveTileSize(_ left: Int) -> Int {"]
        if sizes[1] == sizes[0] - 1:
            # Two tiles of middling size keep the arithmetic units busier than a full and a small one.
            out += [f"  if left > {sizes[0]} && left < {sizes[0] + 4} {{ return (left &+ 1) >> 1 }}"]
        out += [f"  if left >= {n} {{ return {n} }}" for n in sizes[:-1]] + ["  return 1", "}", ""]
        out += ["/// The pixels of the largest tile.", f"let convolveTilePixels = {sizes[0]}", ""]
        for scalar in TYPES:
            out += chooser(scalar, sizes)
            out += run(scalar, sizes[0], UNROLLED.get((sizes[0], scalar), 1))
            for n in sizes:
                out += tile(scalar, n, UNROLLED.get((sizes[0], scalar), 1))
    out += ["#endif"]
    path = pathlib.Path(__file__).with_name("ConvolutionTiles.generated.swift")
    path.write_text("\n".join(out) + "\n")


main()
