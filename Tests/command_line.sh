#!/usr/bin/env bash
# Runs the built `nital` as its users do: exit status, streams, awkward files, interruptions.
# Usage: Tests/command_line.sh [PROGRAM] (default .build/release/nital). Prints "N passed, M failed".
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
nital=$(realpath "${1:-$top/.build/release/nital}")
[ -x "$nital" ] || { echo "command_line.sh: $nital is not there; build first" >&2; exit 1; }
unset NITAL_ISA NITAL_THREADS
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0
failed=0

# report NAME STATUS: counts one check.
report() {
  if [ "$2" = 0 ]; then passed=$((passed + 1)); return; fi
  failed=$((failed + 1))
  echo "FAILED: $1" >&2
  head -c 600 err >&2 2> /dev/null
}

# expect STATUS NAME COMMAND...: the command ends with the status; its streams are in out and err.
expect() {
  local wanted=$1 name=$2 status
  shift 2
  timeout 60 "$@" > out 2> err < /dev/null
  status=$?
  [ "$status" = "$wanted" ]
  report "$name (status $status, expected $wanted)" $?
}

# check NAME COMMAND...: the command ends with 0.
check() {
  local name=$1
  shift
  "$@" > /dev/null 2>&1
  report "$name" $?
}

# isJSON FILE: the file holds one object, its braces and quotes in pairs, with a schema version.
isJSON() {
  head -c 1 "$1" | grep -q '{' && tail -c 2 "$1" | grep -q '}' \
    && grep -q '"schema_version" *: *1' "$1" \
    && [ "$(tr -cd '{' < "$1" | wc -c)" = "$(tr -cd '}' < "$1" | wc -c)" ] \
    && [ $(($(tr -cd '"' < "$1" | wc -c) % 2)) = 0 ]
}

# same A B: clusters.csv and model.safetensors of two result folders are equal, no leftovers in B.
same() {
  cmp -s "$1/clusters.csv" "$2/clusters.csv" && cmp -s "$1/model.safetensors" "$2/model.safetensors" \
    && [ -z "$(find "$2" -name '.*.tmp-*')" ]
}

# Draw the pictures: three kinds of 64 x 64 pixels.
for kind in lamellarPearlite scratches nodularIron; do
  "$nital" synthesize "$kind" --count 8 --height 64 --width 64 -q -o "drawn/$kind" || exit 1
