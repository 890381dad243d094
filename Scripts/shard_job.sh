#!/usr/bin/env bash
#SBATCH --job-name=nital-features
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
# Features of one part of a folder of micrographs, for a Slurm array or GNU parallel.
#
# Usage: sbatch Scripts/shard_job.sh IMAGES DIR [OPTIONS OF nital cluster...]
#    or: SHARDS=8 parallel SHARD={} Scripts/shard_job.sh IMAGES DIR [OPTIONS...] ::: {1..8}
# Then:  nital cluster IMAGES -o DIR [THE SAME OPTIONS]
# NITAL names the program (default: nital, as the shell finds it).
set -euo pipefail
images=$1 folder=$2
shift 2
part=${SLURM_ARRAY_TASK_ID:-${SHARD:?give SHARD, the number of this part}}
parts=${SLURM_ARRAY_TASK_COUNT:-${SHARDS:?give SHARDS, the number of all parts}}
exec "${NITAL:-nital}" cluster "$images" -o "$folder" --shard "$part/$parts" \
  --threads "${SLURM_CPUS_PER_TASK:-1}" "$@"
