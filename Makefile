# Every target makes .venv first, once; it is made anew when one of the files it is made from changes.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: lab course test bench scoreboard claims weights sync
lab: $(READY)
	$(BIN)/jupyter lab notebooks/00_start_here.ipynb

course: $(READY)
	$(BIN)/python tools/execute.py --site build

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/python tools/sync.py --check
	$(BIN)/python tools/check.py
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 10

bench: $(READY)
	$(BIN)/python benchmarks/run.py

scoreboard: $(READY)
	$(BIN)/python benchmarks/scoreboard.py
	$(BIN)/python benchmarks/scoreboard.py --costs

claims: $(READY)
	$(BIN)/python tools/claims.py

weights: $(READY)
	$(BIN)/python tools/train_weights.py

sync: $(READY)
	$(BIN)/python tools/sync.py
	$(BIN)/python tools/execute.py
	$(BIN)/python tools/readme_pictures.py

$(READY): requirements.txt pyproject.toml tools/ipython_config.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The course needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name one: make lab PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	mkdir -p .venv/etc/ipython && cp tools/ipython_config.py .venv/etc/ipython/
	touch $(READY)
