# Every command does its own set-up in a fresh checkout: Python 3.11 to 3.13, make and git suffice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup chat chroma test check bench load reliability evals screenshots audit pins clean
.DEFAULT_GOAL := help

help:  ## what there is to do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(READY)  ## install everything into .venv; leaves .venv/bin/assistant

# torch first and alone: left to choose, a resolver takes gigabytes of CUDA packages.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "Found Python %d.%d, expected 3.11 to 3.13: call make PYTHON=python3.12, for example." % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,evals,model,postgresql,redis,mcp]'
	@touch $(READY)

chat: setup  ## build the index, serve the chat, print its address
	$(BIN)/assistant index build
	$(BIN)/assistant chat

# Loopback only: a Chroma server asks nobody who they are.
chroma: setup  ## a Chroma server for ASSISTANT_INDEX=http://127.0.0.1:8000
	$(BIN)/chroma run --path .assistant/chroma --host 127.0.0.1 --port 8000

test: setup check  ## everything that CI runs
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup  ## time and memory here, as tables; DATA=FOLDER: also all that needs data, for hours
	$(BIN)/python -m evals.bench
ifdef DATA
	$(BIN)/python -m evals.retrieval $(DATA)/scifact $(DATA)/cranfield
	$(BIN)/python -m evals.bench_changes
	$(BIN)/python -m evals.bench_tutorial $(DATA)/scifact
	$(BIN)/python -m evals.bench_files $(DATA)/pdfs --mutations 10000 --bombs
	$(BIN)/python -m evals.bench_scale $(DATA)/cranfield
	$(BIN)/python -m evals.bench_crashes --server
	$(BIN)/python -m evals.bench_swaps
	$(BIN)/python -m evals.bench_audit $(DATA)/documents
endif

load: setup  ## 100 people at once for 5 minutes, then 400: time, memory, who is turned away (7 minutes)
	$(BIN)/python -m evals.load

evals: setup  ## the shipped question sets, and whether the gates of pyproject.toml hold
	$(BIN)/python -m evals.gates
	$(BIN)/python -m evals.checks

screenshots: setup  ## pictures of every page, into docs/screenshots
	$(BIN)/python -m evals.screenshots

reliability: setup  ## prove the promises of docs/reliability.md; ARGS="--trials 20 --minutes 10" for less
	$(BIN)/python -m evals.reliability $(ARGS)

# --strict: else packages that the service does not know are passed over, and an audit of nothing ends well.
audit: setup  ## known weaknesses of what is pinned (asks the network); SECURITY.md has the exceptions and their reasons
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/python -m pip_audit -r constraints.txt --no-deps --disable-pip --ignore-vuln CVE-2026-45829 --strict

pins: setup  ## write constraints.txt from what is installed, after a change of versions
	( echo "# The exact versions that the checks run with; no index address belongs in here. Written by make pins."; \
	  $(BIN)/python -m pip freeze --exclude-editable | sed 's/ @ .*//; s/+cpu$$//' ) > constraints.txt.new
	mv constraints.txt.new constraints.txt

clean:  ## remove what was built, not what was written
	rm -rf $(VENV) .assistant build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
