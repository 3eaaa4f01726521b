# Each target makes its own .venv and installs what it needs; a second run is quick.
#   make demo    edit a real face on embedded footage; results in ./demo
#   make desktop open the editor
#   make test    lint, types, layers and every test
#   make check   the quick part of it, under three minutes
#   make bench   the benchmarks: ratios against baselines in the same run
#   make audit   known vulnerabilities of what is installed, where they can be looked up
#   make sbom    what is installed for mien, as CycloneDX, in ./dist
#   make dist    sdist and wheel in ./dist, the same bytes every time
#   make plugin  the Blender extension as a zip in ./dist

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STYLE := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports
# Compiled modules are kept, also where the environment says not to: the tests start processes.
unexport PYTHONDONTWRITEBYTECODE
# Two workers halve the time on two cores; --dist loadfile keeps a module's fixtures together. The
# files' order is that of tests/conftest.py. A worker that dies ends the run: xdist would start
# another, and wait for ever for the rest of its file.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0
# Real Blenders for the tests, as wheels in environments of their own: GPL, so nothing of mien is
# ever installed beside them. They are made for Python 3.11 alone; without one they are left out.
BLENDER_PYTHON ?= $(firstword $(shell $(PYTHON) -c 'import sys; sys.version_info[:2] == (3, 11) and print(sys.executable)') $(shell command -v python3.11))
BLENDERS := .venv-blender/4.5/.made .venv-blender/5.0/.made

.PHONY: demo desktop test check lint types run-tests bench audit sbom dist plugin clean

demo: $(VENV)/.demo
	$(BIN)/mien demo -o demo

desktop: $(VENV)/.desktop
	$(BIN)/mien desktop

# mypy works on one core: it runs beside the tests, after what takes seconds.
test: $(VENV)/.dev $(if $(BLENDER_PYTHON),$(BLENDERS))
	$(STYLE)
	$(MAKE) --no-print-directory -j2 types run-tests

check: $(VENV)/.dev
	$(STYLE)
	$(MAKE) --no-print-directory -j2 types run-tests SELECTED='-m "not slow"'

lint: $(VENV)/.dev types
	$(STYLE)

types: $(VENV)/.dev
	$(BIN)/mypy

run-tests: $(VENV)/.dev
	$(PYTEST) $(SELECTED)

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks

audit: $(VENV)/.dev
	$(BIN)/python tools/audit.py

sbom: $(VENV)/.dev
	$(BIN)/python tools/sbom.py dist/mien.cdx.json

dist: $(VENV)/.dev
	$(BIN)/python tools/build_dist.py dist

plugin: .venv-blender/4.5/.made
	.venv-blender/4.5/bin/python plugin/build.py dist

.venv-blender/4.5/.made: BPY = 4.5.15
.venv-blender/5.0/.made: BPY = 5.0.1
$(BLENDERS):
	test -n "$(BLENDER_PYTHON)" || { echo "Blender's wheels need Python 3.11: make BLENDER_PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(BLENDER_PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check bpy==$(BPY)
	touch $@

$(VENV)/.demo: EXTRA = demo
$(VENV)/.desktop: EXTRA = demo,desktop
$(VENV)/.dev: EXTRA = dev
$(VENV)/.demo $(VENV)/.desktop $(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 12) else "mien needs Python 3.10 to 3.12, this is %d.%d; say which one to use: make PYTHON=python3.11" % v)'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRA)]'
	touch $@

clean:
	rm -rf $(VENV) .venv-blender build dist demo *.egg-info sdk/*.egg-info
