# Everything a person runs. Each target does its own set-up and needs nothing but make and Python 3.11
# or later: no compiler, no database, no root.
#
# The environment lives in .venv. Two stamp files say what is in it: .server (what the operator runs)
# and .dev (that, and the checks). Both are installed from the lock files, by hash.

.SUFFIXES:
.PHONY: help demo serve test faults bench bench-large check format lock clean

# Another interpreter: make test PYTHON=/usr/bin/python3.12
PYTHON =
# More arguments for the command of a target: make test ARGS="-k canonical -x"
ARGS =
# How many processes 'make test' shares the files of tests out among; 0: all in one, in order.
WORKERS = logical --maxprocesses 4
# How often 'make faults' kills service and database, and after how many minutes it stops doing so.
ROUNDS = 100
MINUTES = 15

BIN = .venv/bin
# Twice quiet: errors only.
PIP = $(BIN)/python -m pip --disable-pip-version-check -qq
LOCK = $(BIN)/uv --no-config --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(ARGS)

help:
	@echo "make demo         a synthetic park, from meters to a proof that an outsider checks"
	@echo "make serve        run the ledger's service"
	@echo "make test         all tests"
	@echo "make faults       only the tests that kill, damage and overload"
	@echo "make bench        measure the speed, with a million events (a few minutes)"
	@echo "make bench-large  the same with ten million"
	@echo "make check        format, lint, types, import contracts, docs"
	@echo "make format       rewrite the sources as 'make check' wants them"
	@echo "make lock         write requirements/*.txt again (ARGS=--upgrade for newer versions)"
	@echo "make clean        remove .venv and all caches"

demo: .venv/.server
	@$(BIN)/python -m ledger.demo $(ARGS)

serve: .venv/.server
	@$(BIN)/carbon-ledger serve $(ARGS)

test: .venv/.dev
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

faults: .venv/.dev
	@CARBON_LEDGER_FAULT_ROUNDS=$(ROUNDS) CARBON_LEDGER_FAULT_MINUTES=$(MINUTES) \
		$(BIN)/python -m pytest tests/faults $(ARGS)

bench: .venv/.dev
	@$(BIN)/python -m tests.benchmarks.run $(ARGS)

bench-large: .venv/.dev
	@$(BIN)/python -m tests.benchmarks.run --events 10000000 $(ARGS)

# The pages that run the program (guides, tutorial) are left to `make test`: this is for every save.
check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/docs \
		--ignore=tests/docs/test_guides.py --ignore=tests/docs/test_tutorial.py

format: .venv/.dev
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

# The server's pins are taken from the larger file, so the two never disagree.
lock: .venv/.dev
	$(LOCK) pyproject.toml requirements/build.in --extra server --extra dev -o requirements/dev.txt
	$(LOCK) pyproject.toml requirements/build.in --extra server -c requirements/dev.txt \
		-o requirements/server.txt

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.server: requirements/server.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the ledger needs into .venv (once; by hash) ..."
	@$(PIP) install --require-hashes -r requirements/server.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements/dev.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the tests and checks need into .venv (once; by hash) ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# A name can stand on the PATH and yet not run, so each candidate is tried.
.venv/bin/python:
	@found=; \
	for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			found=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "carbon-ledger needs Python 3.11 or later, and none was found." >&2; \
		echo "Install it, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi; \
	if ! $$found -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$$found cannot make virtual environments: its venv module is missing." >&2; \
		echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; \
	fi; \
	echo "Making .venv with $$($$found --version) ..."; \
	$$found -m venv --clear .venv
