# Every target works alone, on a fresh machine with Python and make. PYTHON=python3.12 make test  chooses the Python.

PYTHON ?= python3
BIN := .venv/bin
# A Python that was named is the one to use; otherwise an environment that works is kept, whoever made it.
NAMED := $(if $(filter file,$(origin PYTHON)),,--named)
INSTALL = @command -v $(PYTHON) >/dev/null || { echo "Tinynet: there is no $(PYTHON) here; name one, as in PYTHON=python3.12 make $@" >&2; exit 1; }; \
	$(PYTHON) tools/install.py $(NAMED)

# What is tested is what is installed, never src/ itself.
unexport PYTHONPATH
# The tests run as two processes; more threads than one each would only get in each other's way.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1
PYTEST := $(ONE_THREAD) $(BIN)/python -m pytest

.PHONY: help demo test parity clean

help:
	@echo "make demo     train a digit classifier and write its report"
	@echo "make test     lint, types, tests, doctests and examples"
	@echo "make parity   compare with PyTorch, live (installs PyTorch into .venv)"
	@echo "make clean    remove .venv and everything that was built or trained"

demo:
	$(INSTALL)
	$(BIN)/tinynet train digits --out runs/demo
	@echo "The report: $(CURDIR)/runs/demo/report.html"

test:
	$(INSTALL) test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST) -n 2 --doctest-modules --pyargs --cov --cov-report=term --cov-fail-under=95 tests tinynet

parity:
	$(INSTALL) test parity
	$(PYTEST) -n 2 tests/parity

clean:
	rm -rf .venv build dist runs .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
