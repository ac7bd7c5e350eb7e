# The door for people. What is done, and how, is in CMakePresets.json, deploy/install-deps and tests/run.
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
JOBS ?= $(shell nproc)
CCACHE := $(if $(shell command -v ccache 2>/dev/null),-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
PROGRAM := build/release/tributary
# What `make build` needs is less than what the tests need, so the tests are configured only by tests/run.
CONFIGURE := cmake --preset release $(CCACHE) -DTRIBUTARY_BENCHMARKS=OFF -DTRIBUTARY_TESTS=OFF
# Installed as they stand here, so that the links between them hold; the .deb has the same.
DOCUMENTS = $(wildcard $(shell cat deploy/package/documents))
SOURCES = $(shell find text schema expression event net connectors relay sinks spool config admin daemon tests -name '*.cpp' -o -name '*.hpp')

.DEFAULT_GOAL := help
.PHONY: help deps build demo test test-all test-faults test-package bench install package image format lint clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

deps:  ## install the packages that building needs (asks for sudo only when something is missing)
	@deploy/install-deps

build: deps  ## the program: build/release/tributary
	@mkdir -p build && $(CONFIGURE) >build/configure.log 2>&1 || { cat build/configure.log; rm -f build/configure.log; exit 1; }; rm -f build/configure.log
	cmake --build build/release --parallel $(JOBS) --target tributary

demo: build  ## every upstream simulated, the relay and an embedded Kafka in one process (FOR=10s RATE=50)
	$(PROGRAM) demo $(if $(FOR),--for $(FOR)) $(if $(RATE),--rate $(RATE))

test:  ## every test of the short tier, set-up included: 26 minutes on two cores without a compiler cache
	@deploy/install-deps --tests
	@tests/run

test-all:  ## and the long ones: ThreadSanitizer, both Kafkas, long faults, 60 s of fuzzing
	@deploy/install-deps --tests
	@tests/run --all

test-faults:  ## the fault suite whole, about two hours, and its table in docs/RELIABILITY.md (AWAY=600 SOAK=3600 seconds)
	@deploy/install-deps --tests
	@TRIBUTARY_AWAY_SECONDS=$(or $(AWAY),600) TRIBUTARY_SOAK_SECONDS=$(or $(SOAK),3600) tests/run --all 'test tools' 'build program' faults
	@tests/faults/page.py

bench:  ## CPU per event beside the floor measured in the same run
	@deploy/install-deps --tests
	@tests/benchmark/run

install:  ## what `make build` built, the reference configuration and documents (PREFIX=/usr/local DESTDIR=)
	@test -x $(PROGRAM) || { echo 'install: there is no $(PROGRAM) yet: make build'; exit 1; }
	install -D --mode=755 --strip $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/tributary
	@$(PROGRAM) man tributary | install -D --mode=644 /dev/stdin $(DESTDIR)$(PREFIX)/share/man/man1/tributary.1
	@$(PROGRAM) man tributary.yaml | install -D --mode=644 /dev/stdin $(DESTDIR)$(PREFIX)/share/man/man5/tributary.yaml.5
	@$(PROGRAM) completion bash | install -D --mode=644 /dev/stdin $(DESTDIR)$(PREFIX)/share/bash-completion/completions/tributary
	@$(PROGRAM) completion zsh | install -D --mode=644 /dev/stdin $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_tributary
	@$(PROGRAM) completion fish | install -D --mode=644 /dev/stdin $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tributary.fish
	@for file in $(DOCUMENTS); do install -D --mode=644 $$file $(DESTDIR)$(PREFIX)/share/doc/tributary/$$file || exit 1; done
	install -d --mode=755 $(DESTDIR)$(SYSCONFDIR)/tributary
	@echo 'installed: $(DESTDIR)$(PREFIX)/bin/tributary; documents and reference: $(DESTDIR)$(PREFIX)/share/doc/tributary'

package: build  ## a .deb of what `make build` built: build/package/tributary_VERSION_ARCHITECTURE.deb
	@deploy/install-deps --package
	cmake --build build/release --target package_files
	@cd build/release && cpack -B ../package >../package.log 2>&1 || { cat ../package.log; exit 1; }; rm -f ../package.log
	@ls $(CURDIR)/build/package/*.deb

test-package: package  ## the .deb in a Debian 12 made by debootstrap, against a real Kafka; as root, some minutes
	@deploy/install-deps --tests
	@TRIBUTARY_PACKAGE=$$(ls -t build/package/*.deb | head -1) tests/run --all 'test tools' 'package installed'

image:  ## the container image tributary:VERSION, by whichever of podman, buildah and docker is there
	@deploy/container/build-image

format:  ## clang-format every source in place
	@deploy/install-deps --tests
	clang-format -i $(SOURCES)

lint:  ## layering, format, and a build with warnings as errors and clang-tidy
	@deploy/install-deps --tests
	python3 tests/layering/layering.py
	clang-format --dry-run -Werror $(SOURCES)
	cmake --preset ci
	cmake --build --preset ci --parallel $(JOBS)

clean:  ## remove all that was built, the test tools included
	rm -rf build
