#!/bin/sh
# Builds the edge: edge/build/index.js and edge/build/index_bg.wasm, for workerd and for `wrangler deploy`.
# Downloads nothing: worker-build and wasm-bindgen are in .tools/bin, esbuild in infra/tools/node_modules.
#
#   PROFILE   cargo profile; default: edge
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
tools=$root/.tools/bin
modules=$root/infra/tools/node_modules

for program in "$tools/worker-build" "$tools/wasm-bindgen" "$modules/.bin/esbuild"; do
	if [ ! -x "$program" ]; then
		echo "build-edge: $program is missing: run \`make setup\`" >&2
		exit 1
	fi
done

# A JavaScript wrapper stands in .bin; beside it npm puts the program itself.
esbuild=$(find "$modules/@esbuild" -path '*/bin/esbuild' -type f 2>/dev/null | head -n 1)
export ESBUILD_BIN="${esbuild:-$modules/.bin/esbuild}"
export WASM_BINDGEN_BIN="$tools/wasm-bindgen"

cd edge
"$tools/worker-build" --profile "${PROFILE:-edge}" --no-opt --out-dir build . --target-dir "${CARGO_TARGET_DIR:-$root/target}"
cd "$root"

size=$(gzip -9 -c edge/build/index_bg.wasm edge/build/index.js | wc -c)
printf 'edge: %s kB raw, %s kB gzip\n' "$(($(wc -c <edge/build/index_bg.wasm) / 1024))" "$((size / 1024))"
if [ "$size" -gt 1048576 ]; then
	echo 'build-edge: more than 1 MB gzip' >&2
	exit 1
fi
