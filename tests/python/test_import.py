"""What importing the package does, and does not do."""

import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

import inference_models

PACKAGE = Path(inference_models.__file__).parent


def python(code, **options):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **options)


def test_the_version_is_that_of_the_distribution():
    assert inference_models.__version__ == importlib.metadata.version("inference-models-cpp")


def test_only_numpy_is_imported():
    code = (
        "import sys, numpy; before = set(sys.modules); import inference_models; "
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('inference_models')))"
    )
    assert set(python(code).stdout.split()) <= {"__future__", "atexit"}


def test_no_runtime_is_opened():
    code = "import inference_models; print(open('/proc/self/maps').read())"
    maps = python(code).stdout
    assert "libinference_models.so" in maps
    assert not any(word in maps for word in ("libonnxruntime", "libtorch", "libopenvino", "nvinfer", "libcuda"))


def test_types_come_with_it():
    assert (PACKAGE / "py.typed").is_file()
    stub = (PACKAGE / "_core.pyi").read_text()
    assert "class RuntimeDescription" in stub


def test_files_of_roboflow_s_package_in_ours_are_told(tmp_path):
    """The two distributions share the directory that is imported."""
    shutil.copytree(PACKAGE, tmp_path / "inference_models")
    (tmp_path / "inference_models/models/auto_loaders").mkdir(parents=True)
    run = python("import inference_models; inference_models.AutoModel", cwd=tmp_path)
    assert "RuntimeWarning" in run.stderr
    assert "inference-models (Roboflow)" in run.stderr
    assert "pip uninstall --yes inference-models\n" in run.stderr
    assert "pip install --force-reinstall --no-deps inference-models-cpp\n" in run.stderr
    assert python("import inference_models", cwd="/").stderr == ""
