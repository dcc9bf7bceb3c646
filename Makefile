# The only entry point. `make help` lists everything; continuous integration runs `make check`.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: accounts help install lock run up down serve test fuzz e2e lint types fmt migrate migration specs routes observability check audit train-extraction \
	verify-containers verify-observability k8s verify-k8s play-k8s bench clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	echo $$p; break; fi; done)
BIN := .venv/bin
PACKAGES := libs/common services/auth services/core services/extraction services/simulation infra/devstack
READY := .venv/.ready
# where the tests of s=NAME are
TESTS = $(if $(s),$(or $(firstword $(wildcard services/$(s) libs/$(s) infra/$(s) tests/$(s))),$(error there is no $(s))))
PYTEST = $(BIN)/python -m pytest -n auto --dist loadfile
# run a command and show what it says only when it fails
quietly = out=$$( $(1) 2>&1 ) || { printf '%s\n' "$$out"; exit 1; }
# the local stack's ingress listens here; left out: 8080 when that is free, else another
ifdef PORT
export PORT
endif
# an environment that was made for another folder, before this one was moved or copied, is made anew
$(shell [ ! -e $(READY) ] || [ "$$(cat $(READY))" = "$(CURDIR)" ] || rm -f $(READY))

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' Makefile

install: $(READY) ## Set up .venv with everything, pinned by hash

$(READY): requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@sh infra/devstack/install.sh "$(PYTHON)" $(READY) $(PACKAGES)

# extras stay in the lock: pip before 23.3 takes a pin without them for another requirement
lock: ## Resolve requirements.lock anew; pins that still fit stay
	@$(or $(wildcard $(BIN)/uv),uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
		--no-header --group dev --no-emit-package etter-common --no-emit-package etter-devstack \
		$(PACKAGES:%=%/pyproject.toml) --output-file requirements.lock

run: $(READY) ## Start everything, run the main job on the example documents, stay up (PORT=8080)
	@$(BIN)/etter run

up: $(READY) ## Start everything in the background (PORT=8080)
	@$(BIN)/etter up --detach

down: $(READY) ## Stop what runs in this folder
	@$(BIN)/etter down

serve: $(READY) ## Start everything, one service restarting when its code changes: make serve s=core
	@$(BIN)/etter serve $(or $(s),$(error say which: make serve s=core))

test: $(READY) ## All tests, or some: make test s=core k=rotation
	@$(PYTEST) $(TESTS) $(if $(k),-k "$(k)")

fuzz: $(READY) ## Generated requests by the thousand: make fuzz s=core n=500 (examples an operation) t=600 (seconds) seed=7
	@ETTER_FUZZ_EXAMPLES=$(or $(n),100) ETTER_FUZZ_SECONDS=$(or $(t),600) \
		ETTER_FUZZ_SEED=$(or $(seed),$$(date +%s)) $(BIN)/python -m pytest -s --timeout=0 -k service_agree \
		$(if $(s),services/$(s),services/*)/tests/test_contract.py

e2e: $(READY) ## The whole platform through its ingress
	@$(BIN)/python -m pytest tests/e2e $(if $(k),-k "$(k)")

lint: $(READY) ## Style, import contracts, declared dependencies
	@$(BIN)/ruff check --quiet .
	@$(call quietly,$(BIN)/ruff format --check .)
	@$(call quietly,$(BIN)/lint-imports)
	@for package in $(PACKAGES); do $(call quietly,(cd $$package && "$(CURDIR)/$(BIN)/deptry" . --no-ansi)); done

accounts: $(READY) ## Users and permissions of NATS and Valkey, from their one table
	@$(BIN)/python -m etter_devstack.accounts

types: $(READY) ## mypy, strict
	@for part in $(PACKAGES) infra/observability infra/operations infra/docker infra/compose infra/k8s $(wildcard tests bench); do \
		$(BIN)/mypy --no-error-summary $$part || exit 1; done

fmt: $(READY) ## Format everything, and mend what can be mended
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

train-extraction: $(READY) ## Train the models of extraction from a folder of public data: data=../shared/data
	@cd services/extraction && "$(CURDIR)/$(BIN)/python" -m training $(or $(data),$(abspath ../shared/data))

migrate: $(READY) ## Bring the databases of this folder up to date; one: make migrate s=core
	@$(BIN)/etter migrate $(s)

migration: $(READY) ## A new revision from the models: make migration s=core m="add archived_at"
	@$(BIN)/etter migration $(or $(s),$(error say which: s=core)) "$(or $(m),$(error say what: m="add archived_at"))"

specs: $(READY) ## Write OpenAPI, AsyncAPI and permission snapshots anew, for review
	@ETTER_UPDATE_SNAPSHOTS=1 $(BIN)/python -m pytest -q -k "reviewed or snapshot or asyncapi" libs services infra

routes: $(READY) ## Render infra/ingress/routes.toml for compose and Kubernetes
	@$(BIN)/python -m etter_devstack.routes.files

check: lint types ## What continuous integration runs: lint, types, all tests with branch coverage
	@$(PYTEST) --cov --cov-report=term:skip-covered

verify-containers: $(READY) ## Images and compose on a Docker Engine, from build to restore (infra/compose/README.md)
	@cd infra/compose && "$(CURDIR)/$(BIN)/python" -m verify $(if $(folder),--folder "$(abspath $(folder))")

audit: ## Known vulnerabilities of what is locked, asked of the package index; fails when it cannot ask
	@[ -x .venv-audit/bin/pip-audit ] || { $(PYTHON) -m venv .venv-audit && \
		.venv-audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	@.venv-audit/bin/pip-audit --strict --progress-spinner off --require-hashes --disable-pip -r requirements.lock

observability: $(READY) ## Write dashboards and the rules' Kubernetes objects anew, for review
	@$(BIN)/python -m infra.observability

verify-observability: $(READY) ## Rules, alert routing and dashboards tried by promtool, amtool and a real Prometheus
	@$(BIN)/python -m infra.observability.verify

bench: $(READY) ## Measurements, side by side; one: make bench k=events
	@for name in $(or $(basename $(notdir $(filter-out bench/__init__.py,$(wildcard bench/$(or $(k),*).py)))),$(error there is no bench/$(k).py)); do \
		$(BIN)/python -m bench.$$name || exit 1; done

k8s: .venv-k8s/.ready ## What an overlay says: make k8s o=prod
	@.venv-k8s/bin/kubectl kustomize infra/k8s/overlays/$(or $(o),dev)

verify-k8s: .venv-k8s/.ready ## Kubernetes: all manifests against schemas, references and security checks (needs Node.js)
	@.venv-k8s/bin/python infra/k8s/verify/manifests.py .venv-k8s

play-k8s: .venv-k8s/.ready ## Kubernetes: start what the dev overlay says in podman (root; images in place: README there)
	@.venv-k8s/bin/python infra/k8s/verify/play.py

.venv-k8s/.ready: infra/k8s/verify/requirements.txt infra/k8s/verify/package.json
	@$(PYTHON) -m venv .venv-k8s
	@.venv-k8s/bin/pip install --quiet --disable-pip-version-check -r infra/k8s/verify/requirements.txt
	@cp infra/k8s/verify/package.json .venv-k8s && npm install --prefix .venv-k8s --silent --no-package-lock --ignore-scripts
	@touch $@

clean: ## Stop the stack; remove its data, the environment and caches
	@[ ! -x $(BIN)/etter ] || $(BIN)/etter down --data
	@rm -rf .venv .venv-audit .venv-k8s .etter .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		.coverage .coverage.*
