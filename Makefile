# Every target sets up what it needs in .venv; ARGS="…" passes options on.
# Bookworm has 3.11, Trixie 3.13; the first that is there is taken.
PYTHON ?= $(firstword $(foreach p,python3.11 python3.13 python3.12,$(shell command -v $(p))))
VENV := .venv
BIN := $(VENV)/bin
# Home Assistant 2026.2 runs with this one only.
HA_PYTHON ?= python3.13
HA_VENV := .venv-ha
HA_REQUIREMENTS := tests/home_assistant/requirements.txt
# The last Pythons that mediapipe 0.10.18 is made for.
MP_PYTHON ?= $(firstword $(foreach p,python3.11 python3.12,$(shell command -v $(p))) python3.11)
MP_VENV := .venv-mediapipe
MP_REQUIREMENTS := tests/mediapipe/requirements.txt
ARGS ?=

.PHONY: help run test test-training test-home-assistant test-mediapipe mediapipe lint clean

help:
	@echo "make run                  the daemon with the demo face (ARGS=\"--duration 60\")"
	@echo "make test                 the tests"
	@echo "make test-training        the tests that need TensorFlow"
	@echo "make test-home-assistant  the tests with Home Assistant's own code (Python 3.13)"
	@echo "make test-mediapipe       the tests beside the mediapipe package (Python 3.11 or 3.12)"
	@echo "make mediapipe            .venv-mediapipe, where --detector mediapipe works"
	@echo "make lint                 ruff and mypy"
	@echo "make clean                remove all .venv folders and caches"

run: $(VENV)/.run
	@$(BIN)/lipwire run $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not training" $(ARGS)

test-training: $(VENV)/.training
	$(BIN)/python -m pytest -m training $(ARGS)

test-home-assistant: export LIPWIRE_HOME_ASSISTANT = $(CURDIR)/$(HA_VENV)/bin/python
test-home-assistant: export LIPWIRE_REQUIRE := $(LIPWIRE_REQUIRE),home-assistant
test-home-assistant: $(VENV)/.dev $(HA_VENV)/.installed
	$(BIN)/python -m pytest tests/test_home_assistant.py $(ARGS)

test-mediapipe: export LIPWIRE_REQUIRE := $(LIPWIRE_REQUIRE),mediapipe
test-mediapipe: mediapipe
	$(MP_VENV)/bin/python -m pytest tests/test_mediapipe.py $(ARGS)

mediapipe: $(MP_VENV)/.installed

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(HA_VENV) $(MP_VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.base:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.base pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[broker]"
	$(BIN)/lipwire models fetch
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[broker,dev]"
	@touch $@

$(VENV)/.training: $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[training,tensorboard]"
	@touch $@

$(HA_VENV)/.installed: $(HA_REQUIREMENTS)
	$(HA_PYTHON) -m venv $(HA_VENV)
	$(HA_VENV)/bin/pip install --quiet --disable-pip-version-check --no-compile \
		--no-deps --ignore-requires-python -r $(HA_REQUIREMENTS)
	@touch $@

$(MP_VENV)/.installed: $(MP_REQUIREMENTS) pyproject.toml
	$(MP_PYTHON) -m venv $(MP_VENV)
	$(MP_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps \
		-r $(MP_REQUIREMENTS) -e .
	@touch $@
