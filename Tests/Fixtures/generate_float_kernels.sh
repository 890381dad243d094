#!/bin/sh
# Makes RotationsFloat.swift, ReflectorsFloat.swift and TrianglesFloat.swift from the Double files of the same kernels.
# Run it from anywhere; `git diff --exit-code` afterwards shows whether they were up to date.
set -eu
cd "$(dirname "$0")/../../Sources/_Kernels128"
for name in Rotations Reflectors Triangles; do
  sed -e 's/Double/Float/g' -e "s|^// ${name}Float.swift is generated from this file by|// Generated from ${name}.swift by|" \
    "$name.swift" > "${name}Float.swift"
done
for width in 256 512; do
  for name in Rotations Reflectors Triangles RotationsFloat ReflectorsFloat TrianglesFloat; do
    ln -sf "../_Kernels128/$name.swift" "../_Kernels$width/$name.swift"
  done
done
