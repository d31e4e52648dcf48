# Every target sets up what it needs in .venv; python3 (3.11 or newer), pip and make are enough.
# Another Python: make PYTHON=python3.12 test. Only some tests: make test ARGS="-k credit".

PYTHON ?= python3
ARGS ?=
# What is pinned in requirements*.txt is made by uv, which only who changes a dependency needs.
UV ?= uv
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
       --custom-compile-command "make lock" pyproject.toml

PIP_INSTALL = install --quiet --disable-pip-version-check
BIN = .venv/bin
READY = .venv/.installed

.DEFAULT_GOAL = help
.PHONY: help install demo test check bench lock clean

help:
	@echo "make install the command; then: source .venv/bin/activate"
	@echo "make demo    three months of an example region, settled in demo-output/"
	@echo "make test    every test, on a PostgreSQL of its own"
	@echo "make check   style, types, direction of imports, tables against migrations"
	@echo "make bench   how fast it is, as ratios: some fifteen minutes"
	@echo "make lock    pin the dependencies again (needs uv)"
	@echo "make clean   remove what the other targets made"

install: $(READY)

demo: $(READY)
	@if [ -d demo-output/home ]; then \
	    env -u BEKOSTIGING_DATABASE_URL BEKOSTIGING_HOME=demo-output/home $(BIN)/bekostiging db stop; \
	fi
	@rm -rf demo-output
	$(BIN)/python examples/rijnmond/demo.py --out demo-output

test: $(READY)
	$(BIN)/python -m pytest -n $$($(BIN)/python -c 'import os; print(min(max(os.cpu_count() or 2, 2), 8))') $(ARGS)

check: $(READY)
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/database/test_migrations.py::test_tables_and_migrations_agree

bench: $(READY)
	$(BIN)/python -m benchmarks

lock:
	$(LOCK) --group dev --output-file requirements-dev.txt
	$(LOCK) --group build --constraint requirements-dev.txt --output-file requirements.txt

clean:
	rm -rf .venv demo-output build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Some systems keep the part of venv that brings pip in a package of its own; then the pip of the system fills .venv.
$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, and $(PYTHON) is not. Name another: make PYTHON=python3.12 ..." >&2; \
	    exit 1; \
	}
	@echo "Installing into .venv ..."
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || $(PYTHON) -m venv --clear .venv >/dev/null 2>&1 \
	    || $(PYTHON) -m venv --clear --without-pip .venv
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    pip="$(BIN)/python -m pip"; \
	else \
	    pip="$(PYTHON) -m pip --python $(BIN)/python"; \
	fi; \
	$$pip $(PIP_INSTALL) --require-hashes --requirement requirements-dev.txt \
	    && $$pip $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(READY)
