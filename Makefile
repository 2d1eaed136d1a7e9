# porlake: few verbs for everything. `make run` and `make test` need no other step.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two environments in one folder: what porlake runs on, and that with what tests, lint and benches need beside it.
digest = $(shell cat $(1) setup.cfg pyproject.toml | sha256sum | cut -c1-16)
LOCKS := requirements/uv.txt requirements/lock.txt
ALL_LOCKS := $(LOCKS) requirements/celery.txt requirements/tests.txt
RUNTIME := $(VENV)/.porlake-runtime-$(call digest,$(LOCKS) setup.py)
COMPLETE := $(VENV)/.porlake-complete-$(call digest,$(ALL_LOCKS) setup.py)
export PORLAKE_HOME := $(CURDIR)
# Images often set it, and then every dbt and every Airflow task compiles its packages anew: 4 s of CPU for dbt's alone.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup runtime run test test-thorough check nodes nodes-built lint bench docs page airflow query clean lock

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(COMPLETE)  ## make .venv from the locks, tests and tools included (a second call does nothing)

runtime: $(or $(wildcard $(COMPLETE)),$(RUNTIME))

$(RUNTIME): INSTALLED := requirements/lock.txt
$(RUNTIME): $(LOCKS) setup.cfg pyproject.toml
	$(install)

$(COMPLETE): INSTALLED := requirements/lock.txt requirements/celery.txt requirements/tests.txt
$(COMPLETE): $(ALL_LOCKS) setup.cfg pyproject.toml
	$(install)

define install
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "porlake needs Python 3.11, 3.12 or 3.13; this is %d.%d. Name another: make PYTHON=python3.12 setup" % v)'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "this Python has no venv module; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes $(INSTALLED)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@rm -rf plugins/*.egg-info $(VENV)/.porlake-*
	@touch $@
	@echo "ready: $(BIN)/porlake"
endef

run: runtime  ## the bundled sample month through the whole pipeline, offline, and its tables
	@$(BIN)/python -m porlake.airflow.local run okx "$$(cat data/samples/run.json)"
	@$(BIN)/porlake summary okx/2024-03-25
	@printf '%s\n' 'example: made rows of an exchange that there is not, on a network of each further' \
	  'family. The last table says who answered: real software that ran here, or `made`,' 'a stand-in.'
	@$(BIN)/porlake run example --report data/samples/made/example_por_20261001.csv --replay data/samples/made/recording --registry data/samples/made/registry
	@$(BIN)/porlake query "$$(cat data/samples/report_2.sql)"
	@printf '%s\n' 'next:' '  $(BIN)/porlake verify FILE                  who signs for what in a file of your own' \
	  '  $(BIN)/porlake run htx --report FILE        all stages for it, from your endpoints ($(BIN)/porlake doctor)' \
	  '  $(BIN)/porlake page --serve                  these tables as a page, on this machine alone' \
	  '  make query                                a SQL prompt over these tables; docs/questions.md has eleven questions' \
	  '  make airflow                              the same DAGs in Airflow, with its UI' 'the page:'
	@$(BIN)/porlake page

TESTS := $(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

test: setup  ## the tests; real nodes are used where `make nodes` has installed them
	$(TESTS) -m "not (thorough or celery)"

test-thorough: setup  ## the same at full breadth: large trees, more builds, two workers of Celery
	$(TESTS) -m "thorough or celery"

check: setup  ## a minute of those that need no dbt, Airflow or node
	@$(BIN)/python tools/check.py

nodes: setup  ## real nodes for the tests (anvil, hardhat, Conflux, Bitcoin Knots, Litecoin, e-x; PostgreSQL, Redis) in .nodes/, Chromium, Spark where there is a JVM
	@$(BIN)/python tools/install_nodes.py

nodes-built: setup  ## nodes that are built from source (geth, simd, starknet-devnet), for recording their answers anew; minutes each
	@$(BIN)/python tools/install_nodes.py built

lint: setup  ## ruff, mypy and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 sql/models

bench: setup  ## figures as ratios against named baselines of the same run
	@for figures in bench/*.py; do echo "== $$figures"; $(BIN)/python $$figures || exit 1; done

docs: setup  ## docs/tables.md and the results in docs/questions.md anew, and dbt's page with lineage in build/docs
	@$(BIN)/python tools/documents.py
	@$(BIN)/python tools/documents.py --page build/docs

page:  ## the built page anew from page/ (needs Node); nobody needs it to use porlake
	@cd page && npm ci --ignore-scripts && npm run check && npm test && npm run build

airflow: runtime  ## Airflow with its UI on the embedded default
	$(BIN)/python -m porlake.airflow.local up

query: runtime  ## a SQL prompt over all tables
	@$(BIN)/porlake query

clean:  ## remove everything that make made, the lake included
	rm -rf $(VENV) .airflow .nodes .mypy_cache .ruff_cache .pytest_cache build
	rm -rf data/raw data/lake data/marts data/porlake.duckdb data/recordings
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: runtime  ## compute the locks of requirements/ anew
	for names in uv:uv porlake:lock celery:celery tests:tests; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    requirements/$${names%:*}.in -o requirements/$${names#*:}.txt || exit 1; \
	done
