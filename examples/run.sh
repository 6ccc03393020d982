#!/usr/bin/env bash
# Builds the examples against the jars that `mvn package` or `mvn verify` left in this repository, and runs
# them: train, export, predict on drawn phantoms, then the service, which is asked about the same images.
# Arguments go to Maven, such as -o. What it makes is in examples/target.
#
# The jars are read from a local repository of its own, in which everything else links to the user's:
# nothing of this project is installed there.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd .. && pwd)
users=${MAVEN_REPOSITORY:-$HOME/.m2/repository}
target=$PWD/target
repository=$target/repository
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
version=$(sed -n 's|^  <version>\(.*\)</version>$|\1|p' "$root/pom.xml")

fail() {
  echo "examples/run.sh: $1" >&2
  exit 1
}

# Links what is in a folder, but for one name.
link() {
  mkdir -p "$1" "$2"
  for entry in "$1"/*; do
    if [ -e "$entry" ] && [ "${entry##*/}" != "$3" ]; then
      ln -s "$entry" "$2/"
    fi
  done
}

# Puts a pom and perhaps a jar into the repository, in Maven's layout.
put() {
  local folder=$repository/io/github/deepxray/$1/$version
  mkdir -p "$folder"
  cp "$2" "$folder/$1-$version.pom"
  if [ $# -gt 2 ]; then
    cp "$3" "$folder/$1-$version.jar"
  fi
}

rm -rf "$target"
link "$users" "$repository" io
link "$users/io" "$repository/io" github
link "$users/io/github" "$repository/io/github" deepxray
put deepxray-parent "$root/pom.xml"
put deepxray-bom "$root/bom/pom.xml"
for module in core text keras optimize tensorflow tflite classify train report export track; do
  folder=$root/pipeline-$module
  jar=$folder/target/deepxray-pipeline-$module-$version.jar
  [ -f "$jar" ] || fail "there is no $jar; run mvn package -DskipTests first."
  put "deepxray-pipeline-$module" "$folder/pom.xml" "$jar"
done
put deepxray "$root/pipeline/pom.xml" "$root/pipeline/target/deepxray-$version.jar"
put deepxray-datasets "$root/datasets/pom.xml" "$root/datasets/target/deepxray-datasets-$version.jar"

mvn -B -ntp -q "$@" -Ddeepxray.version="$version" -Dmaven.repo.local="$repository" package

# In the background, "exec" in $start leaves no shell between this one and Java, which a signal would end alone.
start=
example() {
  local module=$1 class=$2
  shift 2
  $start "$java" -Djava.awt.headless=true -cp "$module/target/classes:$(cat "$module/target/classpath")" \
    "io.github.deepxray.examples.$module.$class" "$@"
}

export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-2}
work=$target/work
example pipeline Train "$work"
example pipeline Export "$work"
images=("$work"/phantoms/chest_xray/test/*/*1.jpeg)
example pipeline Predict "$work/bundle" "${images[@]}"

# On the module path, with another protobuf-java and another Jackson than this project is built with.
"$java" -Djava.awt.headless=true --add-modules ALL-MODULE-PATH -p "modular/target/classes:$(cat modular/target/classpath)" \
  -m io.github.deepxray.examples.modular/io.github.deepxray.examples.modular.Classify \
  "$work/bundle" "${images[@]}"

# What classifying brings: docs/library.md says it.
for jar in $(tr ':' '\n' <service/target/classpath); do
  wc -c <"$jar"
done | awk '{ bytes += $1 } END { printf "classifying: %d jars, %.1f MB\n", NR, bytes / 1e6 }'

if grep -q 'tensorflow-core' service/target/classpath; then
  fail "the service has TensorFlow on its class path."
fi
(start=exec && example service ClassifyService "$work/bundle" 0) >"$target/service.log" 2>&1 &
service=$!
trap 'kill "$service" 2>/dev/null || true' EXIT
for _ in $(seq 1 300); do
  url=$(grep -o 'http://[^ ]*' "$target/service.log" || true)
  [ -z "$url" ] || break
  kill -0 "$service" 2>/dev/null || fail "the service has ended: $(cat "$target/service.log")"
  sleep 0.2
done
example service Ask "$url" "${images[@]}"
if example service Ask "$url" pom.xml; then
  fail "the service takes a pom for an image."
fi
echo "examples: done"
