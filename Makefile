# Everything runs from .venv, which `make setup` fills from requirements.lock. Nothing outside this folder is changed,
# except by `make test-slurm`, which brings up a Slurm of its own and takes it down again.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.8
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake --cores all
ACCURACY := results/TPRoGI.accuracy.csv
export UV_PYTHON_PREFERENCE := only-system
# The tools call each other by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The folder with the data of a study, which the caller names: make ablation-huasco DATA=/data/andes_huasco
data = $(or $(DATA),$(error name the folder of $(1): make $@ DATA=/data/$(1)))

.PHONY: help setup demo check-demo test lint docs lock test-slurm clean \
  ablation-hma ablation-huasco bench-attributes bench-inference bench-insolation bench-patches bench-peers bench-second-model \
  bench-shortcuts bench-units bench-vectorize

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' Makefile

setup: .venv/.synced ## Make .venv from requirements.lock

# uv and pip stay in .venv: `uv pip sync` spares them. A changed lock syncs again.
.venv/.synced: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] <= (3, 13) else \
	  "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip sync --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	touch $@

demo: setup ## Map the embedded demo world and print how well
	$(SNAKEMAKE) results/TPRoGI.gpkg
	$(SNAKEMAKE)
	@echo; echo "$(ACCURACY):"
	@$(BIN)/python -c 'import pandas; print(pandas.read_csv("$(ACCURACY)").filter(regex="^(?!.*_(low|high|blocks)$$)").to_string(index=False, na_rep="", float_format="%.3f"))'

check-demo: setup ## Check that the demo's inventory finds the known truth
	$(BIN)/python tests/check_demo.py

test: lint ## Check style and types, and run the tests
	OMP_WAIT_POLICY=passive $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: setup ## Check style, formatting, types and rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy
	$(BIN)/snakemake --lint

docs: setup ## Write CONFIG.md, docs/attributes.md and docs/rgik.md from schema and columns
	$(BIN)/python -m workflow_scripts.rogi.config_reference
	$(BIN)/python -m workflow_scripts.rogi.column_reference
	$(BIN)/python -m workflow_scripts.rogi.rgik.reference

lock: setup ## Resolve the dependencies of pyproject.toml into requirements.lock (UPGRADE=--upgrade for newer ones)
	$(BIN)/uv pip compile --universal --generate-hashes --no-annotate --no-emit-index-url --group dev $(UPGRADE) \
	  --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock

test-slurm: setup ## Run a small demo through a real Slurm on this machine (Debian or Ubuntu, as root)
	$(BIN)/python tests/slurm/run_demo_on_slurm.py

bench-inference: setup ## Measure mapping against a plain loop and the bare network, and its memory (10 minutes)
	$(BIN)/python -m tests.benchmarks.bench_inference

bench-peers: .venv-peers/.synced ## Measure mapping against torchgeo and geoai-py, in an environment of its own
	.venv-peers/bin/python -m tests.benchmarks.bench_peers

bench-shortcuts: setup ## Show what each shortcut of mapping changes in the map; needs a finished `make demo`
	$(BIN)/python -m tests.benchmarks.bench_shortcuts

bench-vectorize: setup ## Measure vectorising against rasterio and GDAL (10 minutes)
	$(BIN)/python -m tests.benchmarks.bench_vectorize

bench-attributes: setup ## Measure zonal statistics against rasterstats, and the derivation of terrain (5 minutes)
	$(BIN)/python -m tests.benchmarks.bench_attributes

ablation-huasco: setup ## Train on two places of DATA=…/andes_huasco and score on the third, in rotation
	$(SNAKEMAKE) --configfile resources/studies/huasco.yaml --config inputs=$(call data,andes_huasco) -- results/ablation/table.csv
	@cat results/ablation/table.md

ablation-hma: setup ## Show what terrain, NIR and thermal channels are worth on the tiles in DATA=…/hma_s2_dem_tiles
	$(BIN)/python -m tests.benchmarks.prepare_hma_tiles $(call data,hma_s2_dem_tiles) resources/inputs/hma_debris
	$(SNAKEMAKE) --configfile resources/studies/hma_debris.yaml -- results/ablation/table.csv
	@cat results/ablation/table.md

bench-patches: setup ## Measure reading patches against opening GeoTIFFs (a minute)
	$(BIN)/python -m tests.benchmarks.bench_patches

bench-second-model: setup ## Apply the demo's review to the candidates of other models; needs a finished `make demo`
	$(BIN)/python -m tests.benchmarks.bench_second_model

bench-units: setup ## Score the separation of touching rock glaciers into units
	$(BIN)/python -m tests.benchmarks.bench_units

bench-insolation: setup ## Measure insolation against r.horizon and r.sun of GRASS (10 minutes; as root, installs grass-core)
	@command -v grass >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y --no-install-recommends grass-core; } || \
	  echo "no grass, and this user may not install it: ours alone is measured"
	$(BIN)/python -m tests.benchmarks.bench_insolation

# The locked packages in the same versions, and the peers beside them: 7 GB.
.venv-peers/.synced: .venv/.synced pyproject.toml
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-peers
	$(BIN)/uv pip install --quiet --python .venv-peers/bin/python --constraint requirements.lock \
	  --requirement pyproject.toml --group peers
	touch $@

clean: ## Remove .venv and the tools' caches; results/ stays
	rm -rf .venv .venv-peers .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find workflow_scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