done
mkdir images
cp drawn/*/images/*.png images/
chain=(--scales 3 --orientations 4 --components 4 --starts 20 --clusters 3)
one=images/scratches-000.png

# Exit status
expect 0 "help" "$nital" --help
check "help goes to stdout" grep -q "EXIT STATUS" out
expect 0 "version" "$nital" --version
expect 0 "cluster" "$nital" cluster images -o a "${chain[@]}" --labels from-names
for file in clusters.csv model.safetensors report.html run.json figures/scree.svg figures/scree.csv; do
  check "$file is written" test -s "a/$file"
done
check "the summary names the accuracy" grep -q "accuracy  100.00 %" out
expect 0 "classify" "$nital" classify a/model.safetensors images
check "the table goes to stdout" grep -q "^file,cluster,class,distance" out
check "25 rows" test "$(wc -l < out)" = 25
expect 0 "doctor" "$nital" doctor
expect 2 "no verb's option" "$nital" --frobnicate
expect 2 "unknown verb" "$nital" frobnicate
expect 2 "unknown option" "$nital" cluster images -o b --frobnicate
check "usage goes to stderr" grep -q frobnicate err
check "nothing goes to stdout" test ! -s out
expect 2 "no images" "$nital" cluster -o b
expect 2 "no output" "$nital" cluster images
for wrong in "--clusters 0" "--clusters x" "--clusters 9-3" "--starts 0" "--folds 1" "--scales 99" \
  "--threads 0" "--offset 0" "--offset nan" "--components 0" "--seed -1"; do
  # shellcheck disable=SC2086
  expect 2 "cluster $wrong" "$nital" cluster images -o b $wrong
done
expect 2 "more clusters than images" "$nital" cluster images -o b "${chain[@]}" --clusters 99
expect 2 "folds without classes" "$nital" cluster images -o b "${chain[@]}" --folds 3
expect 2 "unknown kind" "$nital" synthesize nothing -o b
expect 3 "absent folder" "$nital" cluster absent -o b "${chain[@]}"
check "the message names it" grep -q "error: absent: " err
mkdir none
expect 3 "folder without pictures" "$nital" cluster none -o b "${chain[@]}"
expect 3 "pattern without match" "$nital" cluster 'images/*.bmp' -o b "${chain[@]}"
expect 3 "one picture" "$nital" cluster "$one" -o b "${chain[@]}"
expect 3 "absent labels" "$nital" cluster images -o b "${chain[@]}" --labels absent.csv
expect 3 "absent run record" "$nital" cluster -o b --config absent.json
expect 5 "absent model" "$nital" classify absent images
expect 5 "a picture as model" "$nital" classify "$one" images
head -c 2000 a/model.safetensors > cut.safetensors
expect 5 "truncated model" "$nital" classify cut.safetensors images
check "the message names the model" grep -q "cut.safetensors: " err
expect 3 "nothing to classify" "$nital" classify a/model.safetensors absent.png
expect 0 "dry run" "$nital" cluster images -o dry "${chain[@]}" --dry-run
check "a dry run writes nothing" test ! -e dry

# Streams
for verb in "doctor" "image inspect $one" "cluster images -o j ${chain[*]} --labels from-names --folds 2" \
  "classify a/model.safetensors images"; do
  # shellcheck disable=SC2086
  expect 0 "json $verb" "$nital" $verb --json -q
  check "json of $verb" isJSON out
  check "quiet $verb" test ! -s err
done
expect 0 "jsonl" "$nital" image inspect --jsonl images/*.png
check "one line a picture" test "$(grep -c '^{.*}$' out)" = 24
expect 0 "quiet cluster" "$nital" cluster images -o q -q "${chain[@]}"
check "no progress when quiet" test ! -s err
check "no control characters in a log" bash -c '! LC_ALL=C grep -q "[[:cntrl:]]" err'
"$nital" classify a/model.safetensors images/*.png images/*.png 2> err | head -n 1 > out
check "a closed pipe is quiet" test "${PIPESTATUS[0]}" -le 1 -a -z "$(grep -v 'images, \|^features' err)"
( "$nital" classify a/model.safetensors images -q; echo $? > status ) | true
check "a closed pipe ends without a signal" test "$(cat status)" -lt 128
if [ -w /dev/full ]; then
  "$nital" classify a/model.safetensors images -q > /dev/full 2> err
  check "a full stdout is an error" test $? = 1
  check "it is told" grep -q "stdout: cannot be written" err
  expect 3 "a full device as output" "$nital" image convert "$one" -o /dev/full
fi

# Awkward pictures
mkfifo pipe.png
: > empty.png
head -c 400 "$one" > cut.png
mkdir folder.png
ln -s loop.png loop.png
for bad in pipe.png empty.png cut.png folder.png loop.png absent.png /dev/null /dev/zero; do
  expect 3 "inspect $bad" "$nital" image inspect "$bad"
  check "the message names $bad" grep -qF "error: $bad: " err
  expect 1 "$bad beside a good one" "$nital" image inspect "$bad" "$one"
done
rm pipe.png
cp -r images some
cp cut.png some/nodularIron-003a.png
expect 1 "cluster with a bad image" "$nital" cluster some -o c "${chain[@]}" --labels from-names
check "its row says why" grep -q "^nodularIron-003a.png,,,,,\"\{0,1\}failed: " c/clusters.csv
grep -v 003a c/clusters.csv > rest
check "the other rows are unchanged" cmp rest a/clusters.csv
check "the model is unchanged" cmp c/model.safetensors a/model.safetensors
check "the report lists it" grep -q "003a" c/report.html
expect 1 "classify with a bad image" "$nital" classify a/model.safetensors some -o c
check "its row" grep -q "^nodularIron-003a.png,,,,,,\"\{0,1\}failed: " c/classes.csv
expect 3 "strict" "$nital" cluster some -o d "${chain[@]}" --strict
check "strict writes no result" test ! -e d/clusters.csv
expect 3 "strict classify" "$nital" classify a/model.safetensors some --strict
expect 3 "bad images alone" "$nital" classify a/model.safetensors cut.png

# Awkward names
mkdir names
i=0
for name in "two words" $'new\nline' "=1+1" "<script>alert(1)<" $'latin\xe9' "a,b;c" "quote\"'" "-o" \
  "%s%n" "Gefüge β"; do
  cp "images/scratches-00$((i % 8)).png" "names/$name.png"
  i=$((i + 1))
done
cp images/nodular*.png names/
expect 0 "awkward names" "$nital" cluster names -o n "${chain[@]}"
check "a name with a space" grep -q "^two words.png," n/clusters.csv
check "a formula is defused" grep -q "^'=1+1.png," n/clusters.csv
check "no cell begins with =" bash -c '! grep -q "^=" n/clusters.csv'
check "markup is escaped" bash -c '! grep -qF "<script>alert" n/report.html'
check "the table is UTF-8" iconv -f UTF-8 -t UTF-8 n/clusters.csv
check "no absolute path in the table or the model" \
  bash -c "! grep -qaF '$work' n/clusters.csv n/model.safetensors"
(cd names && find . -name '*.png' -print | grep -av new | head -n 14 | sed 's|^\./||; s|^|names/|') > list
expect 0 "a list" "$nital" cluster @list -o l "${chain[@]}"

# The same bytes again
expect 0 "repeat" "$nital" cluster --config a/run.json -o r -q
check "--config repeats the bytes" same a r
expect 0 "from elsewhere" bash -c "mkdir -p x && cd x && '$nital' cluster --config ../a/run.json -o ../s -q"
check "--config works from another folder" same a s
expect 0 "options override" "$nital" cluster --config a/run.json -o t --clusters 2 -q
check "other options, other bytes" bash -c '! cmp -s a/model.safetensors t/model.safetensors'
sed 's/"scales" *: *3/"scales": 1000000/' a/run.json > odd.json
expect 3 "a run record that makes no sense" "$nital" cluster --config odd.json -o u
for threads in 1 3 8; do
  expect 0 "$threads threads" "$nital" cluster images -o "th$threads" "${chain[@]}" --labels from-names \
    -q -j "$threads"
  check "same bytes with $threads threads" same a "th$threads"
done
for isa in $("$nital" doctor --instruction-sets); do
  NITAL_ISA=$isa expect 0 "NITAL_ISA=$isa" "$nital" doctor
  check "$isa is used" grep -q "in use: $isa" out
  NITAL_ISA=$isa expect 0 "cluster at $isa" "$nital" cluster images -o "isa-$isa" "${chain[@]}" -q
done
if [ -d isa-avx2 ] && [ -d isa-avx512 ]; then
  check "avx2 and avx512 give the same bytes" same isa-avx2 isa-avx512
fi
NITAL_ISA=nonsense expect 0 "NITAL_ISA=nonsense" "$nital" doctor
check "it is told" grep -q "NITAL_ISA=nonsense is not" err

# A network's features: SqueezeNet 1.1 with made-up weights (BF16 from compressed text, fixed bytes)
# write_squeezenet FILE SEED
write_squeezenet() {
  local header='{' offset=0 entry
  tensor() {
    local count=1 n
    for n in ${2//,/ }; do count=$((count * n)); done
    header+="\"$1\":{\"dtype\":\"BF16\",\"shape\":[$2],\"data_offsets\":[$offset,$((offset + 2 * count))]},"
    offset=$((offset + 2 * count))
  }
  layer() { tensor "$1.weight" "$2"; tensor "$1.bias" "${2%%,*}"; }
  layer features.0 64,3,3,3
  local input=64
  for entry in 3:16 4:16 6:32 7:32 9:48 10:48 11:64 12:64; do
    local fire=features.${entry%:*} s=${entry#*:}
    layer "$fire.squeeze" "$s,$input,1,1"
    layer "$fire.expand1x1" "$((4 * s)),$s,1,1"
    layer "$fire.expand3x3" "$((4 * s)),$s,3,3"
    input=$((8 * s))
  done
  header="${header%,}}"
  while [ $((${#header} % 8)) != 0 ]; do header+=' '; done
  {
    printf '%b' "$(printf '\\x%02x\\x%02x\\x00\\x00\\x00\\x00\\x00\\x00' \
      $((${#header} % 256)) $((${#header} / 256)))"
    printf '%s' "$header"
    # Bytes 3d, 3e, bd, be: values of 0.046 to 0.19 of either sign.
    seq "$2" 2000000 | gzip -n -6 | head -c "$offset" \
      | LC_ALL=C tr '\000-\377' '[\075*64][\275*64][\076*64][\276*64]'
  } > "$1"
}
write_squeezenet net.safetensors 1
write_squeezenet other.safetensors 7
deep=(--features squeezenet:fire5 --pooling mean --components 4 --starts 20 --clusters 3)
expect 0 "cluster on a network" "$nital" cluster images -o net "${deep[@]}" --weights net.safetensors \
  --labels from-names
check "run.json names the weights" grep -q "net.safetensors" net/run.json
check "run.json has their hash" grep -q "$(sha256sum net.safetensors | cut -c1-64)" net/run.json
expect 0 "classify with the network" "$nital" classify net/model.safetensors images \
  --weights net.safetensors -o net
check "classes are the clusters'" cmp <(cut -d, -f1-3 net/clusters.csv) <(cut -d, -f1-3 net/classes.csv)
expect 5 "classify with other weights" "$nital" classify net/model.safetensors images \
  --weights other.safetensors
check "the message names both" grep -q "other.safetensors: .*net.safetensors" err
expect 5 "classify without the weights" "$nital" classify net/model.safetensors images
check "the message says where to put them" grep -q "net.safetensors, SHA-256 .*--weights" err
mkdir home
NITAL_WEIGHTS=$PWD/home expect 5 "weights that are missing" "$nital" cluster images -o b \
  --features vgg16:fc1
check "the message says which file to fetch" grep -q "fetch https.*vgg16_weights_tf.*into $PWD/home" err
cp net.safetensors home/
NITAL_WEIGHTS=$PWD/home expect 0 "weights where they are kept" "$nital" classify \
  net/model.safetensors images
expect 5 "weights of another network" "$nital" cluster images -o b "${deep[@]}" \
  --features vgg16:fc1 --weights net.safetensors
head -c 300000 net.safetensors > cut-net.safetensors
expect 5 "truncated weights" "$nital" cluster images -o b "${deep[@]}" --weights cut-net.safetensors
expect 2 "unknown layer" "$nital" cluster images -o b "${deep[@]}" --features squeezenet:fc7 \
  --weights net.safetensors
expect 2 "unknown network" "$nital" cluster images -o b --features lenet:fc1
expect 2 "weights without a network" "$nital" cluster images -o b --weights net.safetensors
expect 2 "more memory than allowed" "$nital" cluster images -o b "${deep[@]}" \
  --weights net.safetensors --memory 0.2
check "both figures are told" grep -q "need about 0.3 GB of memory, 0.2 GB are available" err
expect 2 "a map's option without a map" "$nital" cluster images -o b "${chain[@]}" --perplexity 5
expect 2 "a perplexity too large" "$nital" cluster images -o b "${chain[@]}" --embedding tsne
check "the message names one that is not" grep -q "give --perplexity 7 or less" err
expect 2 "grouping a map that is not made" "$nital" cluster images -o b "${chain[@]}" \
  --cluster-on embedding
expect 0 "cluster on a map" "$nital" cluster images -o map "${chain[@]}" --embedding tsne --perplexity 5 \
  --iterations 200 --maps 2 --cluster-on embedding --labels from-names
check "the divergence is told" grep -q "^map  *Kullback-Leibler divergence" out
check "the map is drawn" test -s map/figures/tsne-right-wrong.svg
expect 0 "--config repeats it" "$nital" cluster --config map/run.json -o map2 -q
check "the same map" same map map2
expect 0 "--config repeats a network" "$nital" cluster --config net/run.json -o net2 -q
check "the same features" same net net2
expect 0 "the range's end is told" "$nital" cluster images -o end "${chain[@]}" --clusters 2-3
check "a warning" grep -q "warning: the best number of clusters, 3, lies at the end" err

# Patches
"$nital" synthesize all --count 1 --height 200 --width 250 -q -o wide || exit 1
expect 0 "patches" "$nital" cluster wide/images -o cutup "${chain[@]}" --patch 60 --labels from-names
check "a patch is named after its micrograph" grep -q "^scratches-000.png#r2c3,scratches-000.png," \
  cutup/clusters.csv
check "micrographs are summed up" grep -q "^scratches-000.png,9," cutup/parents.csv
expect 0 "classify patches" "$nital" classify cutup/model.safetensors wide/images -o cutup
expect 0 "a grid that is asked for" "$nital" cluster wide/images -o grid "${chain[@]}" --patch 60 \
  --patch-grid 2x1
check "its patches are counted" grep -q "^scratches-000.png,2," grid/parents.csv
expect 2 "a grid without patches" "$nital" cluster wide/images -o b "${chain[@]}" --patch-grid 2x2
expect 3 "patches larger than pictures" "$nital" cluster images -o b "${chain[@]}" --patch 65

# Shards, at once in one folder, by the script of the documentation
expect 2 "a part that is none" "$nital" cluster images -o b "${chain[@]}" --shard 3/2
for part in 1 2 3; do
  SHARD=$part SHARDS=3 NITAL=$nital "$top/Scripts/shard_job.sh" images shards "${deep[@]}" \
    --weights net.safetensors -q > "part$part" 2>&1 &
done
wait
check "every part says what it did" test "$(grep -c '^shard ./3: features of 8 images' part1 part2 part3 \
  | grep -c ':1$')" = 3
check "a part writes features alone" test "$(ls shards | grep -vc '^features-.*shard-.-of-3.journal$')" = 0
before=$(sha256sum shards/*)
expect 0 "a run of all parts" "$nital" cluster images -o shards "${deep[@]}" --weights net.safetensors \
  --labels from-names
check "the bytes of a single run" same net shards
check "parts are not computed again" test "$before" = "$(sha256sum shards/*shard*)"
SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3 SLURM_CPUS_PER_TASK=2 NITAL=$nital \
  expect 0 "a Slurm array's part" "$top/Scripts/shard_job.sh" images shards "${deep[@]}" \
  --weights net.safetensors

# Interruptions: killed at any moment, run again, the same bytes
big=(--scales 4 --orientations 8 --components 6 --starts 3000 --clusters 2-8)
mkdir many
for n in 1 2 3 4; do
  "$nital" synthesize all --varied --count 5 --height 160 --width 160 --seed "$n" -q -o "m$n" || exit 1
  for f in "m$n"/images/*; do cp "$f" "many/$n-${f##*/}"; done
