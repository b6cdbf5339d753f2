# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run login test check docs fuzz mutate bench history chaos chaos-sending soak rollback lock clean
SHELL := /bin/sh
export PYTHON UPGRADE BENCH_SECONDS
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PORT ?= 8000
WORKERS ?= 2
POSTS ?= 100000
EMAILS ?= 300
MINUTES ?= 30
FUZZ ?= 50000
FUZZ_RANDOM ?= 20000
PY := .venv/bin/python
PREPARE := sh .ci/prepare

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## run everything on this machine (PORT=8000); needs Python 3.11 and nothing else
	@$(PREPARE) requirements.txt
	@$(PY) .ci/write_env.py
	@$(PY) manage.py run --end-with-parent --port $(PORT)

login: ## set a new password for the login that the first run made, and print it
	@$(PREPARE) requirements.txt
	@$(PY) manage.py make_login

test: ## run the tests (on SQLite, unless DATABASE_URL and REDIS_URL say otherwise; ARGS="-k name")
	@$(PREPARE) requirements-dev.txt
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: ## formatting, types, boundaries, migrations, deployment settings
	@$(PREPARE) requirements-dev.txt
	@sh .ci/check

docs: ## redraw docs/architecture.md and the list of decisions from the code
	@$(PREPARE) requirements-dev.txt
	@$(PY) .ci/draw_packages.py
	@$(PY) .ci/list_decisions.py

fuzz: ## requests made from the API's schema and webhooks (FUZZ=50000), random ones as each role (FUZZ_RANDOM=20000); on DATABASE_URL
	@$(PREPARE) requirements-dev.txt
	@$(PY) .ci/fuzz.py --requests $(FUZZ) --random $(FUZZ_RANDOM)

mutate: ## change the pure rules in small ways and see whether their tests notice (ARGS="part of a path")
	@$(PREPARE) requirements-dev.txt
	@$(PY) .ci/mutate.py $(ARGS)

bench: ## measure against the stated aims (BENCH_SECONDS=10); needs PostgreSQL and Redis on this machine
	@$(PREPARE) requirements-dev.txt
	@$(PY) -m bench

history: ## two months of a sender of known reply rate, up and down through the phases (ARGS="-k name")
	@$(PREPARE) requirements-dev.txt
	@CAIO_HISTORY=1 $(PY) -m pytest -n 0 -q tests/journeys/test_two_months.py $(ARGS)

chaos: ## post visitors while everything is killed: nothing may be lost (POSTS=100000); starts its own PostgreSQL
	@$(PREPARE) requirements-dev.txt
	@$(PY) -m bench.chaos_ingest --posts $(POSTS)

chaos-sending: ## send approved emails while everything is killed: none may go twice (EMAILS=300); starts its own PostgreSQL
	@$(PREPARE) requirements-dev.txt
	@$(PY) -m bench.chaos_sending --emails $(EMAILS)

soak: ## mixed load while a process is killed every minute (MINUTES=30): nothing lost, nothing twice, memory flat
	@$(PREPARE) requirements-dev.txt
	@$(PY) -m bench.soak --minutes $(MINUTES)

rollback: ## run the release before (TO=commit) on the new tables, and this one again; starts its own PostgreSQL
	@$(PREPARE) requirements-dev.txt
	@$(PY) -m bench.rollback --to "$(TO)"

lock: ## compile requirements*.in to requirements*.txt, with hashes (UPGRADE=1 or UPGRADE=name)
	@$(PREPARE) requirements-dev.txt
	@sh .ci/lock

clean: ## remove the virtual environment, caches and collected files; keeps .env and var/ (the database)
	rm -rf .venv staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
