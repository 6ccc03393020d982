#!/bin/sh
# Trains every model of the README's tables with several seeds, for tools/bench/seeds.py to sum up.
#
#   DATA=chest-xray-pneumonia.zip WEIGHTS=imagenet OUT=seeds tools/bench/seeds.sh [model...]
#
# Models: frozen tuned pruned50 pruned80 narrow int8 pruned50-int8; all if none is named. Each is
# made from the frozen classifier of the same seed, int8 files from the fine-tuned one. What is
# finished is not made again. All of them take about four hours on two cores.
set -eu
DATA=${DATA:?the archive}
OUT=${OUT:?a folder for everything}
WEIGHTS=${WEIGHTS:-imagenet}
SEEDS=${SEEDS:-0 1 2}
CALIBRATIONS=${CALIBRATIONS:-1 2 3}
# The head refitted to integers is chosen on validation, where all heads are equally good.
QUANTIZE=${QUANTIZE:---forms int8 --refit-head never --no-report}
DEEPXRAY=${DEEPXRAY:-pipeline-cli/target/deepxray/bin/deepxray}
CACHE=$OUT/cache
mkdir -p "$OUT"

# A stage, with all it prints in a log; $1 is the model's folder.
stage() {
  folder=$1
  shift
  echo "$(basename "$folder"): $*"
  "$DEEPXRAY" "$@" --out "$folder" >> "$folder/log.txt" 2>&1
}

# Starts a model in folder $1 from what the model in folder $2 has, unless it is finished.
begin() {
  if [ -e "$1/finished" ]; then
    return 1
  fi
  rm -rf "$1"
  mkdir -p "$1"
  if [ $# -gt 1 ]; then
    for part in data train prune finetune evaluation; do
      if [ -e "$2/$part" ]; then
        cp -r "$2/$part" "$1/"
      fi
    done
  fi
}

# The end of every model; a gate that refuses something is a result, not a failure.
finish() {
  stage "$1" evaluate --cache "$CACHE"
  stage "$1" export --allow-unblessed
  touch "$1/finished"
}

frozen() {
  if begin "$OUT/frozen-$1"; then
    stage "$OUT/frozen-$1" data --data "$DATA" --seed "$1"
    stage "$OUT/frozen-$1" train --weights "$WEIGHTS" --seed "$1" --cache "$CACHE"
    finish "$OUT/frozen-$1"
  fi
}

# Model $1 of seed $2: fine-tuned from block $3, after prune with the options that follow.
tuned() {
  name=$1 seed=$2 from=$3
  shift 3
  frozen "$seed"
  if begin "$OUT/$name-$seed" "$OUT/frozen-$seed"; then
    if [ $# -gt 0 ]; then
      stage "$OUT/$name-$seed" prune "$@" --cache "$CACHE"
    fi
    stage "$OUT/$name-$seed" finetune --from "$from" --seed "$seed" --cache "$CACHE"
    finish "$OUT/$name-$seed"
  fi
}

# Model $1 of seed $2 in integers, calibrated on several sets of images.
integers() {
  for calibration in $CALIBRATIONS; do
    folder=$OUT/$3-$2-$calibration
    if begin "$folder" "$OUT/$1-$2"; then
      # shellcheck disable=SC2086
      stage "$folder" quantize $QUANTIZE --seed "$calibration" --cache "$CACHE"
      finish "$folder"
    fi
  done
}

make() {
  case $1 in
    frozen) frozen "$2" ;;
    tuned) tuned tuned "$2" block6a ;;
    pruned50) tuned pruned50 "$2" block6a --share 0.5 ;;
    pruned80) tuned pruned80 "$2" block4a --share 0.8 ;;
    narrow) tuned narrow "$2" block4a --channels 0.68 ;;
    int8)
      make tuned "$2"
      integers tuned "$2" int8
      ;;
    pruned50-int8)
      make pruned50 "$2"
      integers pruned50 "$2" pruned50-int8
      ;;
    *)
      echo "There is no model $1." >&2
      exit 2
      ;;
  esac
}

for seed in $SEEDS; do
  for model in ${*:-frozen tuned pruned50 pruned80 narrow int8 pruned50-int8}; do
    make "$model" "$seed"
  done
done
