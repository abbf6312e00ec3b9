#!/usr/bin/env bash
# Every test of both workspaces. Expects that infra/setup/build.sh has run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/setup/progress.sh

run() {
  local where=$1 manifest=$2 target=$3
  say "test: $where"
  if command -v cargo-nextest >/dev/null; then
    cargo nextest run --manifest-path "$manifest" --target-dir "$target" --no-fail-fast
    # nextest leaves out the examples in the documentation.
    cargo test --manifest-path "$manifest" --target-dir "$target" --doc --quiet
  else
    cargo test --manifest-path "$manifest" --target-dir "$target" --no-fail-fast
  fi
}

run "what is deployed" Cargo.toml target
run "local platform" infra/local/Cargo.toml infra/local/target
