# Callbox. `make call` is the one to begin with: it sets everything up, builds, and places a phone call.

.DEFAULT_GOAL := help
.PHONY: help setup build call dev test lint bench turns deploy clean

LOCAL := infra/local/target/debug/callbox-local
LOCAL_RELEASE := infra/local/target/release/callbox-local
# The recogniser and the other tools live in the clone.
export PATH := $(CURDIR)/.tools/bin:$(PATH)
unexport CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR

help: ## show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16
	@echo
	@echo '  make call SAY="Hello.|A table for two.|Goodbye."   what the caller says, turn by turn'
	@echo '  make call WAV=caller.wav                           a recording as the caller'
	@echo '  make call OUTBOUND=1                               the bot calls'
	@echo '  make call REPLY=url                                the bot is heard from URLs that Twilio plays'
	@echo '  make dev PUBLIC=https://a-tunnel.example            real calls reach this machine: see callbox start'
	@echo '  make call JSON=1                                   for machines; progress goes to standard error'

setup: ## get the tools, into the clone or by apt-get
	@infra/setup/setup.sh

build: setup ## build functions, edge and local platform
	@infra/setup/build.sh

call: build ## place a phone call to the demo bot
	@# make hands its command line's variables on in the environment, where quotes and spaces in them do no harm
	@$(LOCAL) call $(if $(JSON),--json) $(if $(OUTBOUND),--outbound) $(if $(REPLY),--reply "$$REPLY") $(if $(SAY),--say "$$SAY") $(if $(WAV),--wav "$$WAV") $(ARGS)

dev: build ## keep the platform up and print its URLs
	@$(LOCAL) dev $(if $(JSON),--json) $(if $(PUBLIC),--public "$$PUBLIC") $(ARGS)

test: build ## set up, and pass every test
	@infra/setup/test.sh

lint: ## format, clippy, template.yaml three ways, wrangler.toml
	@infra/setup/setup.sh lint
	@infra/setup/lint.sh

ifeq ($(filter turns,$(MAKECMDGOALS)),)
bench: ## measure latency and density; `make bench turns`: the turn-taking
	@infra/setup/setup.sh bench
	@infra/setup/build.sh release
	@$(LOCAL_RELEASE) bench $(if $(JSON),--json) $(ARGS)
else
bench: setup
	@cargo run --quiet --package turns -- $(if $(JSON),--json) $(ARGS)
turns: ; @:
endif

deploy: ## deploy to AWS and Cloudflare; DRY_RUN=1 only checks that it could be
	@infra/setup/setup.sh deploy
	@infra/setup/deploy.sh

clean: ## remove what was built and stored, but not the tools
	rm -rf target infra/local/target edge/build web/build .local .aws-sam .wrangler .tools/stamps/build-*
