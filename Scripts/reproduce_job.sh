#!/usr/bin/env bash
#SBATCH --job-name=nital-reproduce
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
# One part of a reproduction, for a Slurm array or GNU parallel; run it twice, features first.
#
# Usage: sbatch Scripts/reproduce_job.sh cohn IMAGES DIR --only features [OPTIONS...]
#        sbatch Scripts/reproduce_job.sh cohn IMAGES DIR [OPTIONS...]
#    or: SHARDS=8 parallel SHARD={} Scripts/reproduce_job.sh cohn IMAGES DIR [OPTIONS...] ::: {1..8}
# Then:  nital reproduce cohn IMAGES -o DIR [THE SAME OPTIONS]
# NITAL names the program (default: nital, as the shell finds it).
set -euo pipefail
paper=$1 images=$2 folder=$3
shift 3
part=${SLURM_ARRAY_TASK_ID:-${SHARD:?give SHARD, the number of this part}}
parts=${SLURM_ARRAY_TASK_COUNT:-${SHARDS:?give SHARDS, the number of all parts}}
exec "${NITAL:-nital}" reproduce "$paper" "$images" -o "$folder" --shard "$part/$parts" \
  --threads "${SLURM_CPUS_PER_TASK:-1}" "$@"
