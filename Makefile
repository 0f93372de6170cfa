# `make` lists the targets. Each works right after cloning.
PYTHON ?= python3
PROFILE ?= pocket
JOBS ?= 2
WAY ?= self-study
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed$(if $(CPU),-cpu)
EXTRAS := models,book,ray,test
ifdef FRESH
export CLIPKIT_RESULTS := $(CURDIR)/_build/results
endif
TORCH := $(shell grep -E '^(torch|torchvision)==' constraints.txt)

.DEFAULT_GOAL := help
.PHONY: help book pdf test faults audit lint zoo workshop clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 8
	@echo 'options: PROFILE=pocket|full  JOBS=2  FRESH=1 (measure and judge anew)  CPU=1 (torch without CUDA)  PYTHON=python3.12  WAY=ninety-minutes|half-a-day|self-study (of the workshop)'

book: $(STAMP) ## execute the notebooks and build the book in _build/html
	@$(BIN)/clipkit records fetch || echo 'Some public records are not on this machine; their chapters will say so.'
ifdef FRESH
	$(BIN)/clipkit pocket evaluate --out _build/results --jobs $(JOBS)
	$(BIN)/clipkit pocket lmm
	$(BIN)/clipkit pocket conventions --jobs $(JOBS)
	$(BIN)/clipkit pocket band --jobs $(JOBS)
endif
	@$(BIN)/clipkit claims $(if $(FRESH),--fresh) > /dev/null  # judged once, so that no two notebooks do it side by side
	@$(BIN)/clipkit claims --conventions > /dev/null || echo 'The chapter on conventions will say what is missing.'
	$(BIN)/clipkit book --profile $(PROFILE) --jobs $(JOBS)

pdf: $(STAMP) ## print the built book into _build/book.pdf (needs Chromium)
	test -f _build/html/index.html || $(MAKE) book
	$(BIN)/clipkit book --pdf _build/book.pdf

test: $(STAMP) ## run the tests (the book is built for them; CLIPKIT_BOOK=DIR takes one that is built)
	$(BIN)/python -m pytest -n 2 --dist loadfile  # by files: xdist 3.8 cannot group tests under pytest 9.2

zoo: $(STAMP) ## train the pocket models anew in _build/zoo (hours) and compare them with the shipped ones
	$(BIN)/python -m clipkit.pocket.zoo.run --out _build/zoo --jobs $(JOBS)
	$(BIN)/python -m clipkit.pocket.zoo.run --out _build/zoo --compare

faults: $(STAMP) ## provoke every fault, and write what happened to book/faults.csv
	cd tests && $(abspath $(BIN))/python -m faults

audit: ## ask the advisory databases about the pinned packages (needs a network)
	test -x _build/audit/bin/pip-audit || { $(PYTHON) -m venv _build/audit && _build/audit/bin/pip install pip-audit; }
	_build/audit/bin/pip-audit -r constraints.txt --no-deps --disable-pip

workshop: $(STAMP) ## pack the workshop in _build/workshop.zip: notebooks, models, pictures, a handout
	$(BIN)/clipkit workshop build --path $(WAY) --out _build/workshop.zip

lint: $(STAMP) ## check style, spelling, and who imports whom
	$(BIN)/ruff check clipkit tests
	$(BIN)/ruff format --check clipkit tests
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell book notebooks clipkit README.md

clean: ## remove what was built (the environment stays: rm -r .venv)
	rm -rf _build .pytest_cache .ruff_cache

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 13) else \
	  f"Python 3.11 or 3.12 is needed, but $(PYTHON) is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
ifdef CPU
	$(BIN)/pip install $(TORCH) --index-url https://download.pytorch.org/whl/cpu
endif
	$(BIN)/pip install -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@
