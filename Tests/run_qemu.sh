#!/bin/sh
# Runs the kernel tests on emulated processors: SSE2 alone (qemu64), and AVX2 (Haswell).
#
# The suites are those whose names end in KernelTests, in the release build of the tests. An AVX
# instruction outside its kernels ends the SSE2 run with an illegal instruction.
#
# Usage: Tests/run_qemu.sh     after: swift build -c release --build-tests
set -eu
cd "$(dirname "$0")/.."
bundle=.build/release/nitalPackageTests.xctest
filter='KernelTests'

if ! command -v qemu-x86_64 > /dev/null; then
  echo "qemu run: qemu-x86_64 is missing (apt-get install qemu-user)" >&2
  exit 1
fi
if [ ! -x "$bundle" ]; then
  echo "qemu run: $bundle is missing; build with: swift build -c release --build-tests" >&2
  exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Runs the suites on the processor model $1 and fails unless at least one test ran and all passed.
run() {
  start=$(date +%s)
  status=0
  env -u NITAL_ISA qemu-x86_64 -cpu "$1" "$bundle" \
    --testing-library swift-testing --filter "$filter" > "$log" 2>&1 || status=$?
  count=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\} .*passed.*/\1/p' "$log")
  if [ "$status" -ne 0 ] || [ "${count:-0}" -eq 0 ]; then
    grep -a -E 'recorded an issue|failed|crashed|uncaught' "$log" | head -20 >&2 || true
    tail -5 "$log" >&2
    echo "qemu run: $1: status $status, ${count:-no} tests passed" >&2
    exit 1
  fi
  echo "qemu run: $1: $count tests passed in $(($(date +%s) - start)) s"
}

run qemu64
run Haswell
