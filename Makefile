# `make demo` and `make test` install their dependencies.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The caller's user manager if there is one, else a private systemd.
OWN_MANAGER := $(shell [ "$$(id -u)" != 0 ] && systemctl --user show-environment >/dev/null 2>&1 && echo yes)
RUN := $(if $(OWN_MANAGER),,$(BIN)/python -m forgather_units.sandbox run --)

.PHONY: bench check-machine docs help setup demo test test-floors lint clean web documents screenshots dist deb release test-deb

FLOORS := .venv-floors
# TensorBoard with the profile plugin, separate: it would slow down all other TensorBoards of the tests.
PROFILE := .venv-profile
# Jupyter, in front of a server.
JUPYTER := .venv-jupyter

help:
	@echo "make demo   start a server with a TensorBoard of sample runs; Ctrl-C ends it and leaves nothing running"
	@echo "make test   all linters and tests, against a real systemd"
	@echo "make test-floors   the same tests, without linters, on the versions that Debian 12 has"
	@echo "make docs   the documents as a site, on http://127.0.0.1:8000"
	@echo "make deb    the Debian packages, into build/deb; make dist: wheel and sdist"
	@echo "make release   all files of a release, into build/release; DEBS=no leaves out the packages, which need root"
	@echo "make test-deb   the packages on a clean Debian that is booted for it (root)"

# Before anything is installed: fail early on a machine that supports neither.
check-machine:
	@$(if $(OWN_MANAGER),true,$(PYTHON) -m forgather_units.sandbox check)

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml packaging/install-debian-packages
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	packaging/install-debian-packages --native && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[native]' || \
		echo "pystemd and systemd-python cannot be built here: dbus-next and journalctl take their place"
	touch $@

# Further requirements of the tests: a browser, and tools that inspect the host.
$(VENV)/.tests-complete: $(VENV)/.complete
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox) --tests
	touch $@

# Works without node: the server then serves its plain page.
demo: check-machine setup
	@$(BIN)/python packaging/page_build.py || echo "the plain page is served instead"
	@$(RUN) $(abspath $(BIN))/forgather demo

# The sandbox is tested from outside, where root can see what it leaves behind. Most tests wait for programs to start:
# three at a time. Some alone: one has journald drop lines of all units for half a minute, others restart D-Bus, which
# browsers do not outlive, or connect to every socket of the machine, which wakes the sleeping jobs of other tests.
ALONE := tests/units $(addprefix tests/end_to_end/test_,bus_lost.py escape.py neighbour.py)
OUTSIDE := tests/sandbox tests/linters tests/deb
# What depends on the libraries of systemd and the journal, once more with those in pure Python. (tests/units uses both.)
PURE := $(addprefix tests/end_to_end/test_,$(addsuffix .py,life_of_a_job sleep kill survival terminal taken_port services \
	reload protections))

$(PROFILE)/.complete:
	$(PYTHON) -m venv $(PROFILE)
	$(PROFILE)/bin/python -m pip install --quiet --disable-pip-version-check tensorboard tensorboard-plugin-profile
	touch $@

$(JUPYTER)/.complete:
	$(PYTHON) -m venv $(JUPYTER)
	$(JUPYTER)/bin/python -m pip install --quiet --disable-pip-version-check jupyterhub jupyter-server jupyter-server-proxy
	npm install --silent --no-save --no-package-lock --prefix $(JUPYTER) configurable-http-proxy
	touch $@

test: check-machine setup web web/node_modules/.package-lock.json $(VENV)/.tests-complete $(PROFILE)/.complete \
		$(JUPYTER)/.complete
	$(BIN)/python -m pytest tests/sandbox tests/linters
	$(RUN) $(abspath $(BIN))/python -m pytest -n 3 --dist loadfile $(patsubst %,--ignore=%,$(ALONE) $(OUTSIDE))
	$(RUN) env FORGATHER_LIBRARIES=pure $(abspath $(BIN))/python -m pytest -n 3 --dist loadfile $(PURE)
	$(RUN) $(abspath $(BIN))/python -m pytest $(ALONE)

