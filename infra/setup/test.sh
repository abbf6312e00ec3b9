#!/usr/bin/env bash
# Every test of both workspaces. Expects that infra/setup/build.sh has run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/setup/progress.sh

# run WHERE MANIFEST TARGET PACKAGES...
run() {
  local where=$1 manifest=$2 target=$3
  shift 3
  say "test: $where"
  if command -v cargo-nextest >/dev/null; then
    # nextest leaves out the examples in the documentation.
    cargo nextest run --manifest-path "$manifest" --target-dir "$target" "$@" --no-fail-fast &&
      cargo test --manifest-path "$manifest" --target-dir "$target" "$@" --doc --quiet
  else
    cargo test --manifest-path "$manifest" --target-dir "$target" "$@" --no-fail-fast
  fi
}

code=0
run "what is deployed" Cargo.toml target --workspace || code=1
# The edge as it is deployed runs in workerd: the tests of the local platform and end to end are its tests too.
run "local platform, end to end" infra/local/Cargo.toml infra/local/target --workspace || code=1
exit "$code"
