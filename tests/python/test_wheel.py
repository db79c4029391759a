"""The wheel as it is given to others, in an environment that has nothing but it and a runtime."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def run(*command, **options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_MODELS_")}
    for name in ("LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"):
        environment.pop(name, None)
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=600, env=environment, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel():
    run(ROOT / "scripts/wheel.sh")
    (path,) = (ROOT / "build/wheels").glob("*.whl")
    return path


class Environment:
    """A virtual environment."""

    def __init__(self, path):
        venv.create(path, with_pip=True, symlinks=True)
        self.bin = path / "bin"
        (self.site_packages,) = path.glob("lib/python3*/site-packages")

    def pip(self, *arguments):
        return run(self.bin / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)

    def python(self, code, *arguments, **options):
        return run(self.bin / "python", "-c", code, *arguments, **options)

    def program(self, *arguments, **options):
        return run(self.bin / "inference-models", *arguments, **options)

    def engines(self):
        return {one["engine"]: one for one in json.loads(self.program("describe-runtime", "--json"))["engines"]}


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    environment = Environment(tmp_path_factory.mktemp("environment"))
    environment.pip("install", wheel, "onnxruntime")
    return environment


PREDICT = """
import sys
from inference_models import AutoModel
model = AutoModel.from_pretrained(sys.argv[1])
print(model.description.backend, len(model(sys.argv[2])[0]))
"""


def test_its_name_says_what_it_runs_on(wheel):
    assert "-manylinux_2_34_" in wheel.name  # as docs/installation.md says
    assert ("-cp312-abi3-" in wheel.name) == (sys.version_info >= (3, 12))


def test_it_needs_numpy_alone(environment):
    listed = json.loads(environment.pip("inspect"))["installed"]
    (ours,) = [one["metadata"] for one in listed if one["metadata"]["name"] == "inference-models-cpp"]
    required = ours["requires_dist"]
    assert [one for one in required if "extra ==" not in one] == ["numpy"]
    assert set(ours["provides_extra"]) == {
        extra["name"] for extra in json.loads(environment.program("describe-runtime", "--json"))["extras"]
    }


def test_python_predicts(environment, test_data):
    found = environment.python(PREDICT, test_data / "models/yolov8n-640", test_data / "images/bus.jpg", cwd="/")
    assert found.split() == ["onnx", "4"]


def test_the_program_predicts(environment, test_data):
    printed = environment.program(
        "predict", test_data / "models/yolov8n-640", test_data / "images/bus.jpg", "--json", "--log-level", "info"
    )
    (entry,) = json.loads(printed)
    assert len(entry["predictions"]) == 4
    assert environment.program("--version").startswith("inference-models ")


def test_the_bundled_model_is_in_it(environment, pictures, tmp_path):
    found = environment.python(PREDICT, "codes-n-640", pictures[0], cwd=tmp_path)
    assert found.split()[0] == "onnx"
    explanation = json.loads(environment.program("explain", "codes-n-640", "--json", cwd=tmp_path))
    assert Path(explanation["location"]).is_relative_to(environment.site_packages / "inference_models")
    run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=explanation["location"])


def test_what_models_are_measured_with_is_in_it(environment):
    share = environment.site_packages / "inference_models/share/inference_models"
    assert json.loads(run(environment.bin / "python", "-I", share / "peers/peer.py", "list", input="{"))["error"]
    assert (share / "pictures/everyday.jpg").is_file()


def test_the_program_s_exit_code_and_streams_are_its_own(environment, tmp_path):
    done = subprocess.run([environment.bin / "inference-models", "predict", tmp_path], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr


def test_all_libraries_come_from_the_wheel_or_the_base_system(environment):
    code = "import inference_models; print(open('/proc/self/maps').read())"
    libraries = {line.split()[-1] for line in environment.python(code).splitlines() if ".so" in line}
    ours = str(environment.site_packages)
    base = ("libc.", "libm.", "ld-linux", "libstdc++.", "libgcc_s.")
    of_python = (sysconfig.get_config_var("prefix"), "/usr/lib/python3")
    foreign = {
        path for path in libraries if not path.startswith((ours, *of_python)) and not Path(path).name.startswith(base)
    }
    with_numpy_alone = environment.python("import numpy; print(open('/proc/self/maps').read())")
    assert {path for path in foreign if path not in with_numpy_alone} == set()


def test_an_outside_project_builds_against_it(environment, tmp_path):
    directory = environment.program("--cmake-dir").strip()
    assert directory.startswith(str(environment.site_packages))
    run("cmake", "-S", ROOT / "tests/install/consumer", "-B", tmp_path, f"-Dinference_models_DIR={directory}")
    run("cmake", "--build", tmp_path)
    version = environment.python("import inference_models; print(inference_models.__version__)").strip()
    assert run(tmp_path / "consumer").split() == [version, version, "model_not_found"]


def test_projects_of_scikit_build_core_find_it(environment):
    code = """
from importlib.metadata import entry_points
from importlib.resources import files
(entry,) = entry_points(group="cmake.prefix")
print(files(entry.load()) / "lib/cmake/inference_models/inference_models-config.cmake")
"""
    assert Path(environment.python(code).strip()).is_file()


def test_a_runtime_that_is_installed_later_is_noticed(environment, test_data):
    """PyTorch: what pip laid into this environment is shown to the other one, as if pip had laid it there."""
    torch = pytest.importorskip("torch")
    assert not environment.engines()["torch"]["installed"]
    installed = Path(torch.__file__).parent
    links = [environment.site_packages / path.name for path in (installed, *installed.parent.glob("torch-*.dist-info"))]
    for link in links:
        link.symlink_to(installed.parent / link.name)
    try:
        assert environment.engines()["torch"]["installed"]
        found = environment.python(PREDICT, test_data / "models/yolov8n-640", test_data / "images/bus.jpg")
        assert found.split() == ["torch", "4"]
    finally:
        for link in links:
            link.unlink()
