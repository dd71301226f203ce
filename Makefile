# SPDX-License-Identifier: GPL-2.0-or-later
# testbed: one non-recursive Makefile.  `make help` lists the targets.
MAKEFLAGS += -rR
# A job for each processor; `make -j1` wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# --- knobs (all may be given on the command line) ----------------------------------------------
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
ifeq ($(origin AR),default)
AR := ar
endif
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
# Where it is installed, by GNU's names.
PREFIX ?= /usr/local
prefix ?= $(PREFIX)
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
libexecdir ?= $(exec_prefix)/libexec
datarootdir ?= $(prefix)/share
datadir ?= $(datarootdir)
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/testbed
bashcompletiondir ?= $(datarootdir)/bash-completion/completions
zshcompletiondir ?= $(datarootdir)/zsh/site-functions
PKG_CONFIG ?= pkg-config
GLIB_COMPILE_RESOURCES ?= glib-compile-resources
# VARIANT=san builds with AddressSanitizer and UBSan, VARIANT=cov counts executed lines, VARIANT=clang is for CC=clang;
# each has its own tree.
VARIANT ?=
DEVELOPER ?=
V ?=

B := build$(if $(VARIANT),/$(VARIANT))
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)')

# --- libraries -----------------------------------------------------------------------------------
# nice stands before sofia-sip-ua: both export stun_message_length, and the STUN code must get libnice's.
PACKAGES := glib-2.0 gio-2.0 gio-unix-2.0 libsoup-3.0 nice sofia-sip-ua libsrtp2 libcares libnl-3.0 libnl-route-3.0 \
	libnl-nf-3.0 libnftables libpcap yaml-0.1 jansson libcap libseccomp gnutls
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null))
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)
TEST_CFLAGS := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags criterion 2>/dev/null))
TEST_LIBS := $(shell $(PKG_CONFIG) --libs criterion 2>/dev/null)
# Tests are a third of what is compiled, and run once or twice.
TEST_OPTIMIZE := $(if $(VARIANT),,-O0 -U_FORTIFY_SOURCE)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wswitch-enum -Wnull-dereference
ifeq ($(findstring clang,$(CC)),)
WARNINGS += -Wduplicated-cond -Wlogical-op
endif
ifneq ($(DEVELOPER),)
WARNINGS += -Werror
endif
ifneq ($(findstring cov,$(VARIANT)),)
COVERAGE := --coverage -fprofile-update=atomic
endif
ifneq ($(findstring san,$(VARIANT)),)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# Hardened by default, as far as the compiler can; CFLAGS, CPPFLAGS and LDFLAGS come later and win.  Sanitizers look
# themselves, and _FORTIFY_SOURCE needs optimization.
knows = $(shell echo 'int main(void) { return 0; }' | $(CC) -Werror $(1) -x c -c -o /dev/null - 2>/dev/null && echo '$(1)')
OPTIMIZED := $(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS))))
FORTIFY := $(if $(OPTIMIZED),$(if $(SANITIZE)$(findstring sanitize,$(CFLAGS))$(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,3))
ifneq ($(FORTIFY),)
FORTIFY := $(shell for n in 3 2; do $(CC) -Werror -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$$n -include string.h \
	-x c -c -o /dev/null /dev/null 2>/dev/null && echo $$n && break; done)
endif
HARDEN_CFLAGS := -fPIE -fstack-protector-strong $(call knows,-fstack-clash-protection) $(call knows,-fcf-protection=full) \
	$(call knows,-mbranch-protection=standard) $(call knows,-ftrivial-auto-var-init=zero) \
	$(if $(FORTIFY),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(FORTIFY))
HARDEN_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack

VERSION := $(shell cat VERSION 2>/dev/null || echo 0)
override ALL_CPPFLAGS = -I. -D_GNU_SOURCE -DTESTBED_VERSION='"$(VERSION)"' $(PKG_CFLAGS) $(CPPFLAGS)
override ALL_CFLAGS = -std=gnu17 $(WARNINGS) $(HARDEN_CFLAGS) $(SANITIZE) $(COVERAGE) $(CFLAGS)
override ALL_LDFLAGS = $(HARDEN_LDFLAGS) $(SANITIZE) $(COVERAGE) -Wl,--as-needed $(LDFLAGS)

# --- sources -------------------------------------------------------------------------------------
LAYERS := base model plan netstate exec walk packets lab session matrix diagnose report explain live serve exercise import cmd
TESTBED_SRC := $(foreach l,$(LAYERS),$(wildcard testbed/$(l)/*.c))
WIRE_SRC := $(wildcard common/base/*.c common/wire/*.c)
COMMON_SRC := $(wildcard common/*.c)
FRONTEND_SRC := $(wildcard frontend/*.c)
EDGE_SRC := $(wildcard edge/*.c)
CLIENT_SRC := $(wildcard clients/*.c)
NAT_SRC := $(wildcard nat/*.c)
PROGRAMS := $(B)/bin/testbed $(B)/bin/tb-frontend $(B)/bin/tb-edge $(B)/bin/tb-client $(B)/bin/tb-nat

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
# A program's main is in main.c; everything else of the folder is an archive, so that tests can link it.
lib_src = $(filter-out %/main.c,$(1))
TESTBED_LIBS := $(B)/libtestbed.a $(B)/libwire.a
AGENT_LIBS := $(B)/libcommon.a $(B)/libwire.a
LIBS_OF_testbed := $(TESTBED_LIBS)
LIBS_OF_tb-frontend := $(B)/libfrontend.a $(AGENT_LIBS)
LIBS_OF_tb-edge := $(B)/libedge.a $(AGENT_LIBS)
LIBS_OF_tb-client := $(B)/libclient.a $(AGENT_LIBS)
LIBS_OF_tb-nat := $(B)/libnat.a $(AGENT_LIBS)

# Tests: each folder tests/LEVEL/NAME holds one Criterion program that links everything.
TEST_DIRS := $(sort $(patsubst %/,%,$(dir $(wildcard tests/unit/*/*.c tests/netns/*/*.c tests/e2e/*/*.c))))
SUPPORT_SRC := $(wildcard tests/support/*.c)
TEST_PROGRAMS := $(patsubst tests/%,$(B)/tests/%/run,$(TEST_DIRS))

.PHONY: all help
all: $(PROGRAMS) ## build everything into build/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  variables: CC CFLAGS LDFLAGS prefix DESTDIR VARIANT=san|cov|clang DEVELOPER=1 V=1"

# A changed command line rebuilds what it made.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(PKG_LIBS)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(PKG_LIBS)' > $@
FORCE:

# The commit of a checkout, for `testbed version --json`: only that file is compiled anew for it.
COMMIT := $(shell git describe --always --dirty --abbrev=12 2>/dev/null)
$(B)/commit: FORCE
	@mkdir -p $(B)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
$(B)/obj/testbed/cmd/inspect.o: $(B)/commit
$(B)/obj/testbed/cmd/inspect.o: private override ALL_CPPFLAGS += -DTESTBED_COMMIT='"$(COMMIT)"'

# Where it is installed is compiled into one file, too.
PLACES := -DTESTBED_DATADIR='"$(datadir)/testbed"' -DTESTBED_LIBEXECDIR='"$(libexecdir)/testbed"'
$(B)/places: FORCE
	@mkdir -p $(B)
	@echo '$(subst ',,$(PLACES))' | cmp -s - $@ || echo '$(subst ',,$(PLACES))' > $@
$(B)/obj/testbed/cmd/topology.o: $(B)/places
$(B)/obj/testbed/cmd/topology.o: private override ALL_CPPFLAGS += $(PLACES)

$(B)/obj/tests/%.o: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(TEST_CFLAGS) $(ALL_CFLAGS) $(TEST_OPTIMIZE) -MMD -MP -c -o $@ $<

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define archive
$(B)/lib$(1).a: $(call obj,$(call lib_src,$(2)))
	$$(call say,AR,$$@)
	$(Q)rm -f $$@; $(AR) crs $$@ $$^
endef
# The page of --html is inside the program.
WEB_FILES := $(wildcard web/*.html web/*.css web/*.js web/*.txt)
$(B)/web/resource.xml: $(WEB_FILES) Makefile
	@mkdir -p $(@D)
	$(Q)printf '%s\n' '<gresources><gresource prefix="/testbed/web">' $(patsubst web/%,'<file>%</file>',$(WEB_FILES)) \
		'</gresource></gresources>' > $@
$(B)/web/resource.c: $(B)/web/resource.xml
	$(call say,RES,web)
	$(Q)$(GLIB_COMPILE_RESOURCES) --sourcedir=web --generate-source --c-name testbed_web --target=$@ $<
$(B)/obj/web/resource.o: $(B)/web/resource.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(HARDEN_CFLAGS) $(SANITIZE) $(CFLAGS) -c -o $@ $<

$(eval $(call archive,testbed,$(filter-out testbed/cmd/main.c,$(TESTBED_SRC)) web/resource.c))
$(eval $(call archive,wire,$(WIRE_SRC)))
$(eval $(call archive,common,$(COMMON_SRC)))
$(eval $(call archive,frontend,$(FRONTEND_SRC)))
$(eval $(call archive,edge,$(EDGE_SRC)))
$(eval $(call archive,client,$(CLIENT_SRC)))
$(eval $(call archive,nat,$(NAT_SRC)))

define program
$(B)/bin/$(1): $(call obj,$(2)) $(LIBS_OF_$(1))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(PKG_LIBS) -lm
endef
$(eval $(call program,testbed,testbed/cmd/main.c))
$(eval $(call program,tb-frontend,frontend/main.c))
$(eval $(call program,tb-edge,edge/main.c))
$(eval $(call program,tb-client,clients/main.c))
$(eval $(call program,tb-nat,nat/main.c))

# --- tests ---------------------------------------------------------------------------------------
# What a program takes of another one's folder.
MORE_unit/live := tests/unit/session/fake_lab.c
MORE_unit/client := tests/unit/frontend/pki.c
MORE_e2e/abuse := tests/e2e/live/live.c
MORE_e2e/exercise := tests/e2e/live/live.c tests/e2e/live/page.c
MORE_e2e/trouble := tests/e2e/live/live.c
MORE_e2e/endurance := tests/e2e/live/live.c
MORE_unit/border := tests/unit/frontend/pki.c
ALL_LIBS := $(B)/libtestbed.a $(B)/libfrontend.a $(B)/libedge.a $(B)/libclient.a $(B)/libnat.a $(AGENT_LIBS)
define test_program
$(B)/tests/$(1)/run: $(call obj,$(wildcard tests/$(1)/*.c) $(MORE_$(1)) $(SUPPORT_SRC)) $(ALL_LIBS)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(TEST_LIBS) $$(PKG_LIBS) -lm
endef
$(foreach t,$(patsubst tests/%,%,$(TEST_DIRS)),$(eval $(call test_program,$(t))))

# What parts of check-full have counted and measured (tests/support/figures.h).
FIGURES = TESTBED_FIGURES=$(abspath $(B))/figures
# Leaks and undefined behaviour must fail a run: Criterion alone would not notice (docs/TESTING.md).
TEST_ENV := TESTBED_BUILD=$(abspath $(B)) G_SLICE=always-malloc ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 \
	LSAN_OPTIONS=suppressions=$(abspath tests/support/lsan.supp):print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1
run_tests = $(TEST_ENV) $(if $(SANITIZE),TEST_TIMEOUT=480) scripts/run-tests $(1)

.PHONY: check check-topologies check-unit check-netns check-style tests golden-update bench bench-scale install uninstall clean
tests: $(TEST_PROGRAMS) ## build the test programs

check-unit: all $(filter $(B)/tests/unit/%,$(TEST_PROGRAMS)) ## unit and golden tests: no privileges
	$(Q)$(call run_tests,$(filter $(B)/tests/unit/%,$(TEST_PROGRAMS)))

check-netns: all $(filter $(B)/tests/netns/%,$(TEST_PROGRAMS)) ## the executor against the real kernel, in throw-away namespaces
	$(Q)$(call run_tests,--in-namespace $(filter $(B)/tests/netns/%,$(TEST_PROGRAMS)))

# Of somebody else's making, with nothing of this project in them: clients for tests/e2e/clients, a web server for
# tests/e2e/live.
OF_OTHERS := $(B)/tests/nice-agent $(B)/tests/hostile-agent $(B)/tests/rogue-web
$(B)/tests/nice-agent: $(B)/obj/tests/clients/nice_agent.o
$(B)/tests/hostile-agent: $(B)/obj/tests/clients/hostile_agent.o
$(B)/tests/rogue-web: $(B)/obj/tests/clients/rogue_web.o
$(OF_OTHERS):
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Abuses the servers of a lab, for tests/e2e/abuse.
$(B)/tests/flood: $(B)/obj/tests/abuse/flood.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# The counts of tests/e2e/abuse: small, whole.
ABUSE := whole
.PHONY: abuse
abuse: all $(B)/tests/flood $(B)/tests/e2e/abuse/run ## floods, idle and slow connections, greedy users; ABUSE=small|whole (minutes)
	$(Q)$(FIGURES) TESTBED_BUILD=$(abspath $(B)) TESTBED_ABUSE=$(ABUSE) $(B)/tests/e2e/abuse/run --verbose

# What is scarce, for tests/e2e/scarcity: system calls, memory, and time to write.
$(B)/tests/deny: $(B)/obj/tests/scarcity/deny.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/tests/scarce.so: tests/scarcity/alloc.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -D_GNU_SOURCE -I. $(CFLAGS) -fPIC -shared -o $@ $<

# Each fuzz target with its seeds, while its allocations fail one by one.
SCARCE := $(patsubst tests/fuzz/fuzz_%.c,$(B)/scarce/%,$(wildcard tests/fuzz/fuzz_*.c))
$(B)/scarce/%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/scarcity/nth.o $(B)/obj/tests/scarcity/alloc.o $(ALL_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(FUZZ_LIBS) $(PKG_LIBS) -lm

.PHONY: check-exercises
check-exercises: all $(B)/tests/e2e/exercise/run ## all exercises solved as students do, and all lessons; TESTBED_EXERCISE=NAME (half an hour)
	$(Q)TESTBED_BUILD=$(abspath $(B)) TESTBED_EXERCISES=whole $(B)/tests/e2e/exercise/run -j1 --verbose

# A wall clock that jumps, for tests/e2e/live.
$(B)/tests/clock-jump.so: tests/preload/clock_jump.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) -fPIC -shared -o $@ $<

# What says how much a machine can do, or needs all of it, runs one at a time; labs and whole matrices, two at a time.  What mostly
# waits, for single calls, is beside others of its kind: in two lanes of about the same length, several tests in each.
E2E_PROGRAMS := $(filter $(B)/tests/e2e/%,$(TEST_PROGRAMS))
e2e_of = $(filter $(patsubst %,$(B)/tests/e2e/%/run,$(1)),$(E2E_PROGRAMS))
E2E_RUNS := $(call e2e_of,lab matrix finished proof schema)
E2E_LIVE := $(call e2e_of,live exercise forward nat faults)
E2E_BESIDE := $(call e2e_of,install import shards tour trouble terminal machine diff clients endurance scarcity)
.PHONY: check-e2e e2e-alone e2e-runs e2e-live e2e-beside
check-e2e: all $(OF_OTHERS) $(B)/tests/flood $(B)/tests/clock-jump.so $(B)/tests/deny $(B)/tests/scarce.so $(B)/faults/fault-matrix $(B)/faults/mutation-matrix $(E2E_PROGRAMS) ## whole labs: every cell, by packets
	$(Q)failed=; for level in e2e-alone e2e-runs; do $(MAKE) --no-print-directory $$level || failed=1; done; \
		$(MAKE) --no-print-directory -k --output-sync=target e2e-live e2e-beside || failed=1; test -z "$$failed"

e2e-alone:
	$(Q)TEST_JOBS=1 $(call run_tests,$(filter-out $(E2E_RUNS) $(E2E_LIVE) $(E2E_BESIDE),$(E2E_PROGRAMS)))

e2e-runs:
	$(Q)TEST_JOBS=2 $(call run_tests,$(E2E_RUNS))

e2e-live:
	$(Q)TEST_JOBS=5 $(call run_tests,$(E2E_LIVE))

e2e-beside:
	$(Q)TEST_JOBS=4 $(call run_tests,$(E2E_BESIDE))

check-style: ## format, license lines, documents, layers, headers that compile alone
	$(Q)scripts/check-format
	$(Q)scripts/check-spdx
	$(Q)scripts/check-docs
	$(Q)tests/style/check-docs
	$(Q)scripts/check-layers
	$(Q)tests/style/check-layers
	$(Q)scripts/check-random
	$(Q)CC='$(CC)' CPPFLAGS='$(ALL_CPPFLAGS)' scripts/check-headers

# --- static checks ---------------------------------------------------------------------------------
# What a tool says of a file is kept until the file, or a header of it, changes.
STATIC := $(B)/static
STATIC_SRC := $(TESTBED_SRC) $(WIRE_SRC) $(COMMON_SRC) $(FRONTEND_SRC) $(EDGE_SRC) $(CLIENT_SRC) $(NAT_SRC)
STATIC_LOGS = $(patsubst %.c,$(STATIC)/%.$(1),$(STATIC_SRC))
$(STATIC)/%.gcc: $(B)/obj/%.o
	@mkdir -p $(@D)
	$(call say,GCC,$*.c)
	$(Q)CPPFLAGS='-I. -D_GNU_SOURCE $(PKG_CFLAGS)' scripts/check-static gcc $*.c >$@

$(STATIC)/%.tidy: $(B)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY,$*.c)
	$(Q)CPPFLAGS='-I. -D_GNU_SOURCE $(PKG_CFLAGS)' scripts/check-static tidy $*.c >$@

.PHONY: check-static static-gcc static-tidy static-cppcheck static-shell static-spelling
static-gcc: $(call STATIC_LOGS,gcc)
	$(Q)scripts/check-static judge gcc $^

static-tidy: $(call STATIC_LOGS,tidy)
	$(Q)scripts/check-static judge tidy $^

static-cppcheck static-shell static-spelling: static-%:
	$(call say,CHECK,$*)
	$(Q)scripts/check-static $*

check-static: ## gcc -fanalyzer, clang-tidy, cppcheck, shellcheck, codespell (needs scripts/setup --all)
	$(Q)$(MAKE) --no-print-directory -k static-spelling static-shell static-cppcheck static-gcc static-tidy

FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 20
FUZZ_OPTIONS ?=
KILLS ?= 1000
DEATH_TIMES ?= 20
DEATH_LANES ?= 4
.PHONY: check-deaths
check-deaths: all $(B)/tests/e2e/trouble/run $(B)/tests/e2e/lab/run ## KILLS=1000 kills at random, and DEATH_TIMES=20 at every step of a lab's build, DEATH_LANES=4 at a time (an hour)
	$(Q)failed=; $(FIGURES) KILLS=$(KILLS) KILL_LANES=$(DEATH_LANES) TESTBED_BUILD=$(abspath $(B)) \
		$(B)/tests/e2e/trouble/run --filter 'kills/*' -j$(DEATH_LANES) --timeout 0 || failed=1; \
	$(FIGURES) DEATH_STEPS=1 DEATH_TIMES=$(DEATH_TIMES) DEATH_LANES=$(DEATH_LANES) TESTBED_BUILD=$(abspath $(B)) \
		$(B)/tests/e2e/lab/run --filter 'death/*' -j$(DEATH_LANES) --timeout 0 || failed=1; test -z "$$failed"

SCARCE_EACH ?= 1000
SCARCE_STEPS ?= 200
.PHONY: check-scarcity
check-scarcity: all $(SCARCE) $(B)/tests/deny $(B)/tests/scarce.so $(B)/tests/e2e/scarcity/run ## every allocation fails, each system call and program is denied, disks are full (minutes)
	$(Q)failed=; for t in $(SCARCE); do \
		said=$$($$t -n $(SCARCE_EACH) $$(ls tests/fuzz/seeds/$${t##*/}/* 2>/dev/null)) || failed=1; echo "$${t##*/}: $$said"; \
		printf 'check-scarcity\t%s: %s\n' "$${t##*/}" "$$(echo "$$said" | tail -1)" >>$(B)/figures; \
	done; $(FIGURES) TESTBED_SCARCITY=whole SCARCE_STEPS=$(SCARCE_STEPS) TESTBED_BUILD=$(abspath $(B)) \
		$(B)/tests/e2e/scarcity/run -j4 --timeout 0 || failed=1; test -z "$$failed"

CALLS ?= 10000
BINDINGS ?= 1000000
RELAYS ?= 100000
.PHONY: check-endurance
check-endurance: all $(B)/tests/flood $(B)/tests/e2e/endurance/run ## one live lab: CALLS=10000 over 12 changes, BINDINGS=1000000, RELAYS=100000; nothing grows (an hour)
	$(Q)$(FIGURES) CALLS=$(CALLS) BINDINGS=$(BINDINGS) RELAYS=$(RELAYS) TESTBED_BUILD=$(abspath $(B)) \
		$(B)/tests/e2e/endurance/run --timeout 0

MATRICES_AT_ONCE ?= 16
.PHONY: check-machine
check-machine: all $(B)/tests/e2e/machine/run ## MATRICES_AT_ONCE=16, foreign networks, and what strace sees of runs (minutes)
	$(Q)$(FIGURES) TESTBED_MACHINE=$(MATRICES_AT_ONCE) TESTBED_BUILD=$(abspath $(B)) \
		$(B)/tests/e2e/machine/run -j1 --timeout 0

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZ_SECONDS (needs clang)
	$(Q)$(MAKE) --no-print-directory CC=clang VARIANT=fuzz CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
		LDFLAGS='-fsanitize=address,undefined' $(foreach f,$(FUZZ_NAMES),build/fuzz/fuzz/$(f))
	$(Q)for f in $(FUZZ_NAMES); do \
		mkdir -p build/fuzz/corpus/$$f; \
		build/fuzz/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
			-timeout=60 $$(cat tests/fuzz/options/$$f) $(FUZZ_OPTIONS) build/fuzz/corpus/$$f \
			$$([ -d tests/fuzz/seeds/$$f ] && echo tests/fuzz/seeds/$$f) || exit 1; \
		echo "fuzz $$f: no finding in $(FUZZ_SECONDS) s"; \
	done; printf 'fuzz\t$(words $(FUZZ_NAMES)) targets, $(FUZZ_SECONDS) s each, without a finding\n' >>$(abspath $(B))/figures

# A Front End core without network, as its unit tests have it.
$(B)/fuzz/frontend $(B)/scarce/frontend: $(B)/obj/tests/unit/frontend/world.o
$(B)/fuzz/frontend $(B)/scarce/frontend: FUZZ_LIBS := $(TEST_LIBS)

$(B)/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(ALL_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(FUZZ_LIBS) $(PKG_LIBS) -lm

# Each once, but for the one that only measures size.
check-topologies: all ## every topology's matrix, by packets (minutes)
	$(Q)for t in $(filter-out topologies/scale.yaml,$(wildcard topologies/*.yaml)); do \
		printf '%s: ' "$$t"; $(B)/bin/testbed run matrix -q -t "$$t" --json $(B)/topology.json >/dev/null || failed=1; \
		sed -n 's/^ *"unexpected": *\([0-9]*\).*/\1 unexpected/p' $(B)/topology.json; \
	done; test -z "$$failed"

.PHONY: check-package check-packages
check-packages: ## scripts/setup names packages that Debian 12, Debian 13 and Ubuntu 24.04 have
	$(Q)scripts/check-packages

check-package: ## the Debian package: built, judged by lintian, its own test run (minutes; needs scripts/setup --all)
	$(Q)scripts/check-package

.PHONY: check-container
check-container: ## a container image of that package places calls, privileged and with the least rights (minutes; needs scripts/setup --all)
	$(Q)scripts/check-container $(DEB)

.PHONY: engine-equality
engine-equality: all ## every topology's matrix with the built-in TURN engine and with coturn: all cells equal (minutes)
	$(Q)scripts/engine-equality

# node's packages of the tests are shared by all variants (build/web).
.PHONY: check-web check-firefox
check-web: all ## the report's page: its modules, hostile stories, and a run's report in Chromium
	$(Q)scripts/check-web $(B)

check-firefox: all ## the same in Firefox (needs scripts/setup --all)
	$(Q)BROWSER=firefox scripts/check-web $(B)

.PHONY: docs-picture
docs-picture: all ## the picture of README.md, of a run that is made here, by the browser of check-web
	$(Q)scripts/picture $(B)

# One level after the other, also where several are asked for: each has the machine for itself.
CHECK_LEVELS := check-style check-unit check-netns check-e2e check-web
check-unit: | $(filter check-style,$(MAKECMDGOALS))
check-netns: | $(filter check-style check-unit,$(MAKECMDGOALS))
check-e2e: | $(filter check-style check-unit check-netns,$(MAKECMDGOALS))
check-web: | $(filter check-style check-unit check-netns check-e2e,$(MAKECMDGOALS))
check: ## what every change must pass (minutes)
	$(Q)for level in $(CHECK_LEVELS); do $(MAKE) --no-print-directory $$level || exit 1; done

# Each part says what it found; all of them run.
.PHONY: check-full check-san check-clang coverage
check-san: ## unit and netns tests with AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory VARIANT=san check-unit check-netns

check-clang: ## everything built with the other compiler, warnings being errors, and unit tests
	$(Q)$(MAKE) --no-print-directory CC=clang VARIANT=clang DEVELOPER=1 all tests check-unit

RESUME ?=
FULL := check check-firefox check-static check-package check-container check-topologies check-exercises abuse engine-equality fault-matrix fault-networks fuzz check-san \
	check-clang check-machine check-scarcity check-deaths check-endurance check-packages
check-full: ## check, and all that takes longer, with a table of what was found; RESUME=1 goes on (hours; docs/TESTING.md; needs scripts/setup --all)
	$(Q)MAKE='$(MAKE)' RESUME='$(RESUME)' scripts/check-full $(B)/figures $(FULL)

.PHONY: reliability
reliability: ## put what the last check-full, or parts of it, found into docs/RELIABILITY.md
	$(Q)scripts/reliability $(B)/figures docs/RELIABILITY.md

# Counts of runs before are taken away first: they would be added up.
coverage: ## executed lines of unit and netns tests, by folder (needs gcovr: scripts/setup --all)
	$(Q)find build/cov -name '*.gcda' -delete 2>/dev/null || :
	$(Q)$(MAKE) --no-print-directory VARIANT=cov CFLAGS='-O0 -g' check-unit check-netns
	$(Q)scripts/coverage build/cov

golden-update: all $(TEST_PROGRAMS) ## write the golden files anew (review the diff)
	$(Q)GOLDEN_UPDATE=1 $(call run_tests,$(filter $(B)/tests/unit/%,$(TEST_PROGRAMS)))

# --- accuracy of explain ---------------------------------------------------------------------------
FAULTS ?=
FIXES ?=
DOUBLE ?=
# For hours of a machine: nothing else judges what it does to results (docs/TESTING.md).
MATRICES ?= 50
.PHONY: overload-matrix
overload-matrix: all ## the default matrix MATRICES=50 times, beside load and with frozen programs: no cell may differ
	$(Q)scripts/overload-matrix -n $(MATRICES)

JOBS ?=
SEED ?= 1
$(B)/faults/fault-matrix: $(call obj,$(wildcard tests/faults/*.c)) $(TESTBED_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

.PHONY: fault-matrix fault-networks
FAULT_OPTIONS = --seed $(SEED) $(if $(FAULTS),--only '$(FAULTS)') $(if $(FIXES),--fixes) $(if $(DOUBLE),--double $(DOUBLE)) \
	$(if $(JOBS),--jobs $(JOBS))
fault-matrix: all $(B)/faults/fault-matrix ## every fault of tests/faults explained: FAULTS=REGEX FIXES=1 DOUBLE=40 SEED=1 JOBS=2
	$(Q)$(B)/faults/fault-matrix $(FAULT_OPTIONS)

fault-networks: all $(B)/faults/fault-matrix ## the same for tests/faults/networks: networks that fail as they were built
	$(Q)$(B)/faults/fault-matrix --catalogue tests/faults/networks --topologies tests/data/topologies $(FAULT_OPTIONS)

NUMBER ?=
WORD ?=
N ?= 20
$(B)/faults/mutation-matrix: $(call obj,$(wildcard tests/mutation/*.c) tests/faults/attempt.c) $(TESTBED_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

.PHONY: mutation-matrix
mutation-matrix: all $(B)/faults/mutation-matrix ## random changes that break a call, explained: N=500 SEED=1 WORD=block NUMBER=7 JOBS=2
	$(Q)$(B)/faults/mutation-matrix --seed $(SEED) --count $(N) $(if $(NUMBER),--number $(NUMBER)) $(if $(WORD),--word $(WORD)) $(if $(JOBS),--jobs $(JOBS))

$(B)/bin/bench-build: $(call obj,scripts/bench_build.c scripts/bench_settle.c) $(TESTBED_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

$(B)/bin/bench-impair: $(B)/obj/scripts/bench_impair.o $(TESTBED_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

bench-scale: all $(B)/bin/bench-build ## 200 sites of 5 clients: growth of the build, 500 calls at once
	$(Q)scripts/bench-scale $(B)

bench: all $(B)/bin/bench-build $(B)/bin/bench-impair ## build, matrix and memory, as ratios in one run
	$(Q)scripts/bench $(B)

# --- installation --------------------------------------------------------------------------------
# The manual: section 1 from the tables of `--help`, 5 and 7 from docs/, where lowdown is there to convert them.
MAN_DATE = $(shell date -u -d "@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || stat -c %Y VERSION)}" +%F)
.PHONY: man
man: all ## the pages of the manual, in build/man
	$(Q)scripts/man $(B)/bin/testbed $(B)/man $(MAN_DATE)

PLACES_TO_INSTALL = bindir='$(bindir)' libexecdir='$(libexecdir)' datadir='$(datadir)' mandir='$(mandir)' docdir='$(docdir)' \
	bashcompletiondir='$(bashcompletiondir)' zshcompletiondir='$(zshcompletiondir)' DESTDIR='$(DESTDIR)'
install: man ## install under DESTDIR and prefix, where GNU's directory variables say
	$(Q)$(PLACES_TO_INSTALL) scripts/install $(B)

uninstall: ## remove what install put there
	$(Q)$(PLACES_TO_INSTALL) scripts/install --remove

clean: ## remove build/
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
