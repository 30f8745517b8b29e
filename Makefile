# Everything a newcomer needs: `make demo` and `make test` set up what they use, in .venv only.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
WORKERS ?= 2

LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-find-links --no-emit-index-url \
	--custom-compile-command "make lock"

.PHONY: demo test check build setup lock schemas clean

demo: setup ## Run the whole mesh on real data, ending with answers
	$(BIN)/python -m cli.demo

test: setup ## Run the whole test suite
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --cov --cov-report term:skip-covered --cov-report xml:build/coverage.xml

check: setup ## Lint, types, templates and the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint platform.yaml template.yaml examples/people.yaml
	$(BIN)/pytest -q -n $(WORKERS) tests/infra -m "not build"

build: setup ## Build what is deployed, for both planes
	$(BIN)/sam build --template-file platform.yaml --build-dir build/sam/platform
	$(BIN)/sam build --template-file template.yaml --build-dir build/sam/domain

setup: .venv/synced

.venv/bin/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/synced: requirements/dev.txt pyproject.toml | .venv/bin/uv
	$(UV) pip sync --quiet --python $(BIN)/python requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

lock: | .venv/bin/uv ## Resolve the dependencies again and write requirements/*.txt
	$(LOCK) --python-version 3.11 pyproject.toml --all-extras --group local --group examples --group dev -o requirements/dev.txt

schemas: setup ## Write schemas/ from the classes that define them
	$(BIN)/python -m cli.schemas

clean: ## Remove what was built and set up
	rm -rf .venv build .aws-sam .mypy_cache .pytest_cache .ruff_cache
