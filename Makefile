# SPDX-License-Identifier: GPL-3.0-or-later
# The short way: `make demo`, `make test`. Everything made here lives under build/.
# Whoever has the dependencies may as well use CMake alone: see CONTRIBUTING.md.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# GNU Radio's bindings are for Debian's Python, whatever `python3` is here.
PYTHON := /usr/bin/python3
VENV := build/venv
CMAKE_DIR := build/cmake
BUILD_PREFIX := build/prefix
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

VENV_PYTHON := $(VENV)/bin/python
PIP_INSTALL := $(VENV_PYTHON) -m pip install -q --disable-pip-version-check -c constraints.txt
# Warnings are errors where nobody would read them.
CMAKE_FLAGS := -DCMAKE_COMPILE_WARNING_AS_ERROR=$(if $(filter true,$(CI)),ON,OFF)

export PIP_USER := 0
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/cache/pycache

.PHONY: help deps venv build demo test lint format bench soak grc train-deps sites-deps install uninstall clean distclean

help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## Debian packages that are missing (apt-get, with sudo where not root)
	@scripts/install-debian-packages.sh scripts/debian-packages.txt

venv: $(VENV)/.runtime ## virtual environment for the blocks and the command lines

$(VENV)/.created: | deps
	@echo "venv: $(VENV)"
	@$(PYTHON) -m venv --system-site-packages $(VENV)
	@touch $@

# One stamp for each file of requirements.
$(VENV)/.%: requirements/%.txt requirements/runtime.txt constraints.txt | $(VENV)/.created
	@echo "venv: installing $<"
	@$(PIP_INSTALL) -r $<
	@touch $@

build: $(VENV)/.runtime | deps ## the module, installed into build/prefix
	@cmake --log-level=WARNING -S . -B $(CMAKE_DIR) $(CMAKE_FLAGS) \
	    -DCMAKE_INSTALL_PREFIX="$(CURDIR)/$(BUILD_PREFIX)" \
	    -DLWMSPECTRO_PYTHON="$(CURDIR)/$(VENV_PYTHON)" >/dev/null
	@MAKEFLAGS=--no-print-directory cmake --build $(CMAKE_DIR) -j $(JOBS)
	@cmake --install $(CMAKE_DIR) >/dev/null
	@cd $(VENV)/lib/python3*/site-packages && \
	    printf '%s\n' "$(CURDIR)/$(BUILD_PREFIX)"/lib/python3*/*-packages > lwmspectro.pth

demo: build ## classify 20 s of live signal, and draw a picture of it in build/
	@$(BUILD_PREFIX)/bin/lwmspectro-demo --png build/lwmspectro-demo.png $(ARGS)

test: build $(VENV)/.test ## lint, C++ tests, Python tests
	@scripts/install-training.sh $(VENV) || true
	@failed=0; \
	scripts/lint.sh $(VENV) || failed=1; \
	ctest --test-dir $(CMAKE_DIR) --output-on-failure --no-tests=error || failed=1; \
	$(VENV_PYTHON) -m pytest $(ARGS) || failed=1; \
	exit $$failed

train-deps: | $(VENV)/.runtime ## what training needs, PyTorch (CPU) among it
	@scripts/install-training.sh $(VENV)

sites-deps: | $(VENV)/.runtime ## what tracing rays in cities needs: Sionna RT and LLVM
	@scripts/install-sites.sh $(VENV)

lint: $(VENV)/.test ## ruff, mypy and clang-format, changing nothing
	@scripts/lint.sh $(VENV)

format: $(VENV)/.test ## let ruff and clang-format rewrite the sources
	@$(VENV)/bin/ruff check --fix
	@$(VENV)/bin/ruff format
	@find include lib python tests -name '*.h' -o -name '*.cc' | xargs $(VENV)/bin/clang-format -i

bench: build ## speed of the tokenizer and of the model, latency
	@$(VENV_PYTHON) benchmarks/bench.py $(ARGS)

soak: build ## 10,000 windows behind a model that is too slow
	@$(VENV_PYTHON) benchmarks/soak.py $(ARGS)

grc: build ## GNU Radio Companion with these blocks
	@GRC_BLOCKS_PATH="$(CURDIR)/$(BUILD_PREFIX)"/share/gnuradio/grc/blocks \
	    $(VENV_PYTHON) /usr/bin/gnuradio-companion $(ARGS)

install: | deps ## into PREFIX (/usr/local unless given), with sudo where needed
	@cmake --log-level=WARNING -S . -B build/cmake-install -DENABLE_TESTING=OFF \
	    -DCMAKE_INSTALL_PREFIX="$$(realpath -m "$(PREFIX)")" \
	    -DLWMSPECTRO_PYTHON="$$(realpath -m "$(PREFIX)")/lib/lwmspectro/venv/bin/python" >/dev/null
	@MAKEFLAGS=--no-print-directory cmake --build build/cmake-install -j $(JOBS)
	@scripts/install.sh build/cmake-install "$$(realpath -m "$(PREFIX)")"

uninstall: ## what the last `make install` put into PREFIX
	@scripts/uninstall.sh build/cmake-install "$$(realpath -m "$(PREFIX)")"

clean: ## remove what was built; the virtual environment stays
	@rm -rf build/cmake build/cmake-install build/prefix build/cache
	@rm -f $(VENV)/lib/python3*/site-packages/lwmspectro.pth

distclean: ## remove build/ whole
	@rm -rf build
