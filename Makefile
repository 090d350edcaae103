# make app: everything from nothing to the open app. make test: everything from nothing to a tested tree.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup app wheel check test quick fix bench

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/dev: .venv/app requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

setup: .venv/dev

app: .venv/app
	$(BIN)/streamlit run app.py

# all that `pip install` needs but other packages, in dist/
wheel: .venv/dev
	$(BIN)/python -m pip wheel --no-build-isolation --no-deps --wheel-dir dist .

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# the inner loop: no browser, nothing slow
quick: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not browser and not slow"

fix: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: export PYTHONPATH := .
bench: .venv/dev
	for script in benchmarks/[a-z]*.py; do \
	  grep -q 'required=True' $$script || ! grep -q '__main__' $$script || $(BIN)/python $$script || exit 1; \
	done
