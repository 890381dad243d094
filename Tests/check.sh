#!/usr/bin/env bash
# The one gate: format, build, tests on every instruction set that the host has, kernel audit,
# the small kernel tests under qemu, the commands of the README. Any failure ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

for tool in swift nm qemu-x86_64; do
  command -v "$tool" > /dev/null || { echo "check.sh: $tool is missing" >&2; exit 1; }
done

say "format"
swift format lint --strict -r Sources Tests Benchmarks Package.swift

say "build (release, warnings are errors)"
swift build -c release --build-tests --explicit-target-dependency-import-check error

say "kernel audit"
Tests/audit_kernels.sh

for isa in $(.build/release/nital doctor --instruction-sets); do
  say "tests at $isa"
  NITAL_ISA=$isa swift test -c release --skip-build 2>&1 | tee "/tmp/nital-tests-$$.log" | grep -vE '^(◇|✔ (Test|Suite) )' || true
  grep -qE '^✔ Test run with [1-9][0-9]* tests' "/tmp/nital-tests-$$.log" || {
    grep -E '^✘' "/tmp/nital-tests-$$.log" >&2
    echo "check.sh: the tests at $isa failed" >&2
    exit 1
  }
  tail -n 1 "/tmp/nital-tests-$$.log"
  rm -f "/tmp/nital-tests-$$.log"
done

say "command line"
Tests/command_line.sh

say "kernel tests under qemu"
Tests/run_qemu.sh

say "README commands"
Tests/readme_commands.sh

say "all checks passed"
