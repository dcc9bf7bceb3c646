# The only entry point. `make help` lists everything; continuous integration runs `make check`.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install run up down serve test e2e lint types fmt migrate migration specs check clean

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo $$p; break; fi; done)
BIN := .venv/bin
PACKAGES := libs/common services/auth services/core services/extraction services/simulation infra/devstack
READY := .venv/.ready
# of the local stack's ingress: 8080 when it is free, else any
PORT ?=
export PORT

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

install: $(READY) ## Set up .venv with everything, pinned by hash

$(READY): requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@sh infra/devstack/install.sh "$(PYTHON)" "$(READY)" $(PACKAGES)

run: $(READY) ## Start everything, run the main job on the sample documents, stay up
	@$(BIN)/etter run

up: $(READY) ## Start everything in the background
	@$(BIN)/etter up

down: $(READY) ## Stop what `make up` or `make run` started here
	@$(BIN)/etter down

serve: $(READY) ## Run one service of a running stack in this terminal, reloading: make serve s=core
	@$(BIN)/etter serve $(or $(s),$(error say which: make serve s=core))

test: $(READY) ## All tests; or some: make test s=core k=rotation
	@$(BIN)/python -m pytest -n auto --dist loadfile $(if $(s),$(firstword $(wildcard services/$(s) libs/$(s) infra/$(s) tests/$(s)))) $(if $(k),-k "$(k)")

e2e: $(READY) ## The whole platform through its ingress
	@$(BIN)/python -m pytest tests/e2e

lint: $(READY) ## Style, import contracts, declared dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted: make fmt"; exit 1; }
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@for package in $(PACKAGES); do $(BIN)/python -m deptry --config pyproject.toml $$package -ne "tests|migrations" 2>&1 | grep -v "^Scanning\|^Success\|^$$" || true; done

types: $(READY) ## mypy, strict
	@$(BIN)/mypy $(PACKAGES) tests

fmt: $(READY) ## Format everything
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

migrate: $(READY) ## Bring the databases of the running stack up to date
	@$(BIN)/etter migrate

migration: $(READY) ## A new revision from the models: make migration s=core m="add archived_at"
	@$(BIN)/etter migration $(or $(s),$(error say which: s=core)) "$(or $(m),$(error say what: m="add archived_at"))"

specs: $(READY) ## Write OpenAPI, AsyncAPI and permission snapshots anew, for review
	@ETTER_UPDATE_SNAPSHOTS=1 $(BIN)/python -m pytest -q -k "reviewed or snapshot or asyncapi" libs services

check: lint types ## What CI runs: lint, types, all tests with branch coverage
	@$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term:skip-covered
	@git status --porcelain --untracked-files=no | { ! grep . ; } || { echo "the checks changed tracked files"; exit 1; }

clean: ## Remove .venv, local data and caches
	@if [ -x $(BIN)/etter ]; then $(BIN)/etter down; fi
	@rm -rf .venv .etter .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
