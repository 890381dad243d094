#!/usr/bin/env python3
"""Writes GEMMTiles.generated.swift, the register tiles of the packed matrix product.

Run:  python3 Sources/_Kernels128/generate_gemm.py     (from anywhere; no arguments)

A tile is `rows` x 2 vectors of C in registers. The accumulators are separate local variables:
arrays, InlineArray and tuples of them do not stay in registers reliably. One function is written
for each number of rows up to the full tile, so that the last rows of a matrix cost what they are.

Where UNROLLED says so, the loops over the depth are unrolled: their own instructions would else take a
seventh of what the processor can issue, which is scarce where another hardware thread shares the core.
(Not elsewhere: the compiler then moves sums out of registers, and the widest kernels need fewer
instructions anyway.)

Row tiles read A as it lies in memory, row after row, where packing it would cost more than it saves.
They exist for the full tile and a few lower heights that the last rows are composed of.
"""
import pathlib

# (condition, full rows of the tile): rows x 2 vectors, all in registers (28 of 32, 12 of 16, 8 of 16)
BUILDS = [("#if NITAL_512", 14), ("#elseif NITAL_256", 6), ("#else", 4)]
TYPES = ["Float", "Double"]
UNROLLED = {(6, "Float"): 4}  # (full rows, type): steps
ROW_TILES = {14: [14, 8, 4, 2, 1], 6: [6, 4, 2, 1], 4: [4, 2, 1]}


def depth_loop(scalar, rows, unrolled, factor, advance):
    """The loop over the depth, `unrolled` steps at a time; `factor(i, u)` is A's number of row i, u steps on, and
    `advance(u)` moves the pointers to A by u steps."""
    out = []
    for count in sorted({unrolled, 1}, reverse=True):
        out.append(f"  while p >= {count} {{")
        for u in range(count):
            start = "b" if u == 0 else "b + strideB" if u == 1 else f"b + {u} &* strideB"
            out.append(f"    let r{u} = {start}")
            out.append(f"    let b{u}x0 = load(r{u}), b{u}x1 = load(r{u} + lanes{scalar})")
            for i in range(rows):
                a = f"a{i}u{u}"
                out.append(f"    let {a} = {scalar}Vector(repeating: {factor(i, u)})")
                out.append(f"    c{i}x0 = multiplyAdd(c{i}x0, {a}, b{u}x0); c{i}x1 = multiplyAdd(c{i}x1, {a}, b{u}x1)")
        step = "strideB" if count == 1 else f"{count} &* strideB"
        out += [f"    {advance(count)}; b += {step}; p &-= {count}", "  }"]
    return out


def tile(scalar, rows, unrolled):
    V = f"{scalar}Vector"
    out = [
        "@inline(never)",
        f"func gemmTile{scalar}{rows}(",
        f"  _ k: Int, _ A: UnsafePointer<{scalar}>, _ B: UnsafePointer<{scalar}>, _ strideB: Int,",
        f"  _ alpha: {scalar}, _ beta: {scalar}, _ C: UnsafeMutablePointer<{scalar}>, _ strideC: Int",
        ") {",
    ]
    for i in range(rows):
        out.append(f"  var c{i}x0 = {V}.zero, c{i}x1 = {V}.zero")
    out.append("  var a = A, b = B, p = k")
    out += depth_loop(scalar, rows, unrolled, lambda i, u: f"a[{u * rows + i}]", lambda u: f"a += {u * rows}")
    out.append(f"  let scale = {V}(repeating: alpha), old = {V}(repeating: beta)")
    out.append("  var c = C")
    out.append("  if beta == 0 {")
    for i in range(rows):
        out.append(f"    store(scale * c{i}x0, c); store(scale * c{i}x1, c + lanes{scalar}); c += strideC")
    out.append("  } else {")
    for i in range(rows):
        out.append(
            f"    update(c, old, scale, c{i}x0); update(c + lanes{scalar}, old, scale, c{i}x1); c += strideC")
    out += ["  }", "}", ""]
    return out