$(FLOORS)/.complete: pyproject.toml packaging/debian-12-versions.txt packaging/install-debian-packages
	packaging/install-debian-packages $(if $(OWN_MANAGER),,--sandbox) --native
	$(PYTHON) -m venv $(FLOORS)
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint packaging/debian-12-versions.txt --editable '.[mkdocs,native]' pytest
	touch $@

# TESTS="tests/api tests/auth" runs some of them.
test-floors: $(FLOORS)/.complete
	$(subst $(BIN)/,$(FLOORS)/bin/,$(RUN)) $(abspath $(FLOORS))/bin/python -m pytest $(TESTS) \
		--ignore=tests/sandbox --ignore=tests/linters --ignore=tests/browser --ignore=tests/deb

# The proxy compared with direct TensorBoard, nginx and Python proxies; some 20 minutes. The tables are in build/benchmarks.
# Then what many runs and many ended jobs cost, beside find and plain TensorBoard; some 20 minutes more.
bench: setup
	PYTHONPATH=tests $(BIN)/python -m benchmarks.proxy
	$(RUN) $(abspath $(BIN))/python -m benchmarks.growth

# The page, built by npm into the package.
web: setup
	@$(BIN)/python packaging/page_build.py

# Checks of the page's sources: tsc, vitest and Biome (tests/linters runs them).
web/node_modules/.package-lock.json: web/package-lock.json | setup
	@$(BIN)/python packaging/page_build.py dependencies

# The pictures of the documents. A loopback of its own: the ports in them are the usual ones.
screenshots: setup web $(VENV)/.tests-complete
	mkdir -p build/screenshots docs/images && chmod 777 build/screenshots
	$(subst run --,run --private-network --bind $(abspath build/screenshots) --,$(RUN)) \
		env PYTHONPATH=tests $(abspath $(BIN))/python packaging/screenshots.py build/screenshots
	cp build/screenshots/*.png docs/images

# The documents as a site on http://127.0.0.1:8000, rebuilt when they change.
docs: setup
	$(BIN)/python -m mkdocs serve

# Manual pages, from the parsers and the table of the settings, and the completion of three shells.
documents: setup
	$(BIN)/python packaging/manpages.py packaging/generated
	$(BIN)/forgather completion bash >packaging/generated/forgather
	$(BIN)/forgather completion zsh >packaging/generated/_forgather
	$(BIN)/forgather completion fish >packaging/generated/forgather.fish

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

# All files of a release, into build/release: wheel, sdist, Debian packages, forgather-units.pyz and SHA256SUMS.
# DEBS=no leaves out the packages: the programs that build them are installed as root.
RELEASE := build/release
release: dist $(if $(filter no,$(DEBS)),,deb)
	rm -rf $(RELEASE) && mkdir -p $(RELEASE)
	version=$$($(BIN)/python packaging/release.py) && \
		cp dist/forgather_units-$$version-*.whl dist/forgather_units-$$version.tar.gz \
			$(if $(filter no,$(DEBS)),,build/deb/*_$${version}_*.deb) $(RELEASE)
	$(BIN)/python packaging/pyz.py $(RELEASE)/*.whl $(RELEASE)/forgather-units.pyz
	cd $(RELEASE) && sha256sum * >SHA256SUMS

# Builds them twice, runs lintian, and installs them on a clean Debian booted for the tests. Needs root.
test-deb: web packaging/wheels/.complete
	packaging/install-debian-packages --sandbox --build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build
	FORGATHER_TEST_DEB=1 $(BIN)/python -m pytest tests/deb

lint: setup web/node_modules/.package-lock.json
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	cd web && PATH=$(abspath $(BIN)):$$PATH && npm run check && npm run lint && npm test

clean:
	rm -rf $(VENV) $(FLOORS) $(PROFILE) build dist *.egg-info .mypy_cache .ruff_cache
