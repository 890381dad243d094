#!/usr/bin/env bash
# The experiment of Microstructures.docc/Steels.md: segmentation without labels on twenty steels whose
# truth is exact, beside Otsu's thresholds and k-means on grey levels.
#
# Usage: Scripts/unsupervised_steels.sh NITAL DIR [KIND...]
# Rows go to DIR/rows.tsv (kind, picture, method, superpixels, seed, accuracy, area error in points);
# rows that are there are not run again, so that an interrupted experiment goes on. The tables are
# printed at the end. About 120 trainings of 200 iterations; SEEDS and SUPERPIXELS shorten it.
set -euo pipefail
nital=$1 dir=$2
shift 2
kinds=${*:-ferritePearlite sidePlatesBainite boundaryFerriteSidePlatesPearlite
  ferritePearliteMartensite fourPhaseSteel}
# 512 x 512 pixels in superpixels of 20 pixels, and the paper's number.
superpixels=${SUPERPIXELS:-13107 50000} seeds=${SEEDS:-0 1 2}
mkdir -p "$dir"
rows=$dir/rows.tsv
touch "$rows"
"$nital" synthesize steels --count 4 --seed 4 --height 512 --width 512 -q -o "$dir/steels"

# has KEY: whether the row is there. KEY: kind, picture, method, superpixels, seed.
has() { awk -F'\t' -v k="$1" '$1 FS $2 FS $3 FS $4 FS $5 == k { f = 1 } END { exit !f }' "$rows"; }

# score KEY LABELS PHASES: appends the row.
score() {
  local numbers
  numbers=$("$nital" lab score "$2" "$3" | awk '
    /"matched"/ { on = 1 } /"merged"/ { on = 0 }
    on && /"accuracy"/ { gsub(/[^0-9.e-]/, "", $NF); a = $NF }
    on && /"area_error_points"/ { gsub(/[^0-9.e-]/, "", $NF); e = $NF }
    END { printf "%.4f\t%.2f", a, e }')
  printf '%s\t%s\n' "$1" "$numbers" >> "$rows"
}

for kind in $kinds; do
  case $kind in
    ferritePearlite | sidePlatesBainite) classes=2 ;;
    fourPhaseSteel) classes=4 ;;
    *) classes=3 ;;
  esac
  for number in 000 001 002 003; do
    image=$dir/steels/images/$kind-$number.png phases=$dir/steels/phases/$kind-$number.png
    for method in otsu kmeans; do
      key=$(printf '%s\t%s\t%s\t-\t0' "$kind" "$number" "$method")
      has "$key" && continue
      flag=$([ "$method" = kmeans ] && echo --kmeans || true)
      "$nital" lab otsu "$image" --classes "$classes" $flag -q -o "$dir/labels.npy"
      score "$key" "$dir/labels.npy" "$phases"
    done
    for count in $superpixels; do
      for seed in $seeds; do
        key=$(printf '%s\t%s\tsegment\t%s\t%s' "$kind" "$number" "$count" "$seed")
        has "$key" && continue
        run=$dir/run-$kind-$number-$count-$seed
        "$nital" segment "$image" --classes "$classes" --iterations 200 --seed "$seed" \
          --superpixels "$count" -q -o "$run"
        score "$key" "$(find "$run" -name labels.png | head -n 1)" "$phases"
      done
    done
  done
done

printf '| kind | picture | method | superpixels | seed | accuracy | area error, points |\n'
printf '|---|---|---|---|---|---|---|\n'
awk -F'\t' '{ printf "| %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7 }' "$rows"

# For each number of superpixels: pictures of one shared grey on which the median accuracy of the
# seeds beats both baselines, and the median area error of all runs.
sort -t "$(printf '\t')" -k7,7g "$rows" | awk -F'\t' '
  $3 != "segment" { b = $1 FS $2; if ($6 > base[b]) base[b] = $6; next }
  { n[$4]++; error[$4, n[$4]] = $7; k = $4 FS $1 FS $2; list[k] = list[k] " " $6 }
  END {
    for (k in list) {
      m = split(list[k], v, " ")
      for (i = 2; i <= m; i++)
        for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
      median = m % 2 ? v[(m + 1) / 2] : (v[m / 2] + v[m / 2 + 1]) / 2
      split(k, part, FS)
      if (part[2] == "ferritePearlite") continue
      all[part[1]]++
      if (median > base[part[2] FS part[3]]) wins[part[1]]++
    }
    for (s in n) {
      h = int((n[s] + 1) / 2)
      middle = n[s] % 2 ? error[s, h] : (error[s, h] + error[s, h + 1]) / 2
      printf "\n%s superpixels: better than both baselines on %d of %d pictures that share a grey; ",
        s, wins[s], all[s]
      printf "median area error %.2f points\n", middle
    }
  }'
