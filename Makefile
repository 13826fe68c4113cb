# Every target sets itself up: a virtual environment from hash-locked requirements, made again only when they change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The many short programs of the tests would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test tests browser-tests demo-check check accept bench soak lock format upgrade downgrade

setup: $(READY)

$(READY): requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 setup")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $(READY)

demo: $(READY)
	$(BIN)/python -m bot demo

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What tests write is soon forgotten: where there is room in memory, they do not wait for a disk.
MEMORY := /dev/shm
ROOM := $(shell df --output=avail --block-size=1G $(MEMORY) 2>/dev/null | tail -n 1)
tests browser-tests: export PYTEST_DEBUG_TEMPROOT := $(shell test "$(ROOM)" -ge 4 2>/dev/null && test -w $(MEMORY) && echo $(MEMORY))

# Side by side, because each waits a good part of its time; what each says comes when it is done.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
test: $(READY)
	@echo "checks, tests, tests in a browser and the demo's own check: some minutes in all"
	@$(MAKE) --no-print-directory --jobs=4 --keep-going $(TOGETHER) tests check demo-check browser-tests

tests: $(READY)
	$(BIN)/python -m pytest -rs -n 3 --dist loadfile --ignore=tests/browser

browser-tests: $(READY)
	$(BIN)/python -m pytest -rs -n 2 --dist loadgroup tests/browser

demo-check: $(READY)
	$(BIN)/python -m bot demo --check

accept: $(READY)
	$(BIN)/python -m pytest tests/test_conversations.py --accept

bench: $(READY)
	$(BIN)/python -m benchmarks

soak: $(READY)
	$(BIN)/python -m pytest -m soak

# On the machine where the bot runs: docs/operating.md. REF is a tag or branch; without it the branch's newest.
upgrade:
	deploy/upgrade $(REF)

downgrade:
	deploy/upgrade back

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs `uv` once, for whoever changes a dependency; nobody else needs it.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-header -o requirements.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-header -o requirements-dev.txt
