# Everything a newcomer needs: `make demo` and `make test` set up what they use, in .venv only.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
WORKERS ?= 2
SEEDS ?= 1 2 3
BATCHES ?= 200
KITS ?= $(addprefix ../shared/bench/nl/,train train_ablated train_unanswerable)

TEST := $(BIN)/pytest -n $(WORKERS) --dist loadgroup

LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-find-links --no-emit-index-url \
	--custom-compile-command "make lock"

# What the layers hold is what was tested, less what the Lambda runtime brings.
RUNTIME := boto3 botocore jmespath python-dateutil s3transfer six urllib3
LAYER_LOCK = $(LOCK) --python-version 3.13 --constraint requirements/dev.txt pyproject.toml \
	$(addprefix --no-emit-package ,$(RUNTIME))

# Every sam and every local function would compile all it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage chaos permissions check build bench gate burst setup lock schemas cost clean

demo: setup ## Run the whole mesh on real data, ending with answers
	$(BIN)/python -m cli.demo

test: setup ## Run the whole test suite
	$(TEST)

coverage: setup ## The same, more slowly, and which lines it runs, into build/coverage.xml
	$(TEST) --cov --cov-report term:skip-covered --cov-report xml:build/coverage.xml

chaos: setup ## Faults on the local mesh by seeded schedules (SEEDS, BATCHES of each), then every row is counted
	for seed in $(SEEDS); do \
		DATAMESH_CHAOS_SEED=$$seed DATAMESH_CHAOS_BATCHES=$(BATCHES) $(BIN)/pytest -q -o faulthandler_timeout=0 tests/e2e/test_mesh_chaos.py; \
	done

permissions: setup ## Record which calls IAM lets through while tests/e2e run, into tests/infra/permissions.json
	DATAMESH_RECORD_PERMISSIONS=1 $(BIN)/pytest -q tests/e2e

check: setup build/scan/clean ## Lint, types, templates and the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint platform.yaml template.yaml accounts/*.yaml examples/key.yaml examples/people.yaml
	$(BIN)/pytest -q -n $(WORKERS) tests/infra -m "not build"

build: setup ## Build what is deployed, for both planes (all domains share one build)
	$(BIN)/sam build --config-env platform
	$(BIN)/sam build --config-env operations

bench: setup build/bench/peers/synced ## Measure against others, into build/bench.json (BENCH_SCALE=0.1 for a quick try)
	PYTHONPATH=. $(BIN)/python -m bench

gate: setup ## Fit how sure readings are (ask/gate.json) over databases with questions (KITS, not those in EXCEPT); never run by CI
	PYTHONPATH=. $(BIN)/python -m bench.gate $(KITS) $(addprefix --except ,$(EXCEPT))

burst: setup ## 10,000 small files at once on the local mesh: the commits and executions that they become
	trap "$(BIN)/mesh down --home build/bench-mesh" EXIT; $(BIN)/python -m bench.burst --home build/bench-mesh

setup: .venv/synced

.venv/bin/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/synced: requirements/dev.txt pyproject.toml | .venv/bin/uv
	$(UV) pip sync --quiet --python $(BIN)/python requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

build/bench/peers/synced: requirements/bench.txt | .venv/bin/uv
	$(UV) venv --quiet --clear --python $(BIN)/python build/bench/peers
	$(UV) pip sync --quiet --python build/bench/peers/bin/python requirements/bench.txt
	touch $@

build/scan/synced: requirements/scan.txt | .venv/bin/uv
	$(UV) venv --quiet --clear --python $(BIN)/python build/scan
	$(UV) pip sync --quiet --python build/scan/bin/python requirements/scan.txt
	touch $@

# Each skip stands in the template, with its reason. What did not change since it was found clean is not scanned again.
build/scan/clean: platform.yaml template.yaml accounts/host.yaml accounts/guest.yaml examples/key.yaml examples/people.yaml build/scan/synced
	build/scan/bin/checkov --framework cloudformation --quiet --compact --skip-download --file $(filter %.yaml,$^)
	touch $@

lock: | .venv/bin/uv ## Resolve the dependencies again and write requirements/*.txt
	$(LOCK) --python-version 3.11 pyproject.toml --all-extras --group local --group examples --group dev -o requirements/dev.txt
	$(LOCK) --python-version 3.11 --group bench -o requirements/bench.txt
	$(LOCK) --python-version 3.11 --group scan -o requirements/scan.txt
	$(LAYER_LOCK) -o requirements/core.txt
	$(LAYER_LOCK) --extra engine $$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' requirements/core.txt) \
		-o requirements/engine.txt

schemas: setup ## Write schemas/ from the classes that define them
	$(BIN)/python -m cli.schemas

cost: setup ## Count on the local mesh what a batch uses, and write docs/cost.md
	trap "$(BIN)/mesh down --home build/bench-mesh" EXIT; $(BIN)/python -m bench.cost --home build/bench-mesh

clean: ## Remove what was built and set up
	rm -rf .venv build .aws-sam .mypy_cache .pytest_cache .ruff_cache
