# Verbs: demo run test test-fast check format bench screenshots docs. Each installs into .venv what it needs.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# What demo and run need; what tests, benchmarks and screenshots need besides.
APP := $(VENV)/app-installed
ALL := $(VENV)/all-installed
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Short versions of all benchmarks, their words joined by colons; docs/pages/performance.md has the long ones.
SHORT := search:--n:1e5:1e6:--runs:2:--peers:1e5 library_load:300000 shards:--n:1e6 \
  evaluate:--queries:50 train:--pictures:256:--seconds:2 detect:--runs:3:--faces:20:--people:30 \
  thorough:--photos:1:--sides:40:80 encode:--faces:200:--runs:3 index:--photos:4 index_memory:--photos:60:--made:12 rescan

# One process a core, each with whole files, since the tests of a file share what is slow to make.
SIDE_BY_SIDE := -n logical --dist loadfile

# What is handed out: made in an environment of its own, which has no torch.
PACKING := build/packing
OUT ?= dist

.PHONY: demo run test test-fast check format bench screenshots docs freeze bundle deb try-deb setup clean
.DEFAULT_GOAL := help

help:
	@echo "make demo         index the bundled sample, run its queries, write demo-out/contact_sheet.png"
	@echo "make run          open the window"
	@echo "make test         ruff, import rules, mypy --strict and all tests"
	@echo "make test-fast    the tests that are not marked slow: under 90 s"
	@echo "make check        ruff, import rules and mypy only"
	@echo "make format       put the code in its format"
	@echo "make bench        print the benchmark ratios"
	@echo "make screenshots  draw every state of the window, and renew the pictures of the docs"
	@echo "make docs         build the documentation into docs/_site"
	@echo "make bundle       freeze the program into one folder, and pack it"
	@echo "make deb          freeze the program, and make a Debian package"
	@echo "make try-deb      install, use and remove that package in a bare Debian (as root)"

setup: $(ALL)

$(APP): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) ..."
	@start=$$SECONDS; \
	$(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet -c constraints.txt -e . && \
	touch $@ && \
	echo "Set-up took $$((SECONDS - start)) s; $(VENV) holds $$(du -sh $(VENV) | cut -f1)."

$(ALL): $(APP)
	@echo "Adding what training and the tests need (some GB, most of it torch; a few minutes) ..."
	@start=$$SECONDS; \
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,raw,jxl,fast,train,cluster]' && \
	touch $@ && \
	echo "That took $$((SECONDS - start)) s; $(VENV) holds $$(du -sh $(VENV) | cut -f1)."

demo: $(APP)
	@start=$$SECONDS; $(BIN)/python main.py demo --out demo-out && \
	echo "make demo: done in $$((SECONDS - start)) s."

run: $(APP)
	@$(BIN)/python main.py gui

check: $(ALL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/mypy

test: $(ALL)
	@start=$$SECONDS; $(MAKE) --no-print-directory check && \
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) --durations=10 && \
	echo "make test: all checks passed in $$((SECONDS - start)) s."

test-fast: $(ALL)
	@start=$$SECONDS; $(BIN)/python -m pytest -q $(SIDE_BY_SIDE) -m 'not slow' && \
	echo "make test-fast: passed in $$((SECONDS - start)) s."

format: $(ALL)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(ALL)
	@start=$$SECONDS; export OMP_NUM_THREADS=1; \
	for words in $(SHORT); do \
	  set -- $${words//:/ }; echo "== $$*"; $(BIN)/python -m tests.benchmarks.bench_$$* || exit 1; \
	done; echo "make bench: done in $$((SECONDS - start)) s."

screenshots: $(ALL)
	$(BIN)/python -m tests.screenshots --out screenshots-out
	@for picture in docs/pages/screenshots/*.png; do cp "screenshots-out/$${picture##*/}" "$$picture" || exit 1; done

docs: $(APP)
	@$(BIN)/python -c 'import material, mkdocs' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict --config-file docs/mkdocs.yml
	@echo "The documentation is docs/_site/index.html."

$(PACKING)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -m venv $(PACKING)
	@$(PACKING)/bin/python -m pip install --quiet -c constraints.txt -e '.[raw,package,docs]'
	@touch $@

freeze: $(PACKING)/installed
	@$(PACKING)/bin/python packaging/ship/freeze.py $(OUT)
	@NO_MKDOCS_2_WARNING=1 SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(PACKING)/bin/python -m mkdocs build \
	  --quiet --config-file docs/mkdocs.yml --site-dir $(abspath $(OUT))/site

bundle: freeze
	@QT_QPA_PLATFORM=offscreen $(PACKING)/bin/python packaging/ship/bundle.py $(OUT)

deb: freeze
	@QT_QPA_PLATFORM=offscreen $(PACKING)/bin/python packaging/ship/bundle.py $(OUT) --deb

try-deb:
	@packaging/linux/try_deb.sh $(OUT)/*.deb

clean:
	rm -rf $(VENV) demo-out screenshots-out docs/_site build dist *.egg-info
