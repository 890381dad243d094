#!/bin/sh
# Fails if a kernel object holds a weak text symbol that does not carry its own module's name.
#
# The linker keeps one copy of weak code that several objects share. A copy that was compiled for AVX
# in _Kernels256 or _Kernels512 would then run everywhere, also on a machine without AVX.
#
# Usage: Tests/audit_kernels.sh [CONFIGURATION]     (release, the default, or debug; built before)
set -eu
cd "$(dirname "$0")/.."
configuration=${1:-release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the weak text symbols of the object $1 that lack the mangled name of module $2.
# A module's name is mangled as its length and the name.
foreign_symbols() {
  nm "$1" > "$work/symbols"
  awk -v own="${#2}$2" '($2 == "W" || $2 == "w") && index($3, own) == 0 { print $3 }' "$work/symbols"
}

# The check itself must be able to fail: plant code that emits a weak specialisation.
cat > "$work/Planted.swift" <<'SWIFT'
@inline(never) public func planted(_ n: Int) -> [Float] {
  var values: [Float] = []
  for i in 0..<n { values.append(Float(i)) }
  return values.sorted()
}
SWIFT
swiftc -O -parse-as-library -module-name _Kernels256 -c "$work/Planted.swift" -o "$work/Planted.o"
planted=$(foreign_symbols "$work/Planted.o" _Kernels256 | wc -l)
if [ "$planted" -eq 0 ]; then
  echo "kernel audit: the planted violation was not found" >&2
  exit 1
fi

objects=0 symbols=0 violations=0
modules="_Kernels128"
if [ "$(uname -m)" = x86_64 ] && [ "${NITAL_PORTABLE:-0}" != 1 ]; then
  modules="$modules _Kernels256 _Kernels512"
fi
for module in $modules; do
  found=0
  for object in .build/"$configuration"/"$module".build/*.o; do
    [ -e "$object" ] || continue
    foreign=$(foreign_symbols "$object" "$module")
    count=$(grep -c ' [TtWw] ' "$work/symbols" || true)
    found=$((found + 1)) symbols=$((symbols + count))
    if [ -n "$foreign" ]; then
      echo "kernel audit: $object has weak symbols that are not of $module:" >&2
      echo "$foreign" | sed 's/^/  /' >&2
      violations=$((violations + 1))
    fi
  done
  if [ "$found" -eq 0 ]; then
    echo "kernel audit: no objects of $module in .build/$configuration; build first" >&2
    exit 1
  fi
  objects=$((objects + found))
done
echo "kernel audit: $objects objects, $symbols text symbols, $violations objects with violations" \
  "(planted violation found: $planted symbols)"
[ "$violations" -eq 0 ] && [ "$symbols" -gt 0 ]