done
began=$EPOCHREALTIME
"$nital" cluster many -o whole "${big[@]}" -q > /dev/null
took=$(( (${EPOCHREALTIME/./} - ${began/./}) / 1000 ))
RANDOM=7
interrupted=0
for round in $(seq "${ROUNDS:-12}"); do
  sign=$([ $((round % 2)) = 0 ] && echo INT || echo KILL)
  rm -rf again
  delay=$((RANDOM % (took + 20)))
  "$nital" cluster many -o again "${big[@]}" -q > /dev/null 2> err &
  process=$!
  sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
  kill -"$sign" "$process" 2> /dev/null
  wait "$process" 2> /dev/null
  status=$?
  if [ $status != 0 ]; then interrupted=$((interrupted + 1)); fi
  if [ "$sign" = INT ]; then check "SIGINT after $delay ms: $status" test "$status" = 130 -o "$status" = 0; fi
  expect 0 "run again after $sign at $delay ms" "$nital" cluster many -o again "${big[@]}" -q
  check "the same bytes after $sign at $delay ms" same whole again
done
# The same with a network's features, one part of two killed, the other running beside it
deep=(--features squeezenet:fire9 --side 96 --pooling mean --components 6 --starts 20 --clusters 4)
"$nital" cluster many -o deep-whole "${deep[@]}" --weights net.safetensors -q > /dev/null
for delay in 0.2 0.5 0.9 1.4; do
  rm -rf again
  for part in 1 2; do
    "$nital" cluster many -o again "${deep[@]}" --weights net.safetensors -q --shard $part/2 \
      > /dev/null 2>&1 &
  done
  sleep "$delay"
  kill -KILL $!
  wait 2> /dev/null
  expect 0 "a network's features after KILL at $delay s" "$nital" cluster many -o again "${deep[@]}" \
    --weights net.safetensors -q
  check "the same bytes after KILL at $delay s" same deep-whole again
