# `make help` lists what there is. Everything runs in .venv, which is made on first use.

PYTHON   ?= python3
TORCH    ?= torch==2.13.0
EXTRAS   ?= dev
PIP_FLAGS ?=
PROFILE  ?= smoke
DATA     ?=
NAME     ?=
RESUME   ?= 1
JOBS     ?= 2
TEST_JOBS ?= 2

VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.installed
SITE_READY := $(VENV)/.site-installed
STORE := $(CURDIR)/results/store
EXPECTED := tests/expected/smoke.json

# One thread a process: the folds are spread over processes.
export OMP_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export PYTHONHASHSEED = 0
export SOURCE_DATE_EPOCH ?= 1704067200

# Each word of DATA with an equals sign begins a source; words without one belong to it, so that DIR may hold spaces.
SOURCES   = $(foreach word,$(DATA),$(if $(findstring =,$(word)),"|--data|"$(word),$(word)))
DATA_FLAGS = $(if $(strip $(DATA)),$(subst |, ,$(subst ^"|,,$(subst $(SPACE)"|,"|,^$(SOURCES))))")
EMPTY     :=
SPACE     := $(EMPTY) $(EMPTY)
RUN_FLAGS = --profile "$(PROFILE)" $(DATA_FLAGS) \
            $(if $(NAME),--name "$(NAME)") $(if $(RESUME),--resume) --jobs $(JOBS)
WANTED    = $(strip $(TORCH) | $(EXTRAS) | $(PIP_FLAGS))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv reproduce test slow check unit long smoke expected nbval lab notebooks deposit site clean FORCE

help:  ## this list
	@echo "merlib: an executable companion to five papers on micro-expression recognition"
	@echo
	@sed -n 's/^\([a-z]*\):.*##[ ]*\(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z]*\):.*##[ ]*\(.*\)/  make \1   \2/p' $(MAKEFILE_LIST)
	@echo
	@echo "  make reproduce                                        every table and figure on the synthetic twin"
	@echo "  make reproduce DATA=megc2019-flow=DIR PROFILE=teach   the same on the public flow maps in DIR"
	@echo "  make reproduce RESUME=                                execute again what an earlier run has done"
	@echo "  variables: PROFILE=$(PROFILE) DATA= NAME= RESUME= JOBS=$(JOBS) PYTHON=$(PYTHON) TORCH=$(TORCH) EXTRAS=$(EXTRAS) PIP_FLAGS="

reproduce: $(READY)  ## run every notebook into results/runs/<name>/
	@$(BIN)/merlib run $(RUN_FLAGS)

test: check unit long smoke nbval  ## everything that continuous integration checks

slow: $(READY) $(SITE_READY)  ## what is slow and rarely breaks: browser, ten kills, whole copies, benchmarks
	@echo "== tests marked slow, and ten kills in place of two"
	@MERLIB_KILLS=10 $(BIN)/python -m pytest -m slow
	@echo "== benchmarks"
	@for bench in tests/benchmarks/bench_*.py; do echo "-- $$bench"; $(BIN)/python "$$bench" || exit 1; done

lab: $(READY)  ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=. notebooks

site: $(SITE_READY)  ## build the book into build/site/html: notebooks, claims, records, reference; no network
	@$(BIN)/merlib maintain site

notebooks: $(READY)  ## execute notebooks/*.py into their .ipynb (smoke profile, synthetic twin)
	@$(BIN)/merlib maintain notebooks $(ONLY)

check: $(READY)
	@echo "== style and rooms"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

unit: $(READY)  ## the tests to run after each change
	@echo "== unit tests"
	@$(BIN)/python -m pytest -m "not slow and not long" --numprocesses $(TEST_JOBS) --dist loadfile

long: $(READY)
	@echo "== longer tests: whole runs, all records, all pictures"
	@$(BIN)/python -m pytest -m "long and not slow" --numprocesses $(TEST_JOBS) --dist loadfile

smoke: $(READY)
	@echo "== every notebook, end to end, smoke profile"
	@MERLIB_STORE="$(STORE)" $(BIN)/merlib run --profile smoke --name ci-smoke --jobs $(JOBS)
	@$(BIN)/merlib maintain expected ci-smoke $(EXPECTED)

expected: $(READY)  ## write the numbers that the smoke run must show, after a change that was meant
	@MERLIB_STORE="$(STORE)" $(BIN)/merlib run --profile smoke --name ci-smoke --jobs $(JOBS)
	@$(BIN)/merlib maintain expected ci-smoke $(EXPECTED) --write

# After the smoke run: the store is warm, so what is compared here is the text that the notebooks show.
nbval: $(READY)
	@echo "== what the notebooks show"
	@if ls notebooks/*.ipynb >/dev/null 2>&1; then \
	  MERLIB_STORE="$(STORE)" MERLIB_RUN_DIR="$(CURDIR)/results/runs/nbval" MERLIB_PROGRESS=off \
	  $(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=1800 -o timeout=1800 notebooks/*.ipynb; \
	else echo "no notebooks yet"; fi

deposit: $(READY)  ## one archive to deposit: code, records, predictions, environment, RO-Crate metadata
	@$(BIN)/python -c "import rocrate" 2>/dev/null || $(BIN)/python -m pip install --quiet --no-input \
	   --disable-pip-version-check $(PIP_FLAGS) -c $(VENV)/constraints.txt -e ".[deposit]"
	@$(BIN)/merlib maintain deposit
	@$(BIN)/merlib verify --reference results/deposit/merlib-*.zip

clean:  ## remove .venv and regenerated results (the fold store stays)
	rm -rf $(VENV) results/runs results/cache

venv: $(READY)  ## only make the environment

$(READY): pyproject.toml constraints.txt $(VENV)/.wanted
	@$(PYTHON) .ci/system_needs.py $(if $(wildcard $(BIN)/python),--no-venv)
	@test -x $(BIN)/python || { echo "== making $(VENV) with `$(PYTHON) --version`"; $(PYTHON) -m venv $(VENV); } || \
	  { rm -rf $(BIN); echo "Found: $(PYTHON) cannot make a virtual environment. Expected: the venv module with pip." \
	    "Do: apt-get install python3-venv (Debian), or choose another with PYTHON=..."; exit 2; }
	@echo "== installing $(TORCH) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check $(PIP_FLAGS) "$(TORCH)"
	@{ grep -v '^torch==' constraints.txt; \
	   $(BIN)/python -c "from importlib.metadata import version; print('torch==' + version('torch'))"; } > $(VENV)/constraints.txt
	@echo "== installing merlib[$(EXTRAS)] with the versions of constraints.txt"
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check $(PIP_FLAGS) \
	   -c $(VENV)/constraints.txt -e ".[$(EXTRAS)]"
	@$(BIN)/python -m pip check
	@echo "== fetching the weights that the default needs (MERLIB_OFFLINE=1 forbids it)"
	@$(BIN)/merlib weights get || \
	  echo "Going on without them: whatever finds faces in clips will ask for these files again."
	@touch $@

# What the book and the browser tests need, about 350 MB; `make reproduce` and `make test` do without it.
$(SITE_READY): $(READY)
	@echo "== installing merlib[site,browser] with the versions of constraints.txt"
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check $(PIP_FLAGS) \
	   -c $(VENV)/constraints.txt -e ".[$(EXTRAS),site,browser]"
	@$(BIN)/python -m pip check
	@touch $@

# Rewritten only when another torch or other extras are asked for, so that the installation follows.
$(VENV)/.wanted: FORCE
	@mkdir -p $(VENV)
	@echo '$(WANTED)' | cmp -s - $@ || echo '$(WANTED)' > $@
