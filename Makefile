# make app: everything from nothing to the open app. make test: everything from nothing to a tested tree.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup app check docs test quick-elsewhere fix bench

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

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) docs

# the documents as a site in .site, a dead link an error; nothing is fetched
docs: export PYTHONPATH := .
docs: export NO_MKDOCS_2_WARNING := 1
docs: .venv/dev
	$(BIN)/mkdocs build --quiet --strict -f docs/site/mkdocs.yml

test: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

quick-elsewhere: export MMEXPLORE_TEST_WITHOUT_POSIX := 1
quick-elsewhere: .venv/dev
	$(BIN)/python -m pytest -m "not browser and not slow" -n 1 --dist loadfile --no-loadscope-reorder

fix: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: export PYTHONPATH := .
bench: .venv/dev
	for script in benchmarks/[a-z]*.py; do \
	  grep -q 'required=True' $$script || ! grep -q '__main__' $$script || $(BIN)/python $$script || exit 1; \
	done