done
check "interruptions hit running programs ($interrupted)" test "$interrupted" -ge 3

# Papers: every part at the smallest preset, single parts, refusals, killed and sharded runs
paper=(--labels from-names --preset smoke)
for name in kitahara cohn; do
  expect 0 "reproduce $name" "$nital" reproduce $name images -o "$name" "${paper[@]}"
  check "$name: the summary has both columns" grep -q "^row .*printed .*computed" out
  for file in report.html comparisons.csv montage.png figures/fig7.svg figures/fig7.csv; do
    check "$name: $file is written" test -s "$name/$file"
  done
  expect 0 "reproduce $name again" "$nital" reproduce $name images -o "$name" "${paper[@]}" --json -q
  check "$name: nothing is computed twice" grep -q '"units_computed" : 0' out
  check "$name: json" isJSON out
done
check "honest and as published stand side by side" \
  grep -q "validation, honest.*validation, as published" cohn/tables/table3.csv
check "a leak is explained" grep -q "CH-A2" cohn/report.html
check "rows of VGG16 are not faked" grep -q "^CH23,.*not applicable" cohn/comparisons.csv
expect 0 "one figure" "$nital" reproduce cohn images -o single "${paper[@]}" --only fig13
check "that figure alone" test "$(ls single/figures)" = "fig13.csv
fig13.svg"
expect 2 "an unknown part" "$nital" reproduce cohn images -o single "${paper[@]}" --only fig99
check "the message lists the parts" grep -q "fig99.*table3" err
expect 2 "an unknown preset" "$nital" reproduce cohn images -o single --preset huge
expect 2 "an unknown naming" "$nital" reproduce cohn images -o single --map-from all
expect 2 "an impossible shard" "$nital" reproduce cohn images -o single --shard 3/2
expect 2 "no classes" "$nital" reproduce cohn images -o single --labels none
expect 3 "absent images of a paper" "$nital" reproduce cohn absent -o single
expect 5 "absent weights of a paper" "$nital" reproduce cohn images -o single --features vgg16:fc1 \
  --weights absent.h5
