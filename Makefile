# Two commands: `make demo` for a first look, `make test` for everything. Both install what they need.

BUILD := build/release

.PHONY: demo test wheel model sanitize lint bench benchmark peers clean

demo:
	@scripts/setup.sh demo
	@scripts/python-package.sh
	@scripts/demo.sh

test:
	@scripts/setup.sh demo test training
	@scripts/build.sh release all
	@ctest --preset release
	@scripts/python-package.sh
	@INFERENCE_MODELS_BUILD_DIR=$(BUILD) .venv/bin/python -m pytest -q tests

# The wheel as it is given to others.
wheel:
	@scripts/setup.sh demo wheel
	@scripts/wheel.sh

# Makes the bundled model anew in an hour and a half or more, and measures it where CODES names a data set.
model:
	@scripts/setup.sh demo test training
	@scripts/train.sh "$(CODES)"

# The C++ tests, and those in Python that handle memory, threads and lifetimes, under AddressSanitizer and
# UndefinedBehaviorSanitizer, the core under ThreadSanitizer.
sanitize:
	@scripts/setup.sh demo test
	@scripts/build.sh asan all
	@ctest --preset asan
	@scripts/python-sanitize.sh
	@scripts/build.sh tsan all
	@ctest --preset tsan

lint:
	@scripts/setup.sh demo lint
	@scripts/build.sh release configure
	@scripts/lint.sh

# The project's own performance table, with other products where `make peers` made their environment.
bench:
	@scripts/setup.sh demo test
	@scripts/build.sh release all
	@.venv/bin/python benchmarks/performance.py

benchmark:
	@scripts/setup.sh demo test benchmark
	@scripts/build.sh release all
	@scripts/python-package.sh
	@scripts/benchmark.sh

# The environment of `inference-models benchmark --peers`.
peers:
	@scripts/peers.sh

clean:
	rm -rf build .venv .venv-peers
