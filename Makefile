# Two commands: `make demo` for a first look, `make test` for everything. Both install what they need.

BUILD := build/release
DATA ?= $(if $(INFERENCE_MODELS_TEST_DATA),$(INFERENCE_MODELS_TEST_DATA),../shared)

.PHONY: demo test sanitize lint benchmark clean

demo:
	@scripts/setup.sh demo
	@scripts/build.sh release install
	@scripts/demo.sh "$(DATA)"

test:
	@scripts/setup.sh demo test
	@scripts/build.sh release all
	@cmake --install $(BUILD) --prefix .venv >/dev/null
	@ctest --preset release
	@INFERENCE_MODELS_BUILD_DIR=$(BUILD) .venv/bin/python -m pytest -q tests

# The C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer, the core under ThreadSanitizer.
sanitize:
	@scripts/setup.sh demo test
	@scripts/build.sh asan all
	@ctest --preset asan
	@scripts/build.sh tsan all
	@ctest --preset tsan

lint:
	@scripts/setup.sh lint
	@scripts/build.sh release configure
	@scripts/lint.sh

benchmark:
	@scripts/setup.sh demo test benchmark
	@scripts/build.sh release all
	@scripts/benchmark.sh

clean:
	rm -rf build .venv