for delay in 0.3 0.8 1.5; do
  rm -rf again
  "$nital" reproduce cohn images -o again "${paper[@]}" -q > /dev/null 2>&1 &
  process=$!
  sleep "$delay"
  kill -KILL $process 2> /dev/null
  wait $process 2> /dev/null
  expect 0 "a paper after KILL at $delay s" "$nital" reproduce cohn images -o again "${paper[@]}" -q
  check "the same report after KILL at $delay s" cmp cohn/report.html again/report.html
done
rm -rf again
expect 0 "features of one part" "$nital" reproduce cohn images -o again "${paper[@]}" \
  --only features --shard 1/2 -q
for part in 1 2; do
  "$nital" reproduce cohn images -o again "${paper[@]}" --shard $part/2 -q > /dev/null 2>&1 &
done
wait
expect 0 "joined parts of a paper" "$nital" reproduce cohn images -o again "${paper[@]}" --json -q
check "all units were found" grep -q '"units_computed" : 0' out
check "the same report from parts" cmp cohn/report.html again/report.html
expect 0 "a paper on one thread" "$nital" reproduce cohn images -o thread "${paper[@]}" -q -j 1
check "the same report from one thread" cmp cohn/report.html thread/report.html

# Training steps of two networks
for network in unet resnet18; do
  expect 0 "steps of $network" "$nital" lab step $network --size 32 --batch 4 --base 4 --repeats 15
  check "the loss of $network falls" eval 'tr -d "\n" < out | sed "s/.*\"losses\" *: *\[//; s/\].*//" \
    | awk -F, "{ exit !(NF == 16 && \$NF < 0.95 * \$1) }"'
