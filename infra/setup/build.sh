#!/usr/bin/env bash
# Builds what is deployed and what runs it here: functions, edge, pages, local platform. What is newer than its sources is left
# alone without asking cargo, which alone would take a second.
#
#   infra/setup/build.sh [release]      release: functions and local platform optimised too, for measurements
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/setup/progress.sh

rust=(Cargo.toml Cargo.lock .cargo rust-toolchain.toml)
local_sources=(.cargo rust-toolchain.toml core infra/local/src infra/local/Cargo.toml infra/local/Cargo.lock)

# fresh STAMP RESULT SOURCE...: whether nothing among the sources changed since, folders included (for deletions).
fresh() {
  local stamp=$stamps/$1 result=$2 source sources=()
  shift 2
  [ -f "$stamp" ] && [ -e "$result" ] || return 1
  for source in "$@"; do [ ! -e "$source" ] || sources+=("$source"); done
  [ -z "$(find "${sources[@]}" \( -name target -o -name build -o -name node_modules -o -name __pycache__ \) -prune \
    -o -newer "$stamp" -print -quit)" ]
}

# built STAMP RESULT LABEL COMMAND -- SOURCE...
built() {
  local name=$1 result=$2 label=$3 command=$4
  shift 5
  if fresh "$name" "$result" "$@"; then return 0; fi
  # Its time is that of the start, so that a change during the build is not missed.
  touch "$stamps/$name.begun"
  step "$name" "$label" "$command"
  mv "$stamps/$name.begun" "$stamps/$name"
}

functions() { cargo build --target-dir target -p functions --bins; }

functions_release() { cargo build --target-dir target -p functions --bins --release; }

program() { cargo build --target-dir target -p callbox; }

platform() { cargo build --manifest-path infra/local/Cargo.toml --target-dir infra/local/target --bins; }

platform_release() { cargo build --manifest-path infra/local/Cargo.toml --target-dir infra/local/target --bins --release; }

# In the chains every step says `|| return`: bash does not stop at errors inside of what `together` waits for.
natives() {
  built build-functions target/debug/voice "build: functions" functions -- "${rust[@]}" core functions || return
  built build-cli target/debug/callbox "build: callbox" program -- "${rust[@]}" core cli || return
  built build-local infra/local/target/debug/callbox-local "build: local platform" platform -- "${local_sources[@]}"
}

# Side by side with the other chain: the last minute of the edge's build is one core's.
pages() {
  built build-web web/build/talk.js "build: pages" infra/setup/build-web.sh -- \
    web/src web/pages web/package-lock.json infra/tools/package-lock.json infra/setup/build-web.sh || return
  built build-edge edge/build/index_bg.wasm "build: edge" infra/setup/build-edge.sh -- \
    "${rust[@]}" core edge infra/setup/build-edge.sh
}

exec 9>.tools/build-lock
flock 9
together natives pages
if [ "${1:-}" = release ]; then
  built build-functions-release target/release/calls "build: functions, optimised" functions_release -- \
    "${rust[@]}" core functions
  built build-local-release infra/local/target/release/callbox-local "build: local platform, optimised" platform_release -- \
    "${local_sources[@]}"
fi
