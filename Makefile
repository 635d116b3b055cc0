# The front door. `make` alone says what there is to do.
#
# Variables: PG_CONFIG (the PostgreSQL to build for), DESTDIR (make install), CARGO_TARGET_DIR, CARGO_FLAGS (more for cargo),
#            SUITES and TESTS (make test: some suites, some SQL tests by name), BEFORE (make compare: the commit to compare with).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

EXTENSION := assay
VERSION := $(shell sed -nE "s/^default_version = '(.*)'/\1/p" assay.control)
SCHEMA := sql/install/$(EXTENSION)--$(VERSION).sql

override PG_CONFIG := $(shell PG_CONFIG='$(PG_CONFIG)' scripts/deps.sh pick)
PG_MAJOR := $(if $(PG_CONFIG),$(shell $(PG_CONFIG) --version 2>/dev/null | sed -nE 's/^PostgreSQL ([0-9]+).*/\1/p'))
PG_LIBRARIES = $(shell $(PG_CONFIG) --pkglibdir)
PG_EXTENSIONS = $(shell $(PG_CONFIG) --sharedir)/extension

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
LIBRARY := $(TARGET)/release/lib$(EXTENSION).so
# The release profile serves the tests and the lints too, so that no dependency is compiled twice.
CARGO_OPTIONS = --release --no-default-features --features pg$(PG_MAJOR) $(CARGO_FLAGS)

# What cargo and the scripts are told. Variables of make's command line reach them through make itself.
BUILD_ENV = CARGO_TARGET_DIR='$(TARGET)' PGRX_PG_CONFIG_PATH='$(PG_CONFIG)'
SCRIPT_ENV = $(BUILD_ENV) PG_CONFIG='$(PG_CONFIG)' CARGO_OPTIONS='$(CARGO_OPTIONS)'

##@ To see it and to use it

.PHONY: demo
demo: ## build, start a private PostgreSQL and tell the story of a credit-risk model in it
	@started=$$(date +%s); scripts/deps.sh install; $(MAKE) install; $(MAKE) demo-run STARTED=$$started

.PHONY: stop
stop: ## end the demo's PostgreSQL
	@if [ -e '$(TARGET)/demo/dir' ]; then $(SCRIPT_ENV) scripts/cluster.sh stop demo; fi

.PHONY: install
install: build ## put the extension into the PostgreSQL that PG_CONFIG names (DESTDIR is respected)
	@become=; \
	if [ -z '$(DESTDIR)' ] && ! { [ -w '$(PG_LIBRARIES)' ] && [ -w '$(PG_EXTENSIONS)' ]; } && [ "$$(id -u)" != 0 ]; then become=sudo; fi; \
	$$become install -d '$(DESTDIR)$(PG_LIBRARIES)' '$(DESTDIR)$(PG_EXTENSIONS)'; \
	$$become install -m 755 '$(LIBRARY)' '$(DESTDIR)$(PG_LIBRARIES)/$(EXTENSION).so'; \
	$$become install -m 644 $(EXTENSION).control $(wildcard sql/install/$(EXTENSION)--*.sql sql/$(EXTENSION)--*--*.sql) '$(DESTDIR)$(PG_EXTENSIONS)/'; \
	echo '==> installed $(EXTENSION) $(VERSION) into $(DESTDIR)$(PG_LIBRARIES) and $(DESTDIR)$(PG_EXTENSIONS)'

.PHONY: uninstall
uninstall: need-postgresql ## take it out again
	@become=; if [ -z '$(DESTDIR)' ] && [ ! -w '$(PG_LIBRARIES)' ]; then become=sudo; fi; \
	$$become rm -f '$(DESTDIR)$(PG_LIBRARIES)/$(EXTENSION).so' '$(DESTDIR)$(PG_EXTENSIONS)/$(EXTENSION).control' \
		'$(DESTDIR)$(PG_EXTENSIONS)/$(EXTENSION)'--*.sql

.PHONY: package
package: build ## make a tarball and, where dpkg-deb is, a .deb in target/package
	@$(SCRIPT_ENV) LIBRARY='$(LIBRARY)' VERSION='$(VERSION)' PG_MAJOR='$(PG_MAJOR)' scripts/package.sh

##@ To work on it

.PHONY: test
test: ## install what is missing, build, and run every test, and those in SQL on PostgreSQL 18, too
	@scripts/deps.sh install tests; $(MAKE) majors RUNS='own $(if $(SUITES)$(TESTS),,18:quick-build,regress,isolation)'

.PHONY: test-15 test-16 test-17 test-18
test-15 test-16 test-17 test-18: test-%:
	@scripts/deps.sh install tests; $(MAKE) majors RUNS='$*'

