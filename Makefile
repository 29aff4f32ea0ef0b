# The only ways to build, run and test Kairos; .ci/run calls the same verbs.
# Needs Python >= 3.11 with venv, and make. Another interpreter: make install PYTHON=python3.13

VENV := .venv
BIN := $(VENV)/bin
# Of this folder: a copy of the checkout installs itself anew.
INSTALLED := $(VENV)/.installed-$(shell printf %s '$(CURDIR)' | cksum | cut -d ' ' -f 1)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$each && break; done)
TESTS ?= tests
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install run test test-clients check bench gen lock clean

help: ## Show these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Install exactly what requirements.lock says into .venv

run: install ## Run the system with its demonstration, until Ctrl-C
	@$(BIN)/python -m examples.run_three_acts

test: install ## Run all tests (TESTS=tests/unit for some of them)
	@$(BIN)/python -m pytest -n $(WORKERS) $(TESTS) --ignore=tests/clients

test-clients: install ## Run stock clients in other languages and a browser against the system
	@$(BIN)/python -m dev.clients
	@$(BIN)/python -m pytest tests/clients

check: install ## Check style, types, import contracts, rules and generated code
	@$(BIN)/python -m dev.check

bench: install ## Measure the bars
	@$(BIN)/python -m bench

gen: install ## Write generated code and reference pages
	@$(BIN)/python -m contracts.generate
	@$(BIN)/python -m contracts.asyncapi
	@$(BIN)/python -m tests.contract.examples
	@$(BIN)/python -m gateway.openapi
	@$(BIN)/python -m dev.reference

lock: install ## Renew requirements.lock from pyproject.toml (UPGRADE=1 takes newer versions too)
	@$(BIN)/uv pip compile --quiet --no-header --universal --generate-hashes --no-emit-index-url \
		$(if $(UPGRADE),--upgrade) --group dev --output-file requirements.lock pyproject.toml

clean: ## Remove .venv and caches; the data in .kairos stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# uv comes out of the lock file like everything else, checked by its hash. It installs in seconds;
# where it cannot reach the packages and pip can (pip has settings of its own), pip does it.
$(INSTALLED): requirements.lock pyproject.toml
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null || { echo "Kairos needs Python 3.11 or newer," \
		"which '$(or $(PYTHON),python3)' is not. Name one: make install PYTHON=python3.13"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
		{ echo "Python's venv is missing: install python3-venv"; exit 1; }
	@echo "installing the locked packages into $(VENV)"
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--requirement $(VENV)/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
		--offline --editable .
	@touch $@