done
expect 0 "the operations of a step" "$nital" lab step unet --size 32 --batch 2 --base 4 --repeats 1 --profile
check "the operations of a step: convolutions and their gradients take time" eval 'tr -d "\n" < out \
  | grep -q "\"backward_milliseconds\" : [0-9.]*[1-9][^{}]*\"operation\" : \"convolution\""'
expect 2 "a step of too many pixels" "$nital" lab step unet --batch 4096
expect 2 "another network" "$nital" lab step lenet

# Segmentation: sweeps and the paper on two small pictures; refusals, resumed, killed and sharded runs
mkdir fields
"$nital" synthesize sidePlatesBainite --count 2 --height 40 --width 48 -q -o drawn/field
cp drawn/field/images/*.png fields/
first=$(find fields -name '*.png' | sort | head -n 1)
net=(--filters 6 --outputs 6 --superpixels 60 --iterations 4)
segment=("$nital" segment "$first" "${net[@]}")
expect 0 "segment" "${segment[@]}" -o phases --classes 2 --runs 2 --json
check "segment: json" isJSON out
for file in labels.png overlay.png stability.png phases.csv regions.csv boundaries.svg boundaries.geojson
do
  check "segment: $file" test -s "phases/$(basename "$first")/$file"
done
expect 0 "segment by texture" "${segment[@]}" -o texture --classes 2 --grouping texture -v
check "the reading of classes is printed" grep -q "joined by texture in 17 pixels" err
expect 0 "a dry run of segment" "${segment[@]}" -o dry --dry-run
check "a dry run states memory and writes nothing" eval 'grep -q "activations .* MB" out && ! test -e dry'
expect 2 "more classes than outputs" "${segment[@]}" -o wrong --classes 7
expect 2 "an even window" "${segment[@]}" -o wrong --classes 2 --texture-window 4
expect 2 "a sweep of nothing" "${segment[@]}" -o wrong --sweep colours
expect 2 "values without a sweep" "${segment[@]}" -o wrong --values 2,3
expect 2 "values that are no numbers" "${segment[@]}" -o wrong --sweep classes --values 2,x
expect 2 "half a class" "${segment[@]}" -o wrong --sweep classes --values 2.5
expect 2 "a shard without a sweep" "${segment[@]}" -o wrong --shard 1/2
sweep=("${segment[@]}" --sweep classes --values 2,3 --seeds 2)
expect 0 "a sweep" "${sweep[@]}" -o sweep
check "a sweep prints its best value" grep -q "lowest F .*number of classes" out
for file in report.html figures/sweep1.svg figures/sweep1.csv tables/ranks1.csv tables/runs1.csv; do
  check "a sweep: $file" test -s "sweep/$file"
done
expect 0 "a sweep again" "${sweep[@]}" -o sweep --json -q
check "a sweep computes nothing twice" grep -q '"units_computed" : 0' out
expect 0 "other filters in the same folder" "${sweep[@]}" -o sweep --filters 7 --json -q
check "numbers of other filters are not taken" grep -q '"units_computed" : 4' out
expect 0 "half a sweep" "${sweep[@]}" -o halves --shard 1/2 -q
expect 0 "the other half" "${sweep[@]}" -o halves --shard 2/2 -q
expect 0 "joined halves" "${sweep[@]}" -o halves --json -q
check "halves were found" grep -q '"units_computed" : 0' out
rm -r sweep
expect 0 "a sweep in one go" "${sweep[@]}" -o sweep -j 1 -q
check "the same report from halves" cmp sweep/report.html halves/report.html
expect 0 "a map of F" "${segment[@]}" -o map --sweep compactness --values 5,40 --sweep superpixels \
  --values 30,90 --seeds 1 -q
check "a map has four cells" test "$(wc -l < map/figures/sweep1.csv)" = 5
kim=(fields --masks drawn/field/phases --preset smoke --only fig2,fig4,fig5,fig9,truth,decisions
  --filters 6 --outputs 20)
expect 0 "reproduce kim" "$nital" reproduce kim "${kim[@]}" -o kim
check "printed beside computed" grep -q "^KI18 .*printed: .*computed: " out
for file in report.html comparisons.csv figures/fig2.svg figures/fig4.svg figures/fig9.svg \
  tables/truth.csv; do
  check "reproduce kim: $file" test -s "kim/$file"
done
expect 0 "reproduce kim again" "$nital" reproduce kim "${kim[@]}" -o kim --json -q
check "reproduce kim: nothing is computed twice" grep -q '"units_computed" : 0' out
"$nital" reproduce kim "${kim[@]}" -o kim-again -q > /dev/null 2>&1 &
process=$!
sleep 0.4
kill -KILL $process 2> /dev/null
wait $process 2> /dev/null
expect 0 "reproduce kim after KILL" "$nital" reproduce kim "${kim[@]}" -o kim-again -q
check "the same report after KILL" cmp kim/report.html kim-again/report.html
expect 2 "an unknown figure of kim" "$nital" reproduce kim "${kim[@]}" -o kim --only fig99
expect 2 "too few outputs for figure 9" "$nital" reproduce kim fields -o kim --outputs 19
expect 2 "an unknown preset of kim" "$nital" reproduce kim fields -o kim --preset huge
expect 3 "no picture of kim" "$nital" reproduce kim absent -o kim
expect 0 "classes of labels" "$nital" lab classes phases/*/labels.png --classes 1 -o one.npy
expect 2 "no classes of labels" "$nital" lab classes phases/*/labels.png --classes 0 -o one.npy
expect 2 "several arrays in a file for one" "$nital" lab tsne missing.npy -o map.npy
check "what to write instead, before the work" grep -q 'map.npy.*\.npz' err

# Places that cannot be written
: > file
expect 3 "a file as output folder" "$nital" cluster images -o file "${chain[@]}"
expect 3 "a folder below a file" "$nital" cluster images -o file/x "${chain[@]}"
expect 3 "/proc as output" "$nital" cluster images -o /proc/x "${chain[@]}"
expect 3 "/dev/full as output folder" "$nital" cluster images -o /dev/full "${chain[@]}"
if [ "$(id -u)" != 0 ]; then
  mkdir locked
  chmod 555 locked
  expect 3 "a folder that may not be written" "$nital" cluster images -o locked/x "${chain[@]}"
fi
cp -r a limited
(ulimit -f 8; "$nital" cluster images -o limited "${chain[@]}" --no-resume --clusters 2 > out 2> err)
check "a file size limit is an error, not a signal" test $? = 3
check "the message names the output" grep -q "error: limited/" err
check "old results stay whole" same a limited
expect 0 "and can be replaced" "$nital" cluster images -o limited "${chain[@]}" --labels from-names -q
check "by the same bytes" same a limited

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
