# Sourced by the other scripts: steps with one line at their start and one at their end, their output in .tools/logs,
# and a sign of life meanwhile. Everything goes to standard error, so that `make call JSON=1` can be piped.

logs=.tools/logs
stamps=.tools/stamps
mkdir -p "$logs" "$stamps"

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}

# One line that changes whenever one of the files does.
fingerprint() { cat -- "$@" | sha256sum | cut -c1-16; }

# stamped NAME KEY: whether NAME was done for KEY.
stamped() { [ -f "$stamps/$1" ] && [ "$(<"$stamps/$1")" = "$2" ]; }

stamp() { printf '%s\n' "$2" >"$stamps/$1"; }

# step NAME LABEL COMMAND...: runs a command with its output in a log; shows the end of the log if it fails.
step() {
  local name=$1 label=$2 log=$logs/$1.log began=$SECONDS
  shift 2
  say "  $label ..."
  # Without the lock: what outlives an interrupted set-up must not block the next.
  "$@" >"$log" 2>&1 </dev/null 9>&- &
  local pid=$! next=$((SECONDS + 15))
  trap 'kill "$pid" 2>/dev/null; exit 1' TERM INT
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS >= next)); then
      next=$((SECONDS + 15))
      say "  $label ... $((SECONDS - began)) s: $(tail -c 400 "$log" | tr '\r' '\n' | sed 's/\x1b\[[0-9;]*[A-Za-z]//g; s/^ *//' | grep -v '^$' | tail -n 1 | cut -c1-80)"
    fi
  done
  local code=0
  wait "$pid" || code=$?
  trap - TERM INT
  if ((code != 0)); then
    say "  $label failed after $((SECONDS - began)) s; the end of $log:"
    tail -n 25 "$log" | sed 's/^/    /' >&2
    return "$code"
  fi
  say "  $label: $((SECONDS - began)) s"
}

# together CHAIN...: runs functions side by side and stops the others when one fails.
together() {
  local chain pids=() code=0
  for chain in "$@"; do
    "$chain" &
    pids+=($!)
  done
  trap 'kill "${pids[@]}" 2>/dev/null; exit 1' TERM INT
  for _ in "${pids[@]}"; do
    if ! wait -n; then
      code=1
      kill "${pids[@]}" 2>/dev/null || true
      wait || true
      break
    fi
  done
  trap - TERM INT
  return "$code"
}
