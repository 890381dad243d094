#!/usr/bin/env bash
# Segmentation without labels of micrographs that have painted masks, beside Otsu's thresholds, as a
# Markdown table: pixel accuracy and mean IoU after the best matching of labels and phases.
#
# Usage: Scripts/masked_micrographs.sh NITAL DIR CLASSES IMAGE-FOLDER MASK-FOLDER [IMAGE- MASK-...]
# The mask of NAME.tif is NAME_mask.tif. DIR receives a folder an image; what is there is not trained
# again. FILTERS, OUTPUTS, ITERATIONS, SUPERPIXELS and SEED are those of Scripts/unsupervised_steels.sh.
set -euo pipefail
nital=$(realpath "$1") dir=$2 classes=$3
shift 3
mkdir -p "$dir"
settings=(--minimum-labels 1 --final-labels before --iterations "${ITERATIONS:-30}" --filters "${FILTERS:-16}"
  --outputs "${OUTPUTS:-16}" --superpixels "${SUPERPIXELS:-13107}" --seed "${SEED:-0}" -q)

# score MASK: accuracy and mean IoU of labels.npy.
score() {
  "$nital" lab score "$dir/labels.npy" "$1" --painted | awk '
    /"matched"/ { on = 1 } /"merged"/ { on = 0 }
    on && /"accuracy"/ { gsub(/[^0-9.e-]/, "", $NF); a = $NF }
    on && /"mean_intersection_over_union"/ { gsub(/[^0-9.e-]/, "", $NF); m = $NF }
    END { printf " %.3f, %.3f |", a, m }'
}

echo "| picture | boundary | texture | Otsu |"
echo "|---|---|---|---|"
while [ $# -ge 2 ]; do
  for image in "$1"/*.tif; do
    name=$(basename "$image" .tif)
    mask=$2/${name}_mask.tif
    [ -e "$dir/$name.tif/labels.png" ] || "$nital" segment "$image" "${settings[@]}" -o "$dir" > /dev/null
    row="| $name |"
    for grouping in boundary texture; do
      "$nital" lab classes "$dir/$name.tif/labels.png" --classes "$classes" --grouping $grouping -q \
        -o "$dir/labels.npy"
      row+=$(score "$mask")
    done
    "$nital" lab otsu "$image" --classes "$classes" -q -o "$dir/labels.npy"
    echo "$row$(score "$mask")"
  done
  shift 2
done | tee "$dir/rows.md"
awk -F'[|,]' '/^\|/ { for (i = 0; i < 3; i++) s[i] += $(4 + 2 * i); n++ }
  END { printf "\nMean IoU of %d pictures: boundary %.3f, texture %.3f, Otsu %.3f\n", n, s[0] / n, s[1] / n, s[2] / n }' \
  "$dir/rows.md"
