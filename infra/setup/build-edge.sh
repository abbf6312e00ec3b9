#!/usr/bin/env bash
# Builds the edge into edge/build: what `wrangler deploy` uploads and what runs here. wrangler calls this itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
[ -x .tools/bin/worker-build ] || infra/setup/setup.sh
export WASM_BINDGEN_BIN=$root/.tools/bin/wasm-bindgen
export ESBUILD_BIN=$root/infra/tools/node_modules/@esbuild/linux-x64/bin/esbuild
cd edge
# Without wasm-opt: it would be one more download, and LTO has done its work.
exec "$root/.tools/bin/worker-build" --profile edge --no-opt --out-dir build . --target-dir "$root/target"
