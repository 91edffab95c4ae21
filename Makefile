# `make` lists the targets. Everything they need is installed into .venv and .build of this folder.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build test test-long year soak scale bench demo demo-restore invoke lint audit mutation lock docs picture cost clean

PYTHON ?= $(shell tools/find-python)
UV_VERSION := 0.13.9
PIP_QUIET := --quiet --disable-pip-version-check
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
# As pip does: trust what the machine trusts, a private authority too.
export UV_SYSTEM_CERTS := 1

help:  ## what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1 /p' $(MAKEFILE_LIST) | while read -r name words; do printf '%-12s %s\n' "$$name" "$$words"; done

setup: .build/setup  ## install what development and tests need, into this folder

.build/setup: requirements/dev.txt requirements/sam.txt requirements/scan.txt
	@test -n "$(PYTHON)" || { echo "Python 3.13 is needed (with venv): install python3.13, or say make PYTHON=/path/to/python3.13"; exit 1; }
	@echo "Setting up .venv with $(PYTHON) ..."
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install $(PIP_QUIET) uv==$(UV_VERSION)
	.venv/bin/uv pip sync --quiet --require-hashes -p .venv/bin/python requirements/dev.txt
	$(PYTHON) -m venv .venv/sam
	.venv/bin/uv pip sync --quiet --require-hashes -p .venv/sam/bin/python requirements/sam.txt
	$(PYTHON) -m venv .venv/scan
	.venv/bin/uv pip sync --quiet --require-hashes -p .venv/scan/bin/python requirements/scan.txt
	@mkdir -p .build && touch $@

# What the bench compares with; nothing else needs it.
.build/peer: requirements/peer.txt .build/setup
	$(PYTHON) -m venv .venv/peer
	.venv/bin/uv pip sync --quiet --require-hashes -p .venv/peer/bin/python requirements/peer.txt
	@touch $@

build: setup  ## sam build, where anything has changed
	@.venv/bin/python -m local.build

lint: setup  ## lint, format, types, import rules, template
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	PYTHONPATH=layers/common .venv/bin/lint-imports
	.venv/sam/bin/cfn-lint template.yaml
	.venv/sam/bin/sam validate --lint
	.venv/scan/bin/checkov --config-file .checkov.yaml

test: lint build  ## everything that is quick: lint, unit, properties, integration, the built night
	.venv/bin/pytest -n auto --dist loadfile -m "not long"

test-long: build  ## what needs longer, the simulated year among it
	.venv/bin/pytest -n auto --dist worksteal -m long

YEAR = PYTHONPATH=layers/common PYTHONHASHSEED=0 .venv/bin/python -m tests.year
SEED ?= 1
NIGHTS ?= 365
BAD_DAYS ?= 0.5
CHECK_EVERY ?= 30

year: setup  ## a year of nights with bad days at AWS, every one judged: make year SEED=7 NIGHTS=30
	@$(YEAR) --seed $(SEED) --nights $(NIGHTS) --share-of-bad-days $(BAD_DAYS) --check-every $(CHECK_EVERY)

soak: setup  ## a thousand nights of the same: make soak SEED=11
	@$(YEAR) --seed $(SEED) --nights 1000 --share-of-bad-days $(BAD_DAYS) --check-every $(CHECK_EVERY)

scale: build  ## what large fleets cost: 10,000 deletions, a night of 5,000 volumes; prints the figures (half an hour)
	.venv/bin/pytest -m "long or not long" tests/integration/test_scale.py tests/integration/test_cleanup_pace.py \
		tests/integration/test_pending_limit.py tests/e2e/test_deadline.py

ONLY ?=

bench: build .build/peer  ## calls, CPU, memory, time beside boto3 and Cloud Custodian: docs/performance.md
	@PYTHONPATH=layers/common .venv/bin/python -m bench $(ONLY)

demo: build  ## the night, on an embedded AWS, with the built functions
	.venv/bin/python -m tools.demo

demo-restore: build  ## a broken server, its restore and its undo; the clusters; a VPC made twice
	.venv/bin/python -m tools.demo_restore

invoke: build  ## one built function: make invoke JOB=backup EVENT=events/backup-dry-run.json
	@.venv/bin/python -m tools.invoke "$(JOB)" "$(EVENT)"

picture: build  ## the demo's picture for the README: docs/demo.svg
	.venv/bin/python -m tools.demo --svg docs/demo.svg

cost: build  ## what an installation costs a month, before its snapshots
	@.venv/bin/python -m tools.cost

docs: setup  ## write what is generated: docs/policy.md, docs/policy.schema.json
	.venv/bin/python -m tools.render_docs

audit: setup  ## the pinned dependencies against the known vulnerabilities (needs the network)
	@.venv/bin/python -m tools.audit

mutation: setup  ## how many changes in the rules that keep and delete the tests notice (minutes)
	@.venv/bin/python -m tools.mutation

lock: setup  ## write the lock files anew, at today's versions
	.venv/bin/python -m tools.lock

clean:  ## remove what was installed and built here
	rm -rf .venv .build .aws-sam
