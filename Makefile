# Two commands: `make demo` and `make test`. Everything that they need, they install.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# A person's own user manager where there is one, else a private systemd. The code and the tests are the same.
OWN_MANAGER := $(shell [ "$$(id -u)" != 0 ] && systemctl --user show-environment >/dev/null 2>&1 && echo yes)
RUN := $(if $(OWN_MANAGER),,$(BIN)/python -m forgather_units.sandbox run --)

.PHONY: bench help setup demo test test-floors lint clean

FLOORS := .venv-floors

help:
	@echo "make demo   start a server with a TensorBoard of sample runs; Ctrl-C ends it and leaves nothing running"
	@echo "make test   everything: linters, unit tests, and the real thing on a real systemd"
	@echo "make test-floors   the same tests, without linters, on the versions that Debian 12 has"

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml packaging/install-debian-packages
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

demo: setup
	@$(RUN) $(abspath $(BIN))/forgather demo

# The sandbox is tested from outside, where root can see what it leaves behind.
test: setup
	$(BIN)/python -m pytest tests/sandbox tests/linters
	$(RUN) $(abspath $(BIN))/python -m pytest --ignore=tests/sandbox --ignore=tests/linters

$(FLOORS)/.complete: pyproject.toml packaging/debian-12-versions.txt packaging/install-debian-packages
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox)
	$(PYTHON) -m venv $(FLOORS)
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint packaging/debian-12-versions.txt --editable . pytest
	touch $@

# TESTS="tests/server tests/auth" runs some of them.
test-floors: $(FLOORS)/.complete
	$(subst $(BIN)/,$(FLOORS)/bin/,$(RUN)) $(abspath $(FLOORS))/bin/python -m pytest --ignore=tests/sandbox --ignore=tests/linters $(TESTS)

# The proxy beside direct TensorBoard, nginx and the Python proxies; some 20 minutes. The tables are in build/benchmarks.
bench: setup
	PYTHONPATH=tests $(BIN)/python -m benchmarks.proxy

lint: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

clean:
	rm -rf $(VENV) $(FLOORS) build dist *.egg-info .mypy_cache .ruff_cache
