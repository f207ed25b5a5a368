# Anlin: `make run` and `make test` do everything, on a fresh machine as on a used one.

PORT ?= 8000
PYTHON ?= python3
PY := .venv/bin/python
CHROMIUM ?= /usr/bin/chromium
APP := miniprogram_stub
NODE_20 := node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null
export PORT CHROMIUM

.DEFAULT_GOAL := help
.PHONY: help setup app run walk test test-long bench lint clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-18s%s\n' "$$name" "$$text"; done

run: setup app ## start everything on http://127.0.0.1:8000 (PORT=8001 to change it); Ctrl-C stops it
	@exec $(PY) -m backend.up

walk: setup ## play four stories against the running server: certificate, group buy, volunteers, medicine
	@DEMO_MODE=1 exec .venv/bin/flask --app wsgi demo walk

test: setup app ## the everyday tests, two at a time, the stories in a browser among them; then the mini-program's own: eleven minutes
	@$(PY) -m pytest
	@if $(NODE_20) && [ -x "$(CHROMIUM)" ]; then cd $(APP) && npm run --silent check && npm test --silent; else \
		echo "The mini-program's tests need Node.js 20 and Chromium (apt-get install nodejs npm chromium fonts-noto-cjk; CHROMIUM=/path/to/it) and were left out."; \
		[ "$$CI" != true ]; \
	fi

test-long: setup ## every test, also those marked slow
	@exec $(PY) -m pytest -m ''

bench: setup ## the benchmarks
	@exec $(PY) -m bench

lint: setup ## ruff and mypy
	@$(PY) -m ruff check .
	@$(PY) -m mypy backend

clean: ## remove .venv and caches; the data in var/ stays (delete that folder to begin anew)
	@rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Only what changed: the libraries when the lock file is another one, the pages each time (less than a second).
app: ## build the mini-program's pages for /app/ (the backend runs without them)
	@if ! $(NODE_20); then \
		echo "The pages at /app/ need Node.js 20 or newer (apt-get install nodejs npm, or https://nodejs.org where that is older); the rest runs without."; \
		exit 0; \
	fi; \
	cd $(APP) || exit 1; \
	if ! cmp -s package-lock.json node_modules/package-lock.json; then \
		echo "Installing what builds the pages at /app/ (once) ..."; \
		npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || { \
			echo "It could not be installed; the reason is above. The rest runs without the pages at /app/."; exit 0; }; \
		cp package-lock.json node_modules/package-lock.json; \
	fi; \
	node web/build.mjs

# Nothing to do when .venv works and was installed from these very requirements: a comparison, no pip.
setup: ## make .venv with the pinned libraries (the other targets do it when needed)
	@if $(PY) -c '' 2>/dev/null && cmp -s requirements.txt .venv/requirements.txt; then exit 0; fi; \
	command -v $(PYTHON) >/dev/null || { \
		echo "Python 3.11 or newer is needed and $(PYTHON) was not found: apt-get install python3 python3-venv (macOS: brew install python), or make PYTHON=/path/to/python3."; exit 1; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed and $(PYTHON) is $$($(PYTHON) -V 2>&1): install a newer one, or make PYTHON=/path/to/python3."; exit 1; }; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv."; exit 1; }; \
	if ! $(PY) -m pip --version >/dev/null 2>&1; then \
		echo "Making a Python environment in .venv ..."; \
		rm -rf .venv && $(PYTHON) -m venv .venv || exit 1; \
	fi; \
	echo "Installing the libraries into .venv (a minute or two, once) ..."; \
	( while sleep 10; do echo "  still installing ..."; done ) & ticker=$$!; \
	trap 'kill $$ticker 2>/dev/null' EXIT; trap 'exit 130' INT TERM; \
	$(PY) -m pip install -qq --disable-pip-version-check --requirement requirements.txt || { \
		echo "The libraries could not be installed; the reason is above. Run the same command again to go on."; exit 1; }; \
	cp requirements.txt .venv/requirements.txt; \
	echo "The libraries are installed."
