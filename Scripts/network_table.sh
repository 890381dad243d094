#!/usr/bin/env bash
# The accuracy of clusters of a network's features, as a Markdown table: equalised or not, whitened
# or not, k-means on components and on the t-SNE map, for several numbers of clusters and seeds.
#
# Usage: Scripts/network_table.sh IMAGES LABELS.csv FEATURES WEIGHTS [POOLING] [WORK-FOLDER]
#   for instance: Scripts/network_table.sh NEU/images NEU/labels.csv squeezenet:fire9 WEIGHTS.h5 mean
# A cell is the mean over the seeds in per cent, with the least and the greatest where they differ.
# Features are kept in the work folder, so that they are extracted once for each row of equalisation.
set -euo pipefail
images=$1 labels=$2 features=$3 weights=$4 pooling=${5:-mean} work=${6:-$(mktemp -d)}
nital=${NITAL:-$(dirname "$0")/../.build/release/nital}
seeds=${SEEDS:-0 1 2}
counts=${COUNTS:-6 7 8 9}

# cell OPTIONS...: accuracy over the seeds.
cell() {
  for seed in $seeds; do
    "$nital" cluster "$images" --labels "$labels" --features "$features" --weights "$weights" \
      --pooling "$pooling" --components 50 --solver randomized --starts 100 --seed "$seed" -o "$work" --quiet "$@" \
      | sed -n 's/^accuracy *\([0-9.]*\) %.*/\1/p'
  done | awk '{ s += $1; if (NR == 1 || $1 < a) a = $1; if ($1 > b) b = $1 }
    END { if (a == b) printf "%.2f", a; else printf "%.2f (%.2f to %.2f)", s / NR, a, b }'
}

echo "| CLAHE | components | grouped | ${counts// / | } |"
echo "|---|---|---|$(printf -- '---|%.0s' $counts)"
for equalize in --equalize --no-equalize; do
  for whiten in --no-whiten --whiten; do
    row="| ${equalize#--} | ${whiten#--} | components |"
    for k in $counts; do row+=" $(cell $equalize $whiten --clusters "$k") |"; done
    echo "$row"
  done
  row="| ${equalize#--} | no-whiten | t-SNE map |"
  for k in $counts; do
    row+=" $(cell $equalize --no-whiten --embedding tsne --cluster-on embedding --clusters "$k") |"
  done
  echo "$row"
done
