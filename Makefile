# make demo   build soulpack and walk the whole path on datasets/lamplighter
# make test   build and run every test
# make        build soulpack into .build/release
.PHONY: build demo test bench setup clean

SWIFT ?= swift

build: setup
	$(SWIFT) build -c release --product soulpack

demo: build
	tools/demo

test: setup
	$(SWIFT) build -c release --build-tests
	$(SWIFT) build -c release --product soulpack
	$(SWIFT) test -c release --skip-build

# Installs what is missing of the system packages, and nothing else; says so first, and asks on a terminal.
setup:
	@tools/setup

clean:
	rm -rf .build out
