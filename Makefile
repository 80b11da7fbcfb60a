# Every habit of this repository, one line each: `make` lists them.
# All that is needed is make (GNU 3.81, as on macOS, or newer) and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
IN_VENV := $(VENV)/bin/python
PIP := $(IN_VENV) -m pip --disable-pip-version-check --quiet
EXAMPLE := examples/flights

# Stamps: each is written last, so that what broke off half-way is done again.
INSTALLED := $(VENV)/.installed
BENCH_INSTALLED := $(VENV)/.installed-bench
FETCHED := $(EXAMPLE)/data_raw/.fetched

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run_etl test fuzz torture lint format bench clean distclean

help: ## List these targets
	@awk 'BEGIN {FS = ":.*## "; print "make <target>, where <target> is one of"} \
	    /^[a-z_]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

install: $(INSTALLED) ## Make the virtual environment .venv with Thresher and all its tools

run_etl: $(INSTALLED) $(FETCHED) ## Run the example: raw flights to a warehouse, and two queries
	@cd $(EXAMPLE) && ../../$(IN_VENV) -m thresher run
	@cd $(EXAMPLE) && ../../$(IN_VENV) -m thresher query --file queries/top_delays.sql
	@cd $(EXAMPLE) && ../../$(IN_VENV) -m thresher query --file queries/busiest_hours.sql

test: lint ## Check everything: lint, then every test
	$(IN_VENV) -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

fuzz: $(INSTALLED) ## Mutate projects and their files for long (minutes; ROUNDS=200 unless you say so)
	THRESHER_FUZZ=3000 THRESHER_FUZZ_ROUNDS=$(or $(ROUNDS),200) $(IN_VENV) -m pytest -q -n 2 \
	    tests/fuzz tests/sources/test_rejected_properties.py tests/api/test_quarantine_rounds.py

torture: $(INSTALLED) ## Kill runs at random for long, and compare with a clean build (ROUNDS=200 unless you say so)
	THRESHER_FAULTS=all THRESHER_TORTURE=$(or $(ROUNDS),200) $(IN_VENV) -m pytest -q -n 2 \
	    tests/faults tests/torture

lint: $(INSTALLED) ## Check style, types and architecture, and change nothing
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy
	$(IN_VENV) -c 'from importlinter.cli import lint_imports_command as main; main()'

format: $(INSTALLED) ## Put the code into its form, and mend what can be mended by itself
	$(IN_VENV) -m ruff check --fix .
	$(IN_VENV) -m ruff format .

bench: $(BENCH_INSTALLED) ## Measure start-up, 1,000 models, TPC-H, checks and S3 (minutes; a quiet machine)
	$(IN_VENV) benchmarks/startup.py
	$(IN_VENV) benchmarks/no_change.py
	$(IN_VENV) benchmarks/tpch.py
	$(IN_VENV) benchmarks/checks.py
	$(IN_VENV) benchmarks/s3.py

clean: ## Remove caches, and all that the example has made
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	cd $(EXAMPLE) && rm -rf warehouse data_clean reports logs .thresher .pytest_cache
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove the virtual environment and the npm packages as well
	rm -rf $(VENV) tests/docs/npm/node_modules

# pip reads dependency groups since 25.1, and Python 3.11 brings an older one. What is left of an
# environment that could not be made, or that lost its Python, is made anew.
$(INSTALLED): pyproject.toml src/thresher/_version.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo 'Thresher needs Python 3.11 or newer, and `$(PYTHON)` is' \
	        "$$($(PYTHON) --version 2>/dev/null || echo 'not there')." >&2; \
	    echo 'Name another one: make PYTHON=python3.12' >&2; exit 1; }
	@rm -f $@
	@$(IN_VENV) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo 'Making the virtual environment $(VENV)'; $(PYTHON) -m venv --clear $(VENV); }
	@echo 'Installing Thresher and its tools into $(VENV)'
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable '.[all]' --group dev
	@touch $@

$(BENCH_INSTALLED): $(INSTALLED) benchmarks/requirements.txt
	@$(PIP) install --requirement benchmarks/requirements.txt
	@touch $@

$(FETCHED): $(EXAMPLE)/fetch_data.py | $(INSTALLED)
	@$(IN_VENV) $<
	@touch $@
