# Plumbline's commands for people. `make help` lists them. Needs Python 3.11 or newer with venv, and a network to
# the package registries the first time; nothing else.

PYTHON   ?= python3
PROJECTS ?= 300
PORTFOLIOS ?= 10000
BIN      := .venv/bin
UV       := UV_PYTHON_DOWNLOADS=never $(BIN)/uv
# Which version of uv: the lock file's format follows it.
UV_VERSION := 0.13.9
MANIFESTS := pyproject.toml uv.lock $(wildcard shared/*/pyproject.toml services/*/pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help setup demo down test test-long portfolios check pictures format browser clean

##@ Use

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.synced ## Make the environment in .venv and fetch the broker, the viewer and the JVM
	@$(BIN)/python -m plumbline.stack.fetch

demo: setup ## Start everything with a generated portfolio and say what to open; Ctrl-C stops it (PROJECTS=300)
	@$(BIN)/plumbline up --portfolio $(PROJECTS)

down: ## Stop a stack that was left running
	@$(BIN)/plumbline down

##@ Change

test: setup browser ## Run every test ring; the slowest tests are named at the end
	$(BIN)/pytest -m "not long"

test-long: setup browser ## Run what takes long: 100 kills, the full portfolio
	$(BIN)/pytest -m long

portfolios: setup ## Score random portfolios in any order and against a rebuild, others each time (PORTFOLIOS=10000)
	PORTFOLIOS=$(PORTFOLIOS) SEED=$${SEED:-$$(date +%s)} $(BIN)/pytest tests/scoring/test_portfolios.py -s --timeout 0

check: .venv/.synced ## Lint, formatting, types, import boundaries, contracts, AsyncAPI, events, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m contracts check
	$(BIN)/python -m plumbline.asyncapi check
	$(BIN)/python -m plumbline.catalogue check
	$(BIN)/python -m portal_gateway.web.catalogues check

pictures: setup browser ## Draw every page of a demonstration into docs/pictures (ARGS="--data-dir ... overview" draws one that runs)
	$(BIN)/python -m tests.browser.pictures $(ARGS)

format: .venv/.synced ## Put imports and formatting in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

browser: ## Find a Chrome or Chromium for the browser tests, or install Debian's
	@for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do \
	  if command -v $$name >/dev/null; then exit 0; fi; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Debian's chromium for the browser tests"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-core fonts-noto-cjk \
	    >/dev/null; \
	else \
	  echo "The browser tests need Chrome or Chromium. Install it, then run this again:" >&2; \
	  echo "  Debian, Ubuntu: sudo apt-get install chromium    macOS: brew install --cask google-chrome" >&2; \
	  exit 1; \
	fi

clean: ## Remove the environment and caches; a stack's data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The environment is made again only when a manifest changes.
.venv/.synced: $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Plumbline needs Python 3.11 or newer; $(PYTHON) is older or missing. Try: make PYTHON=python3.12 setup" >&2; \
	  exit 1; }
	@test -x $(BIN)/uv || { echo "Making .venv"; $(PYTHON) -m venv .venv \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); } || { \
	  echo "The environment could not be made. On Debian and Ubuntu, venv is a package: apt-get install python3-venv" >&2; \
	  rm -rf .venv; exit 1; }
	$(UV) sync --locked
	@touch $@
