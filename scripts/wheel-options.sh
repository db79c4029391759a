# How the wheel is built: sourced by the scripts that build it. Sets wheel_options.

# As the presets compile, by the same name of the compiler: ccache has most of it already.
export CC=${CC:-cc} CXX=${CXX:-c++}
wheel_options=(-C build-dir=build/wheel -C cmake.define.INFERENCE_MODELS_WARNINGS_AS_ERRORS=ON)
# The PyTorch adapter is built for the PyTorch that is installed in .venv, if one is.
torch=$(compgen -G "$PWD/.venv/lib/python3*/site-packages/torch" || true)
wheel_options+=(-C "cmake.define.INFERENCE_MODELS_TORCH=$torch")
