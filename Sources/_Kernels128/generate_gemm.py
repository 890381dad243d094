#!/usr/bin/env python3
"""Writes GEMMTiles.generated.swift, the register tiles of the packed matrix product.

Run:  python3 Sources/_Kernels128/generate_gemm.py     (from anywhere; no arguments)

A tile is `rows` x 2 vectors of C in registers. The accumulators are separate local variables:
arrays, InlineArray and tuples of them do not stay in registers reliably. One function is written
for each number of rows up to the full tile, so that the last rows of a matrix cost what they are.

Row tiles read A as it lies in memory, row after row, where packing it would cost more than it saves.
They exist for the full tile and a few lower heights that the last rows are composed of.
"""
import pathlib

# (condition, full rows of the tile): rows x 2 vectors, all in registers (28 of 32, 12 of 16, 8 of 16)
BUILDS = [("#if NITAL_512", 14), ("#elseif NITAL_256", 6), ("#else", 4)]
TYPES = ["Float", "Double"]
ROW_TILES = {14: [14, 8, 4, 2, 1], 6: [6, 4, 2, 1], 4: [4, 2, 1]}


def tile(scalar, rows):
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
    out += ["  var a = A, b = B, p = k", "  while p > 0 {", "    let b0 = load(b), b1 = load(b + lanes" + scalar + ")"]
    for i in range(rows):
        out.append(f"    let a{i} = {V}(repeating: a[{i}])")
        out.append(f"    c{i}x0 = multiplyAdd(c{i}x0, a{i}, b0); c{i}x1 = multiplyAdd(c{i}x1, a{i}, b1)")
    out += [f"    a += {rows}; b += strideB; p &-= 1", "  }"]
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


def row_tile(scalar, rows):
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
    out += ["  var b = B, p = k", "  while p > 0 {", f"    let b0 = load(b), b1 = load(b + lanes{scalar})"]
    for i in range(rows):
        base, step = i - i % 3, ["0", "strideA", "2 &* strideA"][i % 3]
        out.append(f"    let x{i} = {V}(repeating: a{base}[{step}])")
        out.append(f"    c{i}x0 = multiplyAdd(c{i}x0, x{i}, b0); c{i}x1 = multiplyAdd(c{i}x1, x{i}, b1)")
    out.append("    " + "; ".join(f"a{base} += 1" for base in range(0, rows, 3)) + "; b += strideB; p &-= 1")
    out += ["  }", f"  let scale = {V}(repeating: alpha), old = {V}(repeating: beta)", "  c = C", "  if beta == 0 {"]
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
            out += chooser(scalar, full)
            for rows in range(full, 0, -1):
                out += tile(scalar, rows)
            out += row_chooser(scalar, full)
            for rows in ROW_TILES[full]:
                out += row_tile(scalar, rows)
    out += ["#endif"]
    path = pathlib.Path(__file__).with_name("GEMMTiles.generated.swift")
    path.write_text("\n".join(out) + "\n")


main()
