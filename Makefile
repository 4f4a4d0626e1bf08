# Everything a person or a robot does with this checkout. `make` alone lists it.
#
# What a target needs it sets up itself, in .venv: Python 3.11 or newer, make and git are all it asks for. What was set up is
# remembered in stamp files, so that a second run starts at once; a changed lock file sets it up again.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python that is new enough; `make demo PYTHON=/path/to/python3` decides otherwise.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$p" -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then echo "$$p"; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip --disable-pip-version-check --no-input -q
INSTALL := $(PIP) install --no-compile --require-hashes

.PHONY: help
help: ## List the targets.
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1 \2/' | \
		awk '{ printf "  %s %-12s", $$1, $$2; $$1 = $$2 = ""; print }'

# --- Setting up -----------------------------------------------------------------------------------------------------------
$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "Bonafide needs Python 3.11 or newer, and none was found on the PATH: install it, or run" \
		"'make PYTHON=/path/to/python3 ...'" >&2; exit 1; }
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' || { echo "Bonafide needs Python 3.11 or newer; $(PYTHON) is older:" \
		"run 'make PYTHON=/path/to/newer/python3 ...'" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) lacks the venv module:" \
		"install it (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Making the virtual environment in $(VENV)"
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/runtime: $(VENV)/made requirements.lock pyproject.toml
	@echo "Installing $$(grep -c '^[a-z].*==' requirements.lock) packages (half a minute the first time)"
	@$(INSTALL) -r requirements.lock
	@$(PIP) install --no-build-isolation --no-deps --no-compile -e .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.lock
	@echo "Installing the test tools (half a minute the first time)"
	@$(INSTALL) -r requirements-dev.lock
	@touch $@

.PHONY: setup
setup: $(VENV)/dev ## Make .venv with everything pinned, and nothing else.
	@echo "Ready: $(BIN)/bonafide --help"

# --- Using it -------------------------------------------------------------------------------------------------------------
.PHONY: demo
demo: $(VENV)/runtime ## Serve a throw-away operator with customers, usage and bills.
	@$(BIN)/python -m tests.demo_with_stripe $(ARGS)

# --- Checking it ----------------------------------------------------------------------------------------------------------
.PHONY: test
test: $(VENV)/dev ## Lint, then the whole suite on SQLite and on PostgreSQL. ARGS="tests/usage -k word" narrows it.
	@$(BIN)/python -m tests.run $(ARGS)

.PHONY: lint
lint: $(VENV)/dev ## Format, style, types, import contracts, templates, migrations.
	@$(BIN)/python -m tests.run --lint

.PHONY: bench
bench: $(VENV)/dev ## Medians, and ratios to a floor taken in the same run.
	@$(BIN)/python -m bench $(ARGS)

.PHONY: conformance
conformance: $(VENV)/dev ## Documents before the validators of their standards (Java, Maven), our fake Stripe beside the real one's description (Go).
	@$(BIN)/python -m tests.conformance

.PHONY: screenshots
screenshots: $(VENV)/dev ## Photograph every page into screenshots/.
	@$(BIN)/python -m tests.screenshots $(ARGS)

# --- Generated files ------------------------------------------------------------------------------------------------------
.PHONY: docs
docs: $(VENV)/runtime ## Write the generated pages of docs/ anew.
	@$(BIN)/python -c 'import pathlib; from bonafide.operator_page import settings_page; \
		pathlib.Path("docs/settings.md").write_text(settings_page(), encoding="utf-8"); \
		from bonafide.webhooks.kinds import with_events; page = pathlib.Path("docs/api.md"); \
		page.write_text(with_events(page.read_text(encoding="utf-8")), encoding="utf-8")'

.PHONY: messages
messages: $(VENV)/dev ## Extract texts to translate into bonafide/locale; lists what lacks French.
	@$(BIN)/python -m tests.catalogue

LOCK := $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml --group build

.PHONY: lock
lock: $(VENV)/made ## Pin the newest versions that pyproject.toml allows. UP="name" for one package alone.
	@test -x $(BIN)/uv || $(PIP) install uv
	@$(LOCK) $(if $(UP),$(UP:%=--upgrade-package %),--upgrade) -o requirements.lock
	@$(LOCK) --group dev --constraint requirements.lock $(if $(UP),$(UP:%=--upgrade-package %),--upgrade) -o requirements-dev.lock
