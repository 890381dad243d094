#!/usr/bin/env bash
# Runs the fenced `sh` blocks of the README in a scratch folder that looks like a fresh clone, in
# order. Lines that install packages, build or run the tests are left to the steps before this one.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
awk '/^```sh$/ {inside = 1; next} /^```$/ {inside = 0} inside' "$top/README.md" \
  | sed -E 's/(sudo )?apt-get [^&]*&& //g; s/swift build [^&]*&& //g' \
  | grep -vE '^ *(#|swift (build|test|run|package)|apt-get|git clone|cd |Tests/|\.ci/|python3|cd Benchmarks)' > "$scratch/commands" || true
count=$(grep -c . "$scratch/commands" || true)
[ "$count" -ge 3 ] || { echo "readme_commands.sh: only $count commands found" >&2; exit 1; }
mkdir "$scratch/clone" && cd "$scratch/clone"
ln -s "$top/.build" .build
ln -s "$top/Tests" Tests
while IFS= read -r command; do
  [ -n "$command" ] || continue
  printf '$ %s\n' "$command"
  bash -euo pipefail -c "$command" > "$scratch/out" 2>&1 < /dev/null || {
    cat "$scratch/out" >&2
    echo "readme_commands.sh: failed: $command" >&2
    exit 1
  }
done < "$scratch/commands"
echo "$count README commands ran"
