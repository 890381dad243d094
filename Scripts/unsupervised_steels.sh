#!/usr/bin/env bash
# The experiment of Microstructures.docc/Steels.md: segmentation without labels on twenty steels whose
# truth is exact, beside Otsu's thresholds and k-means on grey levels.
#
# Usage: Scripts/unsupervised_steels.sh NITAL DIR [KIND...]
# DIR receives rows.tsv (kind, picture, method, superpixels, seed, accuracy, area error in points) and a
# folder a training; what is there is not done again, so that an interrupted experiment goes on. The
# tables are printed at the end.
# The paper's network (FILTERS=100 OUTPUTS=50) and 200 iterations take about 500 seconds of one
# processor a training, 120 trainings 17 hours. The defaults take 10 seconds each. JOBS trainings run
# side by side, of one thread each.
# A training ends after ITERATIONS, at most 200, with the labels that its last step was computed from;
# they become the number of phases by `nital lab classes`, once by boundaries and once by texture. A
# training that has that few labels earlier is run again with --classes, which ends there.
set -euo pipefail
nital=$(realpath "$1") dir=$2
shift 2
kinds=${*:-sidePlatesBainite boundaryFerriteSidePlatesPearlite ferritePearliteMartensite
  fourPhaseSteel ferritePearlite}
# 512 x 512 pixels in superpixels of 20 pixels, and the paper's number.
superpixels=${SUPERPIXELS:-13107 50000} seeds=${SEEDS:-0 1 2} iterations=${ITERATIONS:-30}
pictures=${PICTURES:-000 001 002 003}
export nital dir iterations filters=${FILTERS:-16} outputs=${OUTPUTS:-16}
mkdir -p "$dir"
rows=$dir/rows.tsv
touch "$rows"
[ -s "$dir/steels/truth.json" ] || "$nital" synthesize steels --count 4 --seed 4 --height 512 \
  --width 512 -q -o "$dir/steels"

# phases KIND: how many there are.
phases() {
  case $1 in
    ferritePearlite | sidePlatesBainite) echo 2 ;;
    fourPhaseSteel) echo 4 ;;
    *) echo 3 ;;
  esac
}

# train KIND PICTURE SUPERPIXELS SEED: the labels of a training, with the number of phases where it is
# reached.
train() {
  local run=$dir/run-$1-$2-$3-$4
  [ -e "$run/done" ] && return
  local settings=(--iterations "$iterations" --seed "$4" --superpixels "$3" --filters "$filters"
    --outputs "$outputs" --max-memory 8G -j 1 -q -o "$run")
  "$nital" segment "$dir/steels/images/$1-$2.png" --minimum-labels 1 --final-labels before \
    "${settings[@]}" > "$run.log" 2>&1
  local least
  least=$(awk -F, 'NR == 2 || (NR > 2 && $4 < m) { m = $4 } END { print m }' "$run"/*/iterations.csv)
  [ "$least" -gt "$(phases "$1")" ] || "$nital" segment "$dir/steels/images/$1-$2.png" \
    --classes "$(phases "$1")" "${settings[@]}" > "$run.log" 2>&1
  touch "$run/done"
}
export -f train phases

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

for seed in $seeds; do
  for number in $pictures; do
    for count in $superpixels; do
      for kind in $kinds; do echo "$kind $number $count $seed"; done
    done
  done
done | xargs -P "${JOBS:-2}" -L 1 bash -c 'train "$@"' train

for kind in $kinds; do
  classes=$(phases "$kind")
  for number in $pictures; do
    image=$dir/steels/images/$kind-$number.png truth=$dir/steels/phases/$kind-$number.png
    for method in otsu kmeans; do
      key=$(printf '%s\t%s\t%s\t-\t0' "$kind" "$number" "$method")
      has "$key" && continue
      flag=$([ "$method" = kmeans ] && echo --kmeans || true)
      "$nital" lab otsu "$image" --classes "$classes" $flag -q -o "$dir/labels.npy"
      score "$key" "$dir/labels.npy" "$truth"
    done
    for count in $superpixels; do
      for seed in $seeds; do
        for grouping in boundary texture; do
          key=$(printf '%s\t%s\t%s\t%s\t%s' "$kind" "$number" "$grouping" "$count" "$seed")
          has "$key" && continue
          "$nital" lab classes "$dir/run-$kind-$number-$count-$seed/$kind-$number.png/labels.png" \
            --classes "$classes" --grouping "$grouping" -q -o "$dir/labels.npy"
          score "$key" "$dir/labels.npy" "$truth"
        done
      done
    done
  done
done

printf '| kind | picture | method | superpixels | seed | accuracy | area error, points |\n'
printf '|---|---|---|---|---|---|---|\n'
awk -F'\t' '{ printf "| %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7 }' "$rows"

# For each rule and number of superpixels: pictures of one shared grey on which the median accuracy of
# the seeds beats both baselines, and the median area error of all runs.
sort -t "$(printf '\t')" -k7,7g "$rows" | awk -F'\t' '
  $4 == "-" { b = $1 FS $2; if ($6 > base[b]) base[b] = $6; next }
  { s = $3 ", " $4; n[s]++; error[s, n[s]] = $7; k = s FS $1 FS $2; list[k] = list[k] " " $6 }
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
