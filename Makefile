# The one front door. Every target makes what it needs, in .venv; start with `make demo` or `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Built with the tools in .venv, not in a new environment each time: then only what changed is compiled again.
INSTALL := PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) --no-build-isolation

# Continuous integration also runs the tests marked slow.
PYTEST_SELECT := $(if $(CI),,-m "not slow")

# The table that `make demo` trains on: any CSV, Parquet or Arrow file, or one of scikit-learn's.
DEMO_SOURCE ?= sample:breast_cancer

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench asan wheel dev clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("schuss needs Python 3.11 or later, found %d.%d; try make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(BIN)/ninja: $(BIN)/python
	$(PIP) 'scikit-build-core>=1.1' 'cython>=3.1' 'cython-cmake>=0.3' cmake ninja

demo: $(BIN)/ninja ## Build, install, train on a real table; leaves a model and a report
	$(INSTALL) '.[cli]'
	$(BIN)/schuss train $(DEMO_SOURCE) --out model.schuss --report report.html

test: $(BIN)/ninja ## Build, install and test
	$(INSTALL) '.[test]'
	$(BIN)/python -m pytest -n auto $(PYTEST_SELECT) tests

lint: $(BIN)/ninja ## Check style, types, layers and exported symbols
	$(INSTALL) '.[lint]'
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pre-commit run --all-files --show-diff-on-failure

bench: $(BIN)/ninja ## Time the kernels and the models against their peers
	$(INSTALL) '.[test,bench]'
	$(BIN)/python -m benchmarks

asan: ## Run the kernels' tests under the address and undefined-behaviour sanitizers
	$(PYTHON) -m venv build/asan-venv
	build/asan-venv/bin/python -m pip install --quiet -Ccmake.define.SCHUSS_SANITIZE=ON -Cbuild-dir=build/asan '.[test]'
	LD_PRELOAD="$$($(or $(CC),cc) -print-file-name=libasan.so) $$($(or $(CC),cc) -print-file-name=libubsan.so)" \
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 \
	build/asan-venv/bin/python -m pytest -q -p no:cacheprovider tests/kernels

wheel: $(BIN)/python ## Build the wheel and the source distribution into dist/
	$(PIP) build
	$(BIN)/python -m build --outdir dist .

dev: $(BIN)/ninja ## Editable install with everything; run again after a change in csrc/ or a .pyx
	$(INSTALL) -Cbuild-dir=build/dev -e '.[dev]'

clean: ## Remove what the other targets made
	rm -rf $(VENV) build dist model.schuss report.html
