#!/usr/bin/env bash
# All lints. Expects `infra/setup/setup.sh lint` to have run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/setup/progress.sh

say "lint: format"
cargo fmt --all --check
cargo fmt --manifest-path infra/local/Cargo.toml --all --check
say "lint: clippy"
cargo clippy --target-dir target --workspace --exclude edge --all-targets --quiet -- -D warnings
cargo clippy --target-dir target -p edge --target wasm32-unknown-unknown --quiet -- -D warnings
cargo clippy --manifest-path infra/local/Cargo.toml --target-dir infra/local/target --workspace --all-targets --quiet -- -D warnings
say "lint: template.yaml"
infra/lint/template.sh
say "lint: wrangler.toml"
{ [ -f edge/build/index_bg.wasm ] && [ -d web/build ]; } || infra/setup/build.sh
step wrangler "wrangler deploy --dry-run" env WRANGLER_SEND_METRICS=false CI=1 \
  infra/tools/node_modules/.bin/wrangler deploy --dry-run --outdir .wrangler/dry-run
if command -v shellcheck >/dev/null; then
  say "lint: shell"
  shellcheck -x infra/setup/*.sh infra/lint/*.sh
fi
say "lint: clean"
