#!/usr/bin/env bash
# Builds the examples against the jars that `mvn package` or `mvn verify` left in this repository, and runs
# them: train, export, predict and validate on drawn phantoms, then the service, which is asked about the same images.
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
version=$(sed -n 's|^  <version>\(.*\)</version>$|\1|p' "$root/bom/pom.xml")

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
for pom in "$root"/*/pom.xml; do
  folder=${pom%/pom.xml}
  grep -q '<parent>' "$pom" && [ "${folder##*/}" != examples ] || continue
  module=$(sed -n 's|^  <artifactId>\(.*\)</artifactId>$|\1|p' "$pom")
  jar=$folder/target/$module-$version.jar
  [ -f "$jar" ] || fail "there is no $jar; run mvn package -DskipTests first."
  put "$module" "$pom" "$jar"
done

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
example pipeline Validate "$work/bundle" "$target/hospital"

# On the module path, with another protobuf-java and another Jackson than this project is built with.
"$java" -Djava.awt.headless=true --add-modules ALL-MODULE-PATH -p "modular/target/classes:$(cat modular/target/classpath)" \
  -m io.github.deepxray.examples.modular/io.github.deepxray.examples.modular.Classify \
  "$work/bundle" "${images[@]}"

# In one jar, where the threads of a parallel stream see the Java platform's classes alone.
"$java" -Djava.awt.headless=true -jar spring/target/spring-example-1.0-SNAPSHOT.jar --bundle="$work/bundle" \
  --server.port=0 >"$target/spring.log" 2>&1 &
spring=$!
trap 'kill "$spring" 2>/dev/null || true' EXIT
for _ in $(seq 1 300); do
  port=$(sed -n 's/.*Tomcat started on port \([0-9]*\).*/\1/p' "$target/spring.log")
  [ -z "$port" ] || break
  kill -0 "$spring" 2>/dev/null || fail "the Spring Boot application has ended; see $target/spring.log"
  sleep 0.2
done
mkdir -p "$target/answers"
seq 32 | xargs -P 32 -I{} curl --fail --silent --show-error -o "$target/answers/{}" \
  -F file=@"${images[0]}" -F file=@"${images[1]}" "http://127.0.0.1:$port/classify"
[ "$(sort -u "$target"/answers/* | wc -l)" = 1 ] || fail "parallel requests get different answers."
kill "$spring"
echo "Spring Boot: 32 parallel requests, one answer"

# What classifying brings: docs/library.md says it.
for jar in $(tr ':' '\n' <service/target/classpath); do
  wc -c <"$jar"
done | awk '{ bytes += $1 } END { printf "classifying: %d jars, %.1f MB\n", NR, bytes / 1e6 }'

if grep -q 'tensorflow-core' service/target/classpath; then
  fail "the service has TensorFlow on its class path."
fi
# Waits until a server that logs into a file has said where it listens.
server=
await() {
  local log=$1
  for _ in $(seq 1 300); do
    url=$(grep -oE 'http://(127|localhost)[^ ]*' "$log" | head -n1 || true)
    [ -z "$url" ] || return 0
    kill -0 "$server" 2>/dev/null || fail "the server has ended: $(cat "$log")"
    sleep 0.2
  done
  fail "the server does not say where it listens: $(cat "$log")"
}
trap 'kill $server 2>/dev/null || true' EXIT

(start=exec && example service ClassifyService "$work/bundle" 0) >"$target/service.log" 2>&1 &
server=$!
await "$target/service.log"
example service Ask "$url" "${images[@]}"
if example service Ask "$url" pom.xml; then
  fail "the service takes a pom for an image."
fi
kill "$server"

# The command line with a jar that adds a backbone, an image format, a format of model files and a tracker by service files.
guest() {
  $start "$java" -Djava.awt.headless=true \
    -cp "$(cat guest/target/classpath):$(echo guest/target/guest-example-*.jar)" "$@"
}
deepxray() {
  guest io.github.deepxray.cli.Main "$@"
}

guest io.github.deepxray.examples.guest.DrawNetpbm "$work/netpbm"
deepxray run --data "$work/netpbm" --out "$work/guest" --backbone strided-cnn --weights seed:1 \
  --head logistic --views 1 --epochs 40 --validation-fraction 0.25 --seed 5 --formats gzip,tflite 2>&1 | tee "$target/guest.log"
grep -q 'guest: test AUC 0\.' "$target/guest.log" || fail "the tracker was not told of the run."
grep -q '"netpbm"' "$work/guest/data/dataset.json" || fail "the audit does not count Netpbm images."
netpbm=("$work"/netpbm/chest_xray/test/*/*1.pgm)
deepxray predict "$work/guest/bundle" "${netpbm[@]}"
deepxray predict "$work/guest/bundle" "${netpbm[@]}" --artifact gzip
deepxray predict --help | grep 'NETPBM' || fail "predict does not list the format."

(start=exec && deepxray serve "$work/guest/bundle" --engine gzip --port 0) >"$target/serve.log" 2>&1 &
server=$!
await "$target/serve.log"
(printf '{"signature_name": "serving_bytes", "instances": [{"b64": "'; base64 -w0 "${netpbm[0]}"; printf '"}]}') |
  curl --fail-with-body --silent --show-error --data-binary @- "${url%%/}/v1/models/deepxray:predict"
echo "examples: done"
