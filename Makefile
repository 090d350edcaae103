# make app: everything from nothing to the open app. make test: everything from nothing to a tested tree.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup app wheel check docs js test test-release quick quick-elsewhere coverage fuzz fuzz-tenth fix bench bench-smallest

# eslint asks for this much, and node --test for modules without a package.json
NODE_IS_HERE := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b > 18) ? 0 : 1)'

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
	$(MAKE) docs
	@if $(NODE_IS_HERE) 2>/dev/null; then $(MAKE) js; else echo "the scripts are not checked: that needs node 20.19 or later"; fi

# the documents as a site in .site, a dead link an error; nothing is fetched
docs: export PYTHONPATH := .
docs: export NO_MKDOCS_2_WARNING := 1
docs: .venv/dev
	$(BIN)/mkdocs build --quiet --strict -f docs/site/mkdocs.yml

tests/js/node_modules/installed: tests/js/package.json tests/js/package-lock.json
	npm ci --prefix tests/js --no-audit --no-fund
	touch $@

js: tests/js/node_modules/installed
	npm run --prefix tests/js lint
	npm run --prefix tests/js types
	npm test --prefix tests/js

test: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not release"

# what is long and proves a whole: wheel, site, notebooks, every control of the pages, accessibility, the largest tables
test-release: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m release tests

# the inner loop: no browser, nothing slow
quick: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not browser and not slow and not release"

quick-elsewhere: export MMEXPLORE_TEST_WITHOUT_POSIX := 1
quick-elsewhere: .venv/dev
	$(BIN)/python -m pytest -m "not browser and not slow and not release" -n 2 --dist loadfile --no-loadscope-reorder

# every test, and the lines of mmexplore that none of them ran, in all processes that they started
coverage: .venv/dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

# odd files, structures, requests, damaged homes and kills; what fails is kept in the folder that is printed
fuzz fuzz-tenth: export PYTHONPATH := .
fuzz: .venv/dev
	$(BIN)/python benchmarks/fuzz.py

fuzz-tenth: .venv/dev
	$(BIN)/python benchmarks/fuzz.py --share 0.1 --unrecorded

fix: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench bench-smallest: export PYTHONPATH := .

# those that need no folder for long trainings
bench: .venv/dev
	for script in $$(grep -l __main__ benchmarks/*.py); do \
	  grep -q work_folder $$script || $(BIN)/python $$script || exit 1; \
	done

# every benchmark at the least work that tries each of its lines, two at a time; nothing is recorded. fuzz-tenth is fuzz's
bench-smallest: .venv/dev
	grep -l __main__ benchmarks/*.py | grep -v /fuzz.py | xargs -P 2 -I SCRIPT sh -c \
	  'echo "SCRIPT --smallest" && OMP_NUM_THREADS=1 $(BIN)/python SCRIPT --smallest || { echo "SCRIPT failed"; exit 255; }'
