# The only entry points to Larry's house. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -n 2
# Tests of pure computation, of printed text and of the house itself never meet a database: one pass is enough for them.
NO_DATABASE := --ignore=tests/core --ignore=tests/nouns --ignore=tests/exports --ignore=tests/house

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-all check bench docs clean pins salt ldap tools tools-all

help: ## list the entry points
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: .venv/run ## start Larry with a small example estate (PORT=8001 for another port)
	$(BIN)/larry demo $(if $(PORT),--bind 127.0.0.1:$(PORT))

test: .venv/ready tools ldap ## every test on SQLite, and beside it those that use a database on PostgreSQL
	@if ! $(BIN)/python -m tests.tools --has postgresql; then \
	  echo "== PostgreSQL is not installed: ITS PASS IS SKIPPED =="; test "$$CI" != true || exit 1; \
	  LARRY_TEST_DATABASE=sqlite $(PYTEST) $(ARGS); exit; \
	fi; \
	told=$$(mktemp); \
	LARRY_TEST_DATABASE=postgres $(PYTEST) $(NO_DATABASE) -m "not slow and not puppet" $(ARGS) >"$$told" 2>&1 & beside=$$!; \
	trap 'kill $$beside; rm -f "$$told"; exit 1' INT TERM; \
	failed=; \
	echo "== tests on SQLite; those on PostgreSQL run beside them, and are told of afterwards =="; \
	LARRY_TEST_DATABASE=sqlite $(PYTEST) $(ARGS) || failed=SQLite; \
	wait $$beside || failed="$$failed PostgreSQL"; \
	echo "== tests on PostgreSQL =="; cat "$$told"; rm -f "$$told"; \
	test -z "$$failed" || { echo "== FAILED on $$failed =="; exit 1; }

test-all: .venv/ready tools-all ldap salt ## the same with the slow tests, far more generated cases, and pictures of every page in var/pictures
	@failed=; \
	echo "== all tests on SQLite: this takes hours, and each long form is told of when it ends =="; \
	HYPOTHESIS_PROFILE=deep LARRY_TEST_DATABASE=sqlite $(PYTEST) -p tests.rows -m "" $(ARGS) || failed=SQLite; \
	echo "== all tests on PostgreSQL, but for those that need no database =="; \
	HYPOTHESIS_PROFILE=deep LARRY_TEST_DATABASE=postgres $(PYTEST) -p tests.rows $(NO_DATABASE) -m "not puppet" $(ARGS) \
	  || failed="$$failed PostgreSQL"; \
	test -z "$$failed" || { echo "== FAILED on $$failed =="; exit 1; }

check: .venv/ready ## format, lint, types, imports, house rules, missing migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.house
	$(BIN)/python -m django makemigrations --check --dry-run --settings larry.site.settings

bench: .venv/ready ## measure against the yardsticks; never fails a build
	$(BIN)/python -m tests.bench $(ARGS)

docs: .venv/ready ## check that every link in the documentation leads somewhere
	$(BIN)/python -m tests.house links-resolve

tools: .venv/ready # install the real tools that the tests call, where that is possible
	@$(BIN)/python -m tests.tools

tools-all: .venv/ready # and those that are large
	@$(BIN)/python -m tests.tools --all

salt: .venv/ready # Salt, in an environment of its own, for the slow tests; without it they are skipped, and say so
	@test -x .venv/salt/bin/salt-call || { $(PYTHON) -m venv .venv/salt && .venv/salt/bin/pip -qq install salt==3008.3; } || \
	  { echo "== Salt could not be installed: ITS TESTS WILL BE SKIPPED =="; test "$$CI" != true; }

ldap: .venv/ready tools # the client of LDAP, compiled on the spot with the headers that `tools` installs where it can
	@$(BIN)/python -c 'import ldap' 2>/dev/null || \
	  { echo "compiling python-ldap into .venv" && \
	    $(PIP) install --require-hashes --no-deps --no-build-isolation -r requirements/ldap.txt; } || \
	  { echo "== python-ldap could not be installed: SIGNING IN BY A DIRECTORY WILL NOT BE TESTED =="; test "$$CI" != true; }

clean: ## remove everything that was made, except the database in var/
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	find larry tests -name __pycache__ -type d -prune -exec rm -rf {} +

pins: ## write requirements/*.txt anew from pyproject.toml
	rm -rf .venv/pins && $(PYTHON) -m venv .venv/pins && .venv/pins/bin/pip -qq install uv
	.venv/pins/bin/uv pip compile pyproject.toml --group build $(PIN_OPTIONS) -o requirements/run.txt
	.venv/pins/bin/uv pip compile pyproject.toml --extra postgres --group build --group dev \
	  -c requirements/run.txt $(PIN_OPTIONS) -o requirements/dev.txt
	.venv/pins/bin/uv pip compile pyproject.toml --extra ldap --group build -c requirements/run.txt \
	  $(PIN_OPTIONS) -o requirements/ldap.txt
	rm -rf .venv/pins

# One pin for every platform and Python, hashes for every file, and no address of any registry.
PIN_OPTIONS := --universal --python-version 3.11 --generate-hashes --upgrade --quiet --no-emit-index-url \
  --no-emit-find-links --custom-compile-command "make pins"

# Two stamps: what runs Larry, and what builds and tests it.
.venv/run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else \
	  "Larry needs Python 3.11, 3.12 or 3.13; this is %d.%d. Try: make PYTHON=python3.11" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing what runs Larry into .venv"
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready: .venv/run requirements/dev.txt
	@echo "installing what tests Larry into .venv"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
