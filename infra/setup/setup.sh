#!/usr/bin/env bash
# Gets what the project needs: packages by apt-get, everything else into the clone (.tools, node_modules in infra/tools and web).
# May be run at any time: what is there is left alone, and when all is there it costs a few milliseconds.
#
#   infra/setup/setup.sh            what `make call` and `make test` need
#   infra/setup/setup.sh bench      also the bot in Python that is measured beside ours
#   infra/setup/setup.sh lint       also sam and cfn-lint
#   infra/setup/setup.sh deploy     also cargo-lambda
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/setup/progress.sh
source infra/tools/versions.env

node_modules=infra/tools/node_modules

# Packages of Debian; each is wanted for the program it brings.
missing_packages() {
  local pair
  for pair in clang:clang llvm-ar:llvm flite:flite sox:sox chromium:chromium setpriv:util-linux cc:gcc git:git; do
    command -v "${pair%%:*}" >/dev/null || printf '%s ' "${pair#*:}"
  done
  # Debian has the part of Python that makes virtual environments in a package of its own.
  [ -x .tools/venv/bin/python ] || python3 -c 'import ensurepip, venv' 2>/dev/null || printf 'python3-venv '
}

install_packages() {
  local sudo=$1
  shift
  export DEBIAN_FRONTEND=noninteractive
  # The package lists of a fresh machine are empty; elsewhere they are mostly good enough.
  $sudo apt-get install -y --no-install-recommends "$@" || {
    $sudo apt-get update && $sudo apt-get install -y --no-install-recommends "$@"
  }
}

system() {
  local packages sudo
  packages=$(missing_packages)
  [ -n "$packages" ] || return 0
  command -v apt-get >/dev/null || fail "these programs are missing: $packages" "install them, then run make again"
  if [ "$(id -u)" = 0 ]; then
    sudo=
  elif sudo -n true 2>/dev/null; then
    sudo='sudo -n'
  else
    fail "some Debian packages are missing, and installing them needs root. Run this, then make again:" \
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages"
  fi
  # shellcheck disable=SC2086 # a list of words
  step apt "Debian packages: $packages" install_packages "$sudo" $packages
}

# In the functions below every step says `|| return`: bash does not stop at errors inside of what `together` waits for.

make_venv() {
  local folder=$1
  shift
  python3 -m venv "$folder" && "$folder/bin/pip" install --disable-pip-version-check --no-input "$@"
}

# venv NAME FOLDER LABEL FILE...: a virtual environment with what the files require.
venv() {
  local name=$1 folder=$2 label=$3 key files=() file
  shift 3
  key=$(fingerprint "$@")
  [ -x "$folder/bin/python" ] && stamped "$name" "$key" && return 0
  for file in "$@"; do files+=(-r "$file"); done
  step "$name" "$label" make_venv "$folder" "${files[@]}" || return
  stamp "$name" "$key"
}

speech() { venv python .tools/venv "speech recogniser (pip)" infra/tools/requirements.txt; }

api_checks() { venv api .tools/venv-api "checks of the API (pip)" infra/tools/requirements-api.txt; }

npm_ci() { (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund); }

edge_runtime() {
  local key
  key=$(fingerprint infra/tools/package-lock.json)
  [ -x "$node_modules/@cloudflare/workerd-linux-64/bin/workerd" ] && stamped npm "$key" && return 0
  command -v npm >/dev/null || fail "npm is missing: install Node 20 or newer (https://nodejs.org)"
  step npm "edge runtime and bundler (npm)" npm_ci infra/tools || return
  stamp npm "$key"
}

pages() {
  local key
  key=$(fingerprint web/package-lock.json)
  [ -d web/node_modules/preact ] && stamped npm-web "$key" && return 0
  step npm-web "what the pages are made of (npm)" npm_ci web || return
  stamp npm-web "$key"
}

