# Each target makes its own .venv and installs what it needs; a second run is quick.
#   make demo    edit a real face on embedded footage; results in ./demo
#   make test    lint, types, layers and every test
#   make check   the quick part of it, under three minutes
#   make bench   the benchmarks: ratios against baselines in the same run

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODULE_CHECKS := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
# Two workers halve the time on two cores; --dist loadfile keeps a module's fixtures together.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: demo test check lint bench clean

demo: $(VENV)/.demo
	$(BIN)/mien demo -o demo

test: lint
	$(PYTEST)

check: lint
	$(PYTEST) -m "not slow"

lint: $(VENV)/.dev
	$(MODULE_CHECKS)

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

$(VENV)/.demo: EXTRA = demo
$(VENV)/.dev: EXTRA = dev
$(VENV)/.demo $(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 12) else "mien needs Python 3.10 to 3.12, this is %d.%d; say which one to use: make PYTHON=python3.11" % v)'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRA)]'
	touch $@

clean:
	rm -rf $(VENV) build dist demo *.egg-info sdk/*.egg-info