.PHONY: check
check: need-postgresql ## format, lints with warnings denied, and the pure tests
	cargo fmt --check
	$(BUILD_ENV) cargo clippy --workspace $(CARGO_OPTIONS) --all-targets -- -D warnings
	@if command -v shellcheck >/dev/null; then echo shellcheck; shellcheck .ci/run $$(find scripts tests fuzz -name '*.sh'); fi
	@$(SCRIPT_ENV) SUITES=unit tests/run.sh

.PHONY: fuzz
fuzz: ## hostile bytes and texts, FUZZ_SECONDS for each target (60), in the library itself and through SQL
	@scripts/deps.sh install tests; $(MAKE) install; $(MAKE) test-run SUITES='fuzz clients' TESTS=fuzz FUZZ_SECONDS='$(or $(FUZZ_SECONDS),60)'

# Fuzzing the library and the story of the demo are the same on each PostgreSQL.
.PHONY: test-all
test-all: ## every test on PostgreSQL 15, 16, 17 and 18 (test-16: on that one), and a longer fuzzing
	@export PUBLIC_DATA=1 EXHAUSTIVE=1; scripts/deps.sh install tests; $(MAKE) majors RUNS='$(foreach major,15 16 17 18,$(major):build,schema,unit,regress,isolation,clients,demo)'; $(MAKE) fuzz

.PHONY: bench
bench: ## measure: training, scoring, checks and profiles beside what others do with the same rows (BENCH_ROWS, BENCH_FULL=1)
	@scripts/deps.sh install; $(MAKE) install; $(MAKE) bench-run

.PHONY: bi
bi: ## charts and a dashboard over the views in a real Apache Superset, on this machine; its export goes to sql/superset (installs Superset)
	@scripts/deps.sh install; $(MAKE) install; $(SCRIPT_ENV) scripts/bi.sh

.PHONY: compare
compare: build ## measure this build against that of another commit, on the same work in turn (BEFORE=COMMIT, PAIRS, WORKS, BENCH_ROWS)
	@$(SCRIPT_ENV) BEFORE='$(BEFORE)' scripts/bench/compare.sh

.PHONY: accept
accept: ## take what SQL tests and examples of the docs printed in the last run as expected; read the difference in git before you commit it
# A run begins without the results of those before it; and what was edited since stays as it is.
	@for suite in pg_regress isolation; do \
		for result in '$(TARGET)'/test/$$suite/results/*.out; do \
			if [ -e "$$result" ]; then cp -uv "$$result" "tests/$$suite/expected/"; fi; \
		done; \
	done
	@if [ -d '$(TARGET)/test/docs' ]; then cp -ruv '$(TARGET)'/test/docs/. .; fi

.PHONY: build
build: need-postgresql ## build a release of the library
	$(BUILD_ENV) cargo build $(CARGO_OPTIONS)

.PHONY: schema
schema: ## write sql/install/assay--VERSION.sql from the numbered files of sql/
	@mkdir -p '$(dir $(SCHEMA))'
	@{ printf '%s\n' '-- Generated by `make schema` from the numbered files of sql/: change those, not this.' \
	     '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	  export LC_ALL=C; for file in sql/[0-9]*.sql; do printf '\n-- %s\n\n' "$$file"; cat "$$file"; done; } > '$(SCHEMA).new'
	@mv '$(SCHEMA).new' '$(SCHEMA)'

.PHONY: freeze
freeze: install ## write what RELEASE leaves behind for ever: its install script, golden files and a dump
	@$(SCRIPT_ENV) scripts/freeze.sh '$(RELEASE)'

.PHONY: deps
deps: ## install what a build needs from the system: PostgreSQL, its headers, libclang, a linker (apt; only what is missing)
	@scripts/deps.sh install

.PHONY: clean
clean: ## end the private clusters and delete what was built
	@for dir in '$(TARGET)'/*/dir; do \
		if [ -e "$$dir" ]; then $(SCRIPT_ENV) scripts/cluster.sh remove "$$(basename "$$(dirname "$$dir")")"; fi; \
	done
	cargo clean --target-dir '$(TARGET)'

.PHONY: help
help: ## say what there is to do
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@printf '\nPostgreSQL: %s\n' "$(if $(PG_MAJOR),$(PG_MAJOR) of $(PG_CONFIG),none found; make deps installs it)"

# The second half of a target that first installs what is missing: another make, so that it sees what was installed.
.PHONY: demo-run test-run majors bench-run need-postgresql
demo-run:
	@$(SCRIPT_ENV) scripts/demo.sh '$(STARTED)'

test-run:
	@$(SCRIPT_ENV) tests/run.sh

majors:
	@$(SCRIPT_ENV) tests/majors.sh $(RUNS)

bench-run:
	@$(SCRIPT_ENV) scripts/bench/run.sh

need-postgresql:
	@[ -n '$(PG_MAJOR)' ] || { echo "no PostgreSQL 15 to 18 with its server headers found: run 'make deps', or name one with PG_CONFIG=/path/to/pg_config" >&2; exit 1; }
