#!/usr/bin/env bash
# Builds the edge into edge/build: what `wrangler deploy` uploads and what runs here. wrangler calls this itself.
#
# A panic ends the event it happens in, and no other call hears of it: for that Rust's own library is built along, from its
# sources (`rustup component add rust-src`), which takes a minute more the first time. Without them, or with EDGE_UNWIND=0, a
# panic ends the instance: its calls go on from their journals, but what they were saying is cut and said again.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
[ -x .tools/bin/worker-build ] || infra/setup/setup.sh
export WASM_BINDGEN_BIN=$root/.tools/bin/wasm-bindgen
export ESBUILD_BIN=$root/infra/tools/node_modules/@esbuild/linux-x64/bin/esbuild
unwind=()
target=$root/target
sources=$(rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock
if [ "${EDGE_UNWIND:-1}" != 0 ] && [ -f "$sources" ]; then
  unwind=(--panic-unwind)
  target=$root/target/unwind
  # worker-build sets RUSTFLAGS, which puts those of .cargo/config.toml out of force: they are repeated here.
  export PATH=$root/infra/setup/unwind:$PATH RUSTFLAGS="-C target-feature=+simd128"
fi
cd edge
# Without wasm-opt: it would be one more download, and LTO has done its work.
"$root/.tools/bin/worker-build" "${unwind[@]}" --profile edge --no-opt --out-dir build . --target-dir "$target"
size=$(cat build/index_bg.wasm build/index.js | gzip -9 -c | wc -c)
echo "edge: $((size / 1024)) kB gzip"
[ "$size" -le 1048576 ] || { echo "build-edge: the edge must stay below 1 MB gzip" >&2; exit 1; }
