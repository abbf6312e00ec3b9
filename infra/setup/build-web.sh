#!/usr/bin/env bash
# Builds the pages into web/build: what `wrangler deploy` uploads and what the local platform serves. Each page and each audio
# worklet becomes one file, so that nothing is asked for only once something else has come; what only one view of the console
# needs becomes files of their own.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -d web/node_modules ] || infra/setup/setup.sh
esbuild=$PWD/infra/tools/node_modules/@esbuild/linux-x64/bin/esbuild
out=web/build.new
rm -rf "$out"
options=(--bundle --minify --legal-comments=none --log-level=warning --outdir="$out" --target=es2023,chrome123,firefox121,safari17.5)
for page in talk console; do
  "$esbuild" "web/src/$page.jsx" "${options[@]}" --format=esm --splitting --chunk-names=part-[hash] \
    --jsx=automatic --jsx-import-source=preact
done
"$esbuild" web/src/talk/capture.worklet.js web/src/talk/playback.worklet.js "${options[@]}" --format=iife
"$esbuild" web/src/styles/talk.css web/src/styles/console.css "${options[@]}"
cp web/pages/* "$out"
# In one step, so that nobody is served half of it.
rm -rf web/build
mv "$out" web/build