wasm_target() {
  local key
  key=$(fingerprint rust-toolchain.toml)
  stamped wasm-target "$key" && rust_is_there && return 0
  if [ ! -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
    command -v rustup >/dev/null ||
      fail "Rust's target wasm32-unknown-unknown is missing, and there is no rustup to add it" "see https://rustup.rs"
    step wasm-target "Rust's wasm target" rustup target add wasm32-unknown-unknown ||
      fail "Rust's target wasm32-unknown-unknown could not be had; is https://static.rust-lang.org within reach?" \
        "once it is: rustup target add wasm32-unknown-unknown"
  fi
  # Wanted, not needed: see build-edge.sh.
  if [ ! -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] && command -v rustup >/dev/null; then
    step rust-src "sources of Rust's library" rustup component add rust-src ||
      say "without them a panic at the edge ends its instance, whose calls go on from their journals"
  fi
  local folder sysroot
  sysroot=$(rustc --print sysroot)
  for folder in "$sysroot/lib/rustlib/wasm32-unknown-unknown" "$sysroot/lib/rustlib/src/rust/library"; do
    [ ! -d "$folder" ] || printf '%s\n' "$folder"
  done >"$stamps/rust-folders"
  stamp wasm-target "$key"
}

# Whether what was had for Rust is still there. It is outside of the clone: the stamps may come from another machine, as those
# from the cache of CI do, or rustup may have been installed anew.
rust_is_there() {
  local folder
  [ -f "$stamps/rust-folders" ] || return 1
  while read -r folder; do
    [ -d "$folder" ] || return 1
  done <"$stamps/rust-folders"
}

# cargo_tool CRATE VERSION BINARY
cargo_tool() {
  local crate=$1 version=$2 binary=.tools/bin/$3
  [ -x "$binary" ] && stamped "$crate" "$version" && return 0
  # Installed before there were stamps, or by hand.
  if [ -x "$binary" ] && grep -qsF "\"$crate $version " .tools/.crates.toml; then
    stamp "$crate" "$version"
    return 0
  fi
  # Without optimisation they compile in less than half the time, and then take a second more per build.
  step "$crate" "$crate $version (cargo install)" env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo install --root .tools --locked "$crate@$version" --bin "$3" || return
  stamp "$crate" "$version"
}

wasm_bindgen() { cargo_tool wasm-bindgen-cli "$WASM_BINDGEN" wasm-bindgen; }
worker_build() { cargo_tool worker-build "$WORKER_BUILD" worker-build; }

# Side by side, since each alone leaves a core idle for part of its time.
rust() { wasm_target && together wasm_bindgen worker_build; }

# The other chain waits for the network most of the time.
packages() { system && speech && api_checks && edge_runtime && pages; }

lint_tools() {
  venv lint .tools/venv-lint "sam and cfn-lint (pip)" infra/tools/requirements-lint.txt || return
  [ "${1:-}" != deploy ] ||
    venv deploy .tools/venv-lint "cargo-lambda (pip)" infra/tools/requirements-lint.txt infra/tools/requirements-deploy.txt
}

peer() { venv bench .tools/venv-bench "a bot in Python to measure beside ours (pip)" infra/tools/requirements-bench.txt; }

everything_is_there() {
  [ -x .tools/bin/wasm-bindgen ] && [ -x .tools/bin/worker-build ] && [ -x .tools/venv/bin/python ] &&
    [ -x .tools/venv-api/bin/python ] && rust_is_there &&
    [ -x "$node_modules/@cloudflare/workerd-linux-64/bin/workerd" ] && [ -d web/node_modules/preact ] &&
    [ -z "$(missing_packages)" ]
}

# What decides whether anything is to be done; the fast way out of this script.
key=$(fingerprint infra/tools/versions.env infra/tools/requirements*.txt infra/tools/package-lock.json web/package-lock.json \
  rust-toolchain.toml infra/setup/setup.sh)
done_for=setup${1:+-$1}
stamped "$done_for" "$key" && everything_is_there && exit 0

command -v cargo >/dev/null || fail "Rust is missing: see https://rustup.rs"
command -v python3 >/dev/null || fail "Python 3 is missing: apt-get install python3"

exec 9>.tools/lock
flock -n 9 || { say "setup: waiting for another set-up of this clone"; flock 9; }
say "setup"
began=$SECONDS
together packages rust || exit 1
case ${1:-} in
  bench) peer || exit 1 ;;
  lint | deploy) lint_tools "$1" || exit 1 ;;
esac
stamp "$done_for" "$key"
say "setup: $((SECONDS - began)) s"
