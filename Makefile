# Two commands: `make demo` and `make test`. Everything that they need, they install.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# A person's own user manager where there is one, else a private systemd. The code and the tests are the same.
OWN_MANAGER := $(shell [ "$$(id -u)" != 0 ] && systemctl --user show-environment >/dev/null 2>&1 && echo yes)
RUN := $(if $(OWN_MANAGER),,$(BIN)/python -m forgather_units.sandbox run --)

.PHONY: bench help setup demo test test-floors lint clean web documents screenshots dist deb test-deb

FLOORS := .venv-floors

help:
	@echo "make demo   start a server with a TensorBoard of sample runs; Ctrl-C ends it and leaves nothing running"
	@echo "make test   everything: linters, unit tests, and the real thing on a real systemd"
	@echo "make test-floors   the same tests, without linters, on the versions that Debian 12 has"
	@echo "make deb    the Debian packages, into build/deb; make dist: wheel and sdist"
	@echo "make test-deb   the packages on a clean Debian that is booted for it (root)"

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml packaging/install-debian-packages
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

# What the tests need besides: a browser, and tools that look at the machine from outside.
$(VENV)/.tests-complete: $(VENV)/.complete
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox) --tests
	touch $@

# Without node it still goes: the server then has its plain page.
demo: setup
	@$(BIN)/python packaging/page_build.py || echo "the plain page is served instead"
	@$(RUN) $(abspath $(BIN))/forgather demo

# The sandbox is tested from outside, where root can see what it leaves behind. Most tests wait for programs to start:
# three at a time. Some alone: one has journald drop lines of all units for half a minute, others restart D-Bus, which
# browsers do not outlive.
ALONE := tests/units tests/end_to_end/test_bus_lost.py
OUTSIDE := tests/sandbox tests/linters tests/deb

test: setup web $(VENV)/.tests-complete
	$(BIN)/python -m pytest tests/sandbox tests/linters
	$(RUN) $(abspath $(BIN))/python -m pytest -n 3 --dist loadfile $(patsubst %,--ignore=%,$(ALONE) $(OUTSIDE))
	$(RUN) $(abspath $(BIN))/python -m pytest $(ALONE)

$(FLOORS)/.complete: pyproject.toml packaging/debian-12-versions.txt packaging/install-debian-packages
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox)
	$(PYTHON) -m venv $(FLOORS)
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint packaging/debian-12-versions.txt --editable '.[mkdocs]' pytest
	touch $@

# TESTS="tests/server tests/auth" runs some of them.
test-floors: $(FLOORS)/.complete
	$(subst $(BIN)/,$(FLOORS)/bin/,$(RUN)) $(abspath $(FLOORS))/bin/python -m pytest $(TESTS) \
		--ignore=tests/sandbox --ignore=tests/linters --ignore=tests/browser --ignore=tests/deb

# The proxy beside direct TensorBoard, nginx and the Python proxies; some 20 minutes. The tables are in build/benchmarks.
bench: setup
	PYTHONPATH=tests $(BIN)/python -m benchmarks.proxy

# The page, built by npm into the package.
web: setup
	@$(BIN)/python packaging/page_build.py

# The pictures of the documents. A loopback of its own: the ports in them are the usual ones.
screenshots: setup web $(VENV)/.tests-complete
	mkdir -p build/screenshots docs/images && chmod 777 build/screenshots
	$(subst run --,run --private-network --bind $(abspath build/screenshots) --,$(RUN)) \
		env PYTHONPATH=tests $(abspath $(BIN))/python packaging/screenshots.py build/screenshots
	cp build/screenshots/*.png docs/images

# Manual pages and completion, from the parsers and the table of the settings.
documents: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check shtab
	$(BIN)/python packaging/manpages.py packaging/generated
	$(BIN)/python packaging/completion.py packaging/generated

# Wheel and sdist, with the page, the manual pages and the units inside.
dist: web documents
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build
	$(BIN)/python -m build --outdir dist

packaging/wheels/.complete: packaging/tensorboard-wheels.txt | setup
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
		--python-version 3.11 --platform manylinux_2_31_x86_64 --dest $(@D) --requirement $<
	touch $@

# The Debian packages, into build/deb. Page and wheels go into the source package: dpkg-buildpackage needs no network.
deb: web packaging/wheels/.complete
	packaging/install-debian-packages --build
	packaging/build-deb build/deb

# They are built twice, looked at by lintian, and installed on a clean Debian that is booted for it. Needs root.
test-deb: web packaging/wheels/.complete
	packaging/install-debian-packages --sandbox --build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build shtab
	FORGATHER_TEST_DEB=1 $(BIN)/python -m pytest tests/deb

lint: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

clean:
	rm -rf $(VENV) $(FLOORS) build dist *.egg-info .mypy_cache .ruff_cache
