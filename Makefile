# Everything here works on a bare machine with Python 3, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(sort $(wildcard plugins/*/pyproject.toml))
EDITABLE := -e . $(foreach plugin,$(PLUGINS),-e $(dir $(plugin)))

.PHONY: demo test check browser lock clean

demo: $(VENV)/.installed ## the main job, embedded: two emulators, 2,000 contacts, one campaign
	$(BIN)/hub demo --contacts 2000 --seed 7

test: $(VENV)/.installed check browser ## every test, on SQLite and on real PostgreSQL and Redis, pages in a real Chromium
	$(BIN)/pytest -n 2 --dist loadfile

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

browser: $(VENV)/.installed ## a Chromium for the tests; where there is none, root gets Debian's
	@$(BIN)/python -m hub.testing.browser > /dev/null 2>&1 || test "$$(id -u)" != 0 || \
	  { apt-get update -qq; apt-get install -y -qq --no-install-recommends chromium > /dev/null; } || true
	@$(BIN)/python -m hub.testing.browser

$(VENV)/.installed: pyproject.toml requirements.lock $(PLUGINS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(EDITABLE)
	@touch $@

lock: ## resolve again; the lock names versions and hashes, never an address
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --all-extras --group dev --no-emit-package consent-hub \
	  $(foreach plugin,$(PLUGINS),--no-emit-package consent-hub-$(notdir $(patsubst %/,%,$(dir $(plugin))))) \
	  pyproject.toml $(PLUGINS) -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
