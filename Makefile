# Each of these works alone, on a machine with Python and make. `PYTHON=python3.12 make test` chooses the Python.

PYTHON ?= python3
BIN := .venv/bin

# A Python that was named must be used; without a name, an environment that works is kept, whichever made it.
NAMED := $(if $(filter file,$(origin PYTHON)),,--named)
INSTALL := $(PYTHON) tools/install.py $(NAMED)

# What is installed is what is tested, never src/ itself.
unexport PYTHONPATH
# The tests start hundreds of processes: what Python has compiled for the first one is kept for all others.
unexport PYTHONDONTWRITEBYTECODE
# The tests run in two processes; more threads than one in each would only be in each other's way.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

# Where the copy without the engine is tested: `installed` holds it as a user would have it.
PLAIN := PYTHONPATH=$(CURDIR)/build/plain/installed OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ../../$(BIN)/python -m pytest -n 2 --dist worksteal -p no:cacheprovider

.PHONY: help demo test test-plain test-versions fuzz kill-test doctor lock parity bench bench-layers mutants no-alarm models docs clean python

help:
	@echo "make demo     train a classifier of digits and write its report"
	@echo "make test     lint, types, tests, doctests and examples"
	@echo "make test-plain  the tests once more on a copy without the engine: only the clock may change"
	@echo "make test-versions  the tests with the oldest and newest versions allowed, on each Python that is here"
	@echo "make fuzz     damage 20,000 files of every format: each must give a right load or a sentence"
	@echo "make kill-test  kill a training 200 times, resume it each time: the end must be bit for bit the same"
	@echo "make doctor   let the doctor examine faulty and healthy programs: does it name what is wrong, and nothing else?"
	@echo "make lock     write requirements/ anew, the versions that make installs (UPGRADE=--upgrade for the newest)"
	@echo "make parity   compare with PyTorch, ONNX Runtime and scikit-learn themselves (installs them into .venv)"
	@echo "make mutants  change the arithmetic, one thing at a time, and see a test fail each time"
	@echo "make no-alarm check every layer in 1,000 random configurations: the checker must raise no alarm"
	@echo "make models   train every ready model and write docs/results.md (hours; ONLY=\"15 16\" for some examples)"
	@echo "make bench    time it against PyTorch (installs it into .venv)"
	@echo "make bench-layers  time each layer, loss and optimizer beside PyTorch's (installs it into .venv)"
	@echo "make docs     build the pages in docs/, every number on them computed, and test the site"
	@echo "make clean    remove .venv and all that was built or trained"

demo: python
	@$(INSTALL)
	$(BIN)/tinynet train digits --out runs/demo --force
	@echo "The report: $(CURDIR)/runs/demo/report.html"

test: python
	@$(INSTALL) test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers 2
	$(PYTEST) --cov --cov-report= tests --ignore=tests/site --ignore=tests/engine
	@echo "The engine, compiled; then as plain Python, because coverage does not see compiled lines:"
	$(PYTEST) tests/engine
	NUMBA_DISABLE_JIT=1 $(PYTEST) -m 'not needs_compiler' --cov --cov-append --cov-report= tests/engine
	$(PYTEST) --cov --cov-append --cov-report=term --cov-fail-under=98 --doctest-modules --pyargs tinynet

# A copy without the engine, installed beside the real one and found before it.
test-plain: python
	@$(INSTALL) test
	$(BIN)/python tools/without_engine.py build/plain
	cd build/plain && $(PLAIN) tests --ignore=tests/site && $(PLAIN) --doctest-modules --pyargs tinynet

# In environments of their own; this one has only the tool that makes them.
test-versions: python
	@$(INSTALL) lock
	$(BIN)/python -m tools.versions $(ONLY)

fuzz: python
	@$(INSTALL) test
	$(BIN)/python -m tools.fuzz --cases 20000 --seed 0

kill-test: python
	@$(INSTALL) test
	$(BIN)/python -m tools.kill_test --number 200

doctor: python
	@$(INSTALL) test
	$(BIN)/python -m tools.doctor --seeds 3

lock: python
	@$(INSTALL) lock
	$(BIN)/python -m tools.lock $(UPGRADE)

parity: python
	@$(INSTALL) test parity
	$(PYTEST) tests/parity tests/exchange

bench: python
	@$(INSTALL) test parity
	$(BIN)/python -m benchmarks.against_pytorch --write docs/benchmarks.md
	$(BIN)/python -m benchmarks.looking --write docs/benchmarks_looking.md

bench-layers: python
	@$(INSTALL) test parity
	$(BIN)/python -m benchmarks.layers --write docs/benchmarks_layers.md

mutants: python
	@$(INSTALL) test parity
	$(BIN)/python tools/without_engine.py build/plain
	cd build/plain && PYTHONPATH=$(CURDIR)/build/plain/installed ../../$(BIN)/python -m tools.mutants

no-alarm: python
	@$(INSTALL) test
	$(BIN)/python -m tools.no_alarm

models: python
	@$(INSTALL)
	$(BIN)/python tools/models.py $(ONLY)

docs: python
	@$(INSTALL) test docs
	$(BIN)/sphinx-build -q -W -b html docs docs/_build
	TINYNET_SITE=docs/_build $(PYTEST) tests/site
	@echo "The docs: $(CURDIR)/docs/_build/index.html"

clean:
	rm -rf .venv build dist docs/_build docs/jupyter_execute runs htmlcov .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache

python:
	@command -v $(PYTHON) >/dev/null || \
	{ echo "Tinynet: there is no $(PYTHON) here; name a Python, as in \`PYTHON=python3.12 make test\`." >&2; exit 1; }
