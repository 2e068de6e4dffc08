# make           what there is
# make run       serve the example site on http://127.0.0.1:8080/
# make test      all tests; as root on Debian, with the real Apache and mod_python beside olexd

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
ORACLE := apache2-bin libapache2-mod-python media-types
REDIS := redis-tools
SUBVERSION := subversion libapache2-mod-svn

.DEFAULT_GOAL := help
.PHONY: help reference venv run test check bench clean oracle load

help:
	@echo "make venv    install olexd and its tools into $(VENV)"
	@echo "make run     serve the example site (olexd.conf) on http://127.0.0.1:8080/"
	@echo "make test    run all tests"
	@echo "make check   lint, format, types, layers"
	@echo "make bench   compare with Apache and mod_python, side by side"
	@echo "make reference  write docs/directives.md from the directives' rows"
	@echo "make clean   remove what was built"

venv: $(INSTALLED)

# The last command lets Twisted write its plugin cache while the folder is certainly writable.
$(INSTALLED): pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit("olexd needs Python 3.11 or newer") if sys.version_info < (3, 11) else 0'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/twistd --help > /dev/null
	@touch $@

run: venv
	$(BIN)/twistd -n olexd --config olexd.conf

test: venv oracle
	$(BIN)/python -m pytest

# The real Apache is what olexd is compared with. apache2-bin is the server without the service around
# it: nothing is started and no configuration of the machine is touched. Nor is it for Redis: the program of
# Debian's redis-server is in redis-tools, the package redis-server only adds the service. Subversion and its
# module are what olexd guards in one of the integration tests.
oracle:
	@if [ -x /usr/sbin/apache2 ] && [ -e /usr/lib/apache2/modules/mod_python.so ]; then \
		:; \
	elif [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends $(ORACLE); \
	else \
		echo "No Apache with mod_python here: the parity tests are skipped."; \
	fi
	@if command -v redis-server > /dev/null || command -v redis-check-rdb > /dev/null; then \
		:; \
	elif [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends $(REDIS); \
	else \
		echo "No Redis here: the tests of sessions in Redis are skipped."; \
	fi
	@if command -v svn > /dev/null && [ -e /usr/lib/apache2/modules/mod_dav_svn.so ]; then \
		:; \
	elif [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends $(SUBVERSION); \
	else \
		echo "No Subversion with mod_dav_svn here: the tests of guarding it are skipped."; \
	fi

check: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

reference: venv
	$(BIN)/python -m olexd.modules.reference > docs/directives.md.new
	mv docs/directives.md.new docs/directives.md

bench: venv oracle load
	$(BIN)/python -m bench

# wrk makes the load of the benchmarks.
load:
	@if ! command -v wrk > /dev/null && [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends wrk; \
	fi

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f twisted/plugins/dropin.cache
