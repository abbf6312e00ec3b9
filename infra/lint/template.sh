#!/bin/sh
# Three checks of template.yaml; each finds what the other two miss. None needs credentials or the network.
# Tools come from .tools/venv-lint, or from wherever VENV points.
set -eu
cd "$(dirname "$0")/../.."
bin=${VENV:-.tools/venv-lint}/bin
if [ ! -x "$bin/cfn-lint" ] || [ ! -x "$bin/sam" ]; then
  echo "infra/lint/template.sh: no sam and cfn-lint in $bin: run 'make lint', which installs them" >&2
  exit 1
fi
export SAM_CLI_TELEMETRY=0 PYTHONWARNINGS=ignore
expanded=$(mktemp --suffix=.json)
trap 'rm -f "$expanded"' EXIT

echo "sam validate --lint"
"$bin/sam" validate --lint --template template.yaml
echo "cfn-lint template.yaml"
"$bin/cfn-lint" template.yaml
echo "cfn-lint, expanded"
"$bin/python" infra/lint/sam_expand.py template.yaml "$expanded"
"$bin/cfn-lint" "$expanded"
