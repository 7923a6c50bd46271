# make demo   build soulpack and walk the whole path on datasets/lamplighter
# make test   build and run every test
# make arm64  run the kernels as 64-bit Arm has them, under QEMU, against the known answers
# make bench  measure the kernels and the engine; bench/peft, bench/curation and bench/versioning are against peers, and run by hand
# make dist   pack soulpack with the Swift runtime inside, for a machine without Swift
# make        build soulpack into .build/release
.PHONY: build demo test arm64 bench dist setup clean

SWIFT ?= swift

build: setup
	$(SWIFT) build -c release --product soulpack

demo: build
	tools/demo

test: setup
	$(SWIFT) build -c release --build-tests
	$(SWIFT) build -c release --product soulpack
	$(SWIFT) test -c release --skip-build

arm64:
	@tools/setup arm64
	tools/arm64

# Installs what is missing of the system packages, and nothing else; says so first, and asks on a terminal.
setup:
	@tools/setup

# Prints ratios within one run: the kernels against the machine's peak, the engine against its kernels.
bench: setup
	clang -std=gnu17 -O2 -ISources/CKernels/include bench/kernels.c Sources/CKernels/*.c -lm -lpthread -o .build/bench-kernels
	.build/bench-kernels 2
	$(SWIFT) run -c release engine-bench

dist: setup
	SWIFT=$(SWIFT) tools/dist

clean:
	rm -rf .build dist out