def row_tile(scalar, rows, unrolled):
    V = f"{scalar}Vector"
    out = [
        "@inline(never)",
        f"func gemmRowTile{scalar}{rows}(",
        f"  _ k: Int, _ A: UnsafePointer<{scalar}>, _ strideA: Int, _ B: UnsafePointer<{scalar}>,",
        f"  _ strideB: Int, _ continues: Bool, _ alpha: {scalar}, _ beta: {scalar},",
        f"  _ C: UnsafeMutablePointer<{scalar}>, _ strideC: Int",
        ") {",
    ]
    for i in range(rows):
        out.append(f"  var c{i}x0 = {V}.zero, c{i}x1 = {V}.zero")
    out += ["  var c = C", "  if continues {"]
    for i in range(rows):
        out.append(f"    c{i}x0 = load(c); c{i}x1 = load(c + lanes{scalar}); c += strideC")
    out += ["  }"]
    # A base for every three rows: an address holds one base and one or two strides.
    for base in range(0, rows, 3):
        out.append(f"  var a{base} = A + {base} &* strideA")
    out.append("  var b = B, p = k")
    bases = range(0, rows, 3)

    def factor(i, u):
        terms = [t for t in (["", "strideA", "2 &* strideA"][i % 3], str(u) if u else "") if t]
        return f"a{i - i % 3}[{' &+ '.join(terms) or '0'}]"

    out += depth_loop(scalar, rows, unrolled, factor, lambda u: "; ".join(f"a{i} += {u}" for i in bases))
    out += [f"  let scale = {V}(repeating: alpha), old = {V}(repeating: beta)", "  c = C", "  if beta == 0 {"]
    for i in range(rows):
        out.append(f"    store(scale * c{i}x0, c); store(scale * c{i}x1, c + lanes{scalar}); c += strideC")
    out.append("  } else {")
    for i in range(rows):
        out.append(
            f"    update(c, old, scale, c{i}x0); update(c + lanes{scalar}, old, scale, c{i}x1); c += strideC")
    out += ["  }", "}", ""]
    return out


def row_chooser(scalar, full):
    out = [
        "/// The height of the row tile for the next of `rows` rows.",
        "@inline(__always)",
        f"func gemmRowTileHeight{scalar}(_ rows: Int) -> Int {{",
    ]
    for r in ROW_TILES[full][:-1]:
        out.append(f"  if rows >= {r} {{ return {r} }}")
    out += ["  return 1", "}", ""]
    out += [
        "/// One tile of `rows` x 2 vectors whose A lies in rows; the sum starts at C where it `continues`.",
        "@inline(__always)",
        f"func gemmRowTile{scalar}(",
        f"  _ rows: Int, _ k: Int, _ A: UnsafePointer<{scalar}>, _ strideA: Int,",
        f"  _ B: UnsafePointer<{scalar}>, _ strideB: Int, _ continues: Bool, _ alpha: {scalar},",
        f"  _ beta: {scalar}, _ C: UnsafeMutablePointer<{scalar}>, _ strideC: Int",
        ") {",
        "  switch rows {",
    ]
    for r in ROW_TILES[full]:
        label = f"case {r}" if r > 1 else "default"
        out.append(
            f"  {label}: gemmRowTile{scalar}{r}(k, A, strideA, B, strideB, continues, alpha, beta, C, strideC)")
    out += ["  }", "}", ""]
    return out


def chooser(scalar, full):
    out = [
        "/// One tile of `rows` x 2 vectors: C = beta C + alpha (A B), C not read where beta is 0.",
        "@inline(__always)",
        f"func gemmTile{scalar}(",
        f"  _ rows: Int, _ k: Int, _ A: UnsafePointer<{scalar}>, _ B: UnsafePointer<{scalar}>,",
        f"  _ strideB: Int, _ alpha: {scalar}, _ beta: {scalar}, _ C: UnsafeMutablePointer<{scalar}>,",
        "  _ strideC: Int",
        ") {",
        "  switch rows {",
    ]
    for r in range(full, 0, -1):
        label = f"case {r}" if r > 1 else "default"
        out.append(f"  {label}: gemmTile{scalar}{r}(k, A, B, strideB, alpha, beta, C, strideC)")
    out += ["  }", "}", ""]
    return out


def main():
    out = [
        "// Register tiles of the packed matrix product. Generated by generate_gemm.py: do not edit.",
        "// swift-format-ignore-file",
        "//",
        "// Equation: C[i, j] = beta C[i, j] + alpha sum over p of A[p, i] B[p, j], p rising, one fused",
        "//   multiply-add a term, for a tile of `rows` x 2 vectors; A is packed [p][rows], B [p][strideB];",
        "//   row tiles read A as [row][strideA].",
        "// Checked by: MatmulKernelTests, twin matmulReference. Cost: 2 rows (2 lanes) k flops.",
        "",
    ]
    for condition, full in BUILDS:
        out += [condition, "", f"let gemmTileRows = {full}", ""]
        for scalar in TYPES:
            unrolled = UNROLLED.get((full, scalar), 1)
            out += chooser(scalar, full)
            for rows in range(full, 0, -1):
                out += tile(scalar, rows, unrolled)
            out += row_chooser(scalar, full)
            for rows in ROW_TILES[full]:
                out += row_tile(scalar, rows, unrolled)
    out += ["#endif"]
    path = pathlib.Path(__file__).with_name("GEMMTiles.generated.swift")
    path.write_text("\n".join(out) + "\n")


main()
