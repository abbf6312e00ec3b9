#!/usr/bin/env bash
# Deploys the edge to Cloudflare (wrangler) and the functions to AWS (sam). Expects `infra/setup/setup.sh deploy` to have
# run, and the credentials of both in their usual places (`wrangler login` or CLOUDFLARE_API_TOKEN; the AWS variables or
# profiles).
#
#   SECRET_ARN   the deployment's secret in Secrets Manager: see template.yaml
#   EDGE_URL     where the edge answers; by default what wrangler says after deploying it
#   STAGE        dev (default) or prod: a section of samconfig.toml
#   DRY_RUN=1    build and check everything, deploy nothing
#   EDGE_UNWIND=0
#                deploy an edge whose instance ends with a panic: see build-edge.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/setup/progress.sh

stage=${STAGE:-dev}
wrangler=infra/tools/node_modules/.bin/wrangler
export PATH=$PWD/.tools/venv-lint/bin:$PWD/.tools/bin:$PATH SAM_CLI_TELEMETRY=0 WRANGLER_SEND_METRICS=false
case $stage in
  dev) section=default environment=() ;;
  *) section=$stage environment=(--env "$stage") ;;
esac
grep -qF "[$section.deploy.parameters]" samconfig.toml ||
  fail "samconfig.toml has no section for STAGE=$stage" "STAGE is dev or prod, or a section that you add there"
[ -n "${DRY_RUN:-}" ] || [ -n "${SECRET_ARN:-}" ] ||
  fail "SECRET_ARN is not set" "the secret's members are listed at the parameter SecretArn of template.yaml; create it once:" \
    "aws secretsmanager create-secret --name callbox/$stage --secret-string file://secret.json"

# Without them build-edge.sh builds an edge in which one call's panic cuts off the others': not by accident.
[ "${EDGE_UNWIND:-1}" = 0 ] || [ -f "$(rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ] ||
  fail "the sources of Rust's library are missing: a panic of one call would end its instance, and cut off all others there" \
    "rustup component add rust-src" "or, if you mean it: EDGE_UNWIND=0 make deploy"

infra/setup/build.sh
if [ -n "${DRY_RUN:-}" ]; then
  step wrangler "edge: wrangler deploy --dry-run" env CI=1 "$wrangler" deploy "${environment[@]}" --dry-run --outdir .wrangler/dry-run
else
  step wrangler "edge: wrangler deploy" "$wrangler" deploy "${environment[@]}"
  [ -n "${EDGE_URL:-}" ] || EDGE_URL=$(grep -oE 'https://[a-z0-9.-]+\.workers\.dev' .tools/logs/wrangler.log | head -n 1) ||
    fail "wrangler did not say where the edge is" "set EDGE_URL to it, without a path, and run make deploy again"
fi

step sam-build "functions: sam build" sam build
if [ -n "${DRY_RUN:-}" ]; then
  step sam-validate "functions: sam validate" sam validate --lint
  say "Everything builds; nothing was deployed."
  exit 0
fi
parameters=.aws-sam/parameters.yaml
python3 infra/setup/parameters.py "$section" "EdgeUrl=$EDGE_URL" "SecretArn=$SECRET_ARN" >"$parameters"
# Where nobody can be asked, as in the workflow, whose environment was approved before it began.
confirm=()
[ -t 0 ] || confirm=(--no-confirm-changeset)
sam deploy --config-env "$section" --no-fail-on-empty-changeset "${confirm[@]}" \
  --parameter-overrides "file://$parameters" >&2
secret="$wrangler secret put${environment[*]:+ ${environment[*]}}"
say "Deployed. If not done yet: \`$secret EDGE_SECRET\` with the secret's member edge_secret, \`$secret API_URL\`"
say "with the output ApiUrl without the slash at its end, and the number's URLs at Twilio as in the outputs above."
