# One command per intent. Each makes .venv when it is missing, and brings it up to date when pyproject.toml is newer.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
BIN := .venv/bin
export PYTHONPATH := $(CURDIR)

.PHONY: help demo serve test check bench format clean

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: .venv/.ready ## Run both stacks side by side, compare every path, take one operation through the stages
	@$(BIN)/python -m async_app.demo

serve: .venv/.ready ## Run the migrated application on http://127.0.0.1:8000 until Ctrl+C
	@$(BIN)/python -m async_app serve

test: .venv/.ready ## Run every test on real PostgreSQL
	@$(BIN)/python -m pytest

check: .venv/.ready ## Format and lint check, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.ready ## Measure speed beside the peers, and that nothing leaks (needs wrk, and an idle machine for a good while)
	@for each in routing stages offload shadow sizing wsgi endpoints request overload pooling native layers instruments soak; do echo "$$each:"; $(BIN)/python -m benchmarks.$$each || exit 1; done
	@$(BIN)/python -m benchmarks.report

format: .venv/.ready ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove .venv, the local PostgreSQL and every cache
	rm -rf .venv .postgres .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or run 'make PYTHON=/path/to/python3'"; exit 1; }
	@echo "Setting up .venv with $(PYTHON) (once, about a minute) ..."
	@if command -v uv >/dev/null; then \
	  { test -x $(BIN)/python || uv venv --quiet --python "$(PYTHON)" .venv; } && uv pip install --python $(BIN)/python -e '.[dev]'; \
	else \
	  { test -x $(BIN)/python || "$(PYTHON)" -m venv .venv; } && $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e '.[dev]' | { grep -v 'already satisfied' || true; }; \
	fi
	@touch $@
