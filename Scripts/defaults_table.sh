#!/usr/bin/env bash
# The accuracy of the clustering chain over scales, offsets and components, as a Markdown table.
#
# Usage: Scripts/defaults_table.sh IMAGES LABELS.csv CLUSTERS [WORK-FOLDER]
# Features are kept in the work folder, so that each number of scales is extracted once.
set -euo pipefail
images=$1 labels=$2 clusters=$3 work=${4:-$(mktemp -d)}
nital=$(dirname "$0")/../.build/release/nital
components="20 30 40 50 60 80"
echo "| J | offset | ${components// / | } |"
echo "|---|---|---|---|---|---|---|---|"
for scales in 4 5 6; do
  for offset in 0.01 0.03 0.1 0.3 1; do
    row="| $scales | $offset |"
    for count in $components; do
      found=$("$nital" cluster "$images" --labels "$labels" --clusters "$clusters" --seed 0 \
        --starts 100 --scales "$scales" --offset "$offset" --components "$count" -o "$work" --quiet)
      row+=" $(sed -n 's/^accuracy *\([0-9.]*\) %.*/\1/p' <<< "$found") |"
    done
    echo "$row"
  done
done
