SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

UV := .local/uv/bin/uv
PYTHON := .venv/bin/python
STACK := $(PYTHON) -m tools.local_stack
# More options for the command a target ends in: make deploy ARGS="--region eu-central-1"
ARGS ?=

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed .local/engine/.installed ## Install the tools and the embedded engine, each in its own environment

demo: up ## Start everything and walk through a refund, a return and an exchange, step by step
	$(PYTHON) -m tools.demo $(ARGS)

up: setup ## Start the engine and the sandboxes of payments and carriers, build and deploy; where it is: .local/stack.json
	$(STACK) up

down: ## Stop what `up` started
	test ! -x $(PYTHON) || $(STACK) down

test: setup ## All checks and all tests; what is not up is started, and stopped again
	# What takes longest begins first; the build is there when the stack is started.
	$(MAKE) --no-print-directory --jobs 2 types build-local $(CHECKS)
	# In two processes, which have to agree on the order of the tests: some are made from sets.
	PYTHONHASHSEED=0 $(PYTHON) -m pytest -n 2 -m "not walk" tests/unit --cov --cov-fail-under=100
	$(PYTHON) -m pytest -m walk tests/unit
	PYTHONHASHSEED=0 $(PYTHON) -m pytest -n 2 --dist worksteal -m "not e2e" tests/integration tests/conformance tests/simulation tests/fidelity
	# Benches make the functions before any other environment does: a process of their own.
	$(PYTHON) -m pytest tests/perf
	# The engine is one process: what timed out beside fifty cold workers is tried once more; what fails twice has failed.
	$(STACK) run -- bash -c '$(PYTHON) -m pytest -m e2e tests/e2e tests/fidelity $(ARGS) || $(PYTHON) -m pytest --last-failed --last-failed-no-failures none -m e2e tests/e2e tests/fidelity $(ARGS)'

check: setup ## Format, lint, types, layers, template, state machine, generated files
	$(MAKE) --no-print-directory --jobs 2 $(CHECKS)

CHECKS := types format imports template machine generated

types:
	mypy layers/aftersales functions tools tests

format:
	ruff format --check
	ruff check

imports:
	PYTHONPATH=layers/aftersales lint-imports --no-cache

template:
	sam validate --lint --region us-east-1

machine:
	statelint statemachines/*.asl.json

generated:
	$(PYTHON) -m tools.generate --check

build-local:
	$(STACK) build

load: up ## Load orders into the local stack: make load FILE=orders.jsonl
	$(PYTHON) -m tools.load_orders $(FILE) $(ARGS)

feedback: up ## Leave the feedback of loaded orders and compare all ratings: make feedback FILE=feedback.jsonl
	PYTHONPATH=layers/aftersales $(PYTHON) -m tools.load_feedback $(FILE) $(ARGS)

cases: up ## Random cases on the loaded orders, every cent checked: make cases ARGS="--count 200"
	$(PYTHON) -m tools.cases $(ARGS)

storm: setup ## 20,000 random schedules with everything breaking; one seed again: make storm ARGS="--replay 7"
	PYTHONPATH=layers/aftersales $(PYTHON) -m tests.simulation $(or $(ARGS),--schedules 20000 --jobs 2)

operate: setup ## What an operator types: make operate ARGS="letters", or redrive, case, ring, restart
	$(PYTHON) -m tools.operate $(ARGS)

policy: setup ## A policy before it is published: make policy ARGS="validate FILE", or record, replay, simulate DRAFT
	$(PYTHON) -m tools.policy $(ARGS)

drill: up ## Break the running stack on purpose, step by step, and show that it heals
	$(PYTHON) -m tools.drill

bench: setup ## Count calls, cost and CPU per operation; writes docs/benchmarks.md
	$(PYTHON) -m tools.bench $(ARGS)

insight: setup ## What is learned from files of feedback: make insight ARGS="themes feedback.jsonl orders.jsonl"
	$(PYTHON) -m tools.insight $(ARGS)

mutants: setup ## Break ledger, life cycle and policy one small thing at a time: what do the tests notice?
	$(PYTHON) -m tools.mutants $(ARGS)

generate: setup ## Write the files that are derived from code: OpenAPI, diagram, layer requirements
	$(PYTHON) -m tools.generate $(ARGS)

build: setup ## Build for AWS, with compiled bytecode
	sam build $(ARGS)
	$(PYTHON) -m tools.local_stack.bytecode .aws-sam/build

deploy: build ## Deploy that build to AWS, after a look at the changes
	sam deploy $(ARGS)

.PHONY: $(CHECKS) build-local help setup demo up down test check storm bench load feedback cases operate policy drill insight mutants generate build deploy

# ---------------------------------------------------------------- environments, renewed when the lock file changes

.venv/.installed: uv.lock | $(UV)
	$(UV) sync --quiet --frozen --python .local/uv/bin/python
	@touch $@

.local/engine/.installed: uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=.local/engine $(UV) sync --quiet --frozen --python .local/uv/bin/python --only-group engine
	@touch $@

$(UV):
	@python=python3.13; \
	if ! $$python --version >/dev/null 2>&1; then \
	  command -v pyenv >/dev/null || { echo "Python 3.13 is missing: install it, or pyenv, and try again." >&2; exit 1; }; \
	  pyenv prefix 3.13 >/dev/null 2>&1 || { echo "Python 3.13 is missing: pyenv builds it now."; pyenv install 3.13; }; \
	  python="$$(pyenv prefix 3.13)/bin/python3.13"; \
	fi; \
	"$$python" -m venv .local/uv
	.local/uv/bin/pip install --quiet --disable-pip-version-check uv
