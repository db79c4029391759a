"""Runs what README.md and docs/*.md show, as a reader would.

Every block stands alone: it gets a fresh directory in which the models and photos lie that the documents name, and a
process of its own. What its fence says decides how it is run:

    python           as a program
    cpp              built with its document's cmake block (else the README's) against an installation, and run; a block
                     without `main` is the body of one
    cmake            by the program of its document
    console, bash    each command by bash, beside the document's C++ project; of a console block only lines with `$ `.
                     `pip install` is not run but checked, as wherever it is mentioned

A comment right above a block says what else is to be expected of it:

    <!-- not run: REASON -->
    <!-- raises: ERROR -->    of Python: the program ends with this error
    <!-- exits: CODE -->      of a single command: it ends with this exit code
    <!-- loaded: MODEL -->    the model of this id was loaded before, so that it lies in the cache
    <!-- serves: MODEL -->    of a single command: it is a hub, from which the model of this id is loaded

No block needs the internet: ids are asked for at a hub that serves the test data. Where documents give a hub's address,
it is this one.

Output that a document shows is not compared, since it differs from machine to machine.
"""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.models_by_id import hub_serving

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").glob("*.md"))]

#: The marks that a block of each language may bear besides `not run`.
LANGUAGES = {
    "python": {"raises", "loaded"},
    "cpp": {"loaded"},
    "cmake": set(),
    "console": {"exits", "loaded", "serves"},
    "bash": {"exits", "loaded", "serves"},
}

#: The address of a hub in documents.
HUB = "http://127.0.0.1:9001"

#: What is run of consoles; anything else has to be marked as not run.
PROGRAMS = re.compile(r"cmake|taskset|build/[\w-]+|(.+/)?inference-models")

#: The names by which documents know the test data.
NAMES = {
    "models": "models",
    "best.onnx": "models/yolov8n-640/onnx-fp32/weights.onnx",
    "photo.jpg": "images/bus.jpg",
    "street.jpg": "images/street_xlite.jpg",
}


@dataclass(frozen=True)
class Block:
    document: Path
    line: int  # of the fence that opens it
    language: str
    text: str
    marks: dict

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}-{self.language}"

    @property
    def is_run(self) -> bool:
        return "not run" not in self.marks

    @property
    def commands(self) -> list[str]:
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line and not line.startswith("#")]


def blocks_of(document: Path) -> list[Block]:
    text = document.read_text()
    blocks = []
    for found in re.finditer(r"^((?:<!--[^\n]*-->\n)*)^```([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        comments, language, content = found.groups()
        marks = {}
        for comment in re.findall(r"<!--(.*)-->", comments):
            name, _, value = comment.partition(":")
            marks[name.strip()] = value.strip()
        blocks.append(Block(document, text.count("\n", 0, found.start(2)) + 1, language, content, marks))
    return blocks


BLOCKS = [block for document in DOCUMENTS for block in blocks_of(document)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_block_is_run_or_says_why_not(document):
    blocks = blocks_of(document)
    fences = re.findall(r"^\s*(?:```|~~~)", document.read_text(), re.MULTILINE)
    assert len(fences) == 2 * len(blocks), "a fence is indented, unclosed, or no ```"
    for block in blocks:
        if not block.is_run:
            assert block.marks["not run"], f"{block}: `not run` needs a reason"
            continue
        assert block.language in LANGUAGES, f"{block}: cannot be run; mark it with <!-- not run: REASON -->"
        unknown = set(block.marks) - LANGUAGES[block.language]
        assert not unknown, f"{block}: these blocks have no mark {unknown}"


def runnable(*languages: str):
    chosen = [block for block in BLOCKS if block.is_run and block.language in languages]
    return pytest.mark.parametrize("block", chosen, ids=str)


@pytest.fixture(scope="session")
def installation(build_dir, tmp_path_factory) -> Path:
    prefix = tmp_path_factory.mktemp("installation")
    subprocess.run(["cmake", "--install", build_dir, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    return prefix


#: What variables begin with that would change what is loaded from where.
OURS = ("INFERENCE_", "ROBOFLOW_", "MODEL_CACHE_DIR", "OFFLINE_MODE", "SECURE_GATEWAY", "LICENSE_SERVER")


@pytest.fixture(scope="session")
def adapters(tmp_path_factory) -> Path:
    """Where adapters lie that a test had to build."""
    return tmp_path_factory.mktemp("adapters")


@pytest.fixture(scope="session")
def hub(build_dir, test_data) -> str:
    """The address of a hub that serves the models of the test data."""
    with hub_serving(build_dir / "bin/inference-models", (test_data / "models").resolve()) as served:
        yield served.url


@pytest.fixture
def environment(tmp_path_factory, adapters, hub) -> dict:
    """The variables of a user who has the Python environment of the tests, an empty cache and, for ids, a hub of his
    own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return own | {
        "VIRTUAL_ENV": sys.prefix,
        "XDG_CACHE_HOME": str(adapters),
        "INFERENCE_HOME": str(tmp_path_factory.mktemp("cache")),
        "ROBOFLOW_API_HOST": hub,
        "no_proxy": "127.0.0.1",
    }


@pytest.fixture
def directory(tmp_path, test_data) -> Path:
    for name, path in NAMES.items():
        (tmp_path / name).symlink_to((test_data / path).resolve())
    return tmp_path


@pytest.fixture
def loaded(block, directory, environment, build_dir) -> None:
    """What the block's mark says lies in the cache before it is run."""
    if "loaded" not in block.marks:
        return
    program = build_dir / "bin/inference-models"
    done = run(program, "predict", block.marks["loaded"], "photo.jpg", directory=directory, environment=environment)
    assert done.returncode == 0, done.stderr


def run(*command, directory: Path, environment: dict) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=300)


# --- Python ----------------------------------------------------------------------------------------------------------


@runnable("python")
@pytest.mark.usefixtures("loaded")
def test_python(block, directory, environment, hub):
    if importlib.util.find_spec("inference_models") is None:
        pytest.skip("the Python package inference_models is not installed beside pytest")
    program = directory / f"{block.document.stem}.py"
    program.write_text("\n" * block.line + block.text.replace(HUB, hub))  # so that tracebacks tell the document's lines
    done = run(sys.executable, program.name, directory=directory, environment=environment)
    if "raises" in block.marks:
        raised = re.findall(r"^(?:\w+\.)*(\w+): ", done.stderr, re.MULTILINE)
        assert done.returncode == 1, f"{block}: nothing was raised"
        assert block.marks["raises"] in raised, done.stderr
    else:
        assert done.returncode == 0, done.stderr


# --- C++ -------------------------------------------------------------------------------------------------------------

MAIN = """#include <inference_models/inference_models.hpp>
#include <iostream>

using namespace inference_models;

int main() {{
{}
}}
"""

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES CXX)
add_executable(app main.cpp)
"""


def main_program(block: Block) -> str:
    return block.text if "int main(" in block.text else MAIN.format(block.text)


def project_of(document: Path) -> str:
    """The document's CMakeLists.txt, or the README's, completed where it shows only some lines."""
    own = [block for block in BLOCKS if block.language == "cmake" and block.document in (document, README)]
    text = max(own, key=lambda block: block.document == document).text
    return text if "project(" in text else PROJECT + text


def whole_programs(document: Path) -> list[Block]:
    blocks = [block for block in BLOCKS if block.document == document and block.language == "cpp" and block.is_run]
    return [block for block in blocks if "int main(" in block.text]


def write_project(block: Block, directory: Path) -> None:
    (directory / "main.cpp").write_text(main_program(block))
    (directory / "CMakeLists.txt").write_text(project_of(block.document))


@runnable("cpp")
@pytest.mark.usefixtures("loaded")
def test_cpp(block, directory, environment, installation):
    write_project(block, directory)
    options = [f"-DCMAKE_PREFIX_PATH={installation}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror"]
    (executable,) = re.findall(r"add_executable\((\w+)", project_of(block.document))
    for command in (["cmake", "-B", "build", *options], ["cmake", "--build", "build"], [f"build/{executable}"]):
        done = run(*command, directory=directory, environment=environment)
        assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""  # programs that catch errors print them


@runnable("cmake")
def test_cmake_is_part_of_a_program(block):
    assert whole_programs(block.document), f"{block}: no C++ program of this document is built with it"


# --- Commands --------------------------------------------------------------------------------------------------------


def program_of(command: str) -> str:
    """The word that is run, after variables that are set for it."""
    return next(word for word in shlex.split(command, comments=True) if not re.match(r"\w+=", word))


def serve_and_load(command: str, model: str, directory: Path, environment: dict) -> None:
    """Starts the hub of a command, where a port is free, and loads a model from it."""
    words = ["bash", "-c", f"exec {command} --port 0"]
    process = subprocess.Popen(words, cwd=directory, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        (url,) = re.findall(r"ROBOFLOW_API_HOST=(\S+)", line)
        client = environment | {"ROBOFLOW_API_HOST": url}
        done = run("inference-models", "predict", model, "photo.jpg", directory=directory, environment=client)
        assert done.returncode == 0, done.stderr
    finally:
        process.terminate()
        assert process.wait(10) == 0


@runnable("console", "bash")
@pytest.mark.usefixtures("loaded")
def test_commands(block, directory, environment, hub, installation):
    (directory / ".venv").symlink_to(installation)
    for program in whole_programs(block.document):
        write_project(program, directory)
    environment["PATH"] = f"{installation / 'bin'}{os.pathsep}{environment['PATH']}"
    code = int(block.marks.get("exits", 0))
    is_alone = {"exits", "serves"} & set(block.marks)
    assert len(block.commands) == 1 if is_alone else block.commands, f"{block}: has no command to run"
    for command in block.commands:
        command = command.replace(HUB, hub)
        program = program_of(command)
        if program == "pip":
            assert command in pip_commands(block.document), f"{block}: {command} is neither checked nor marked"
            continue
        assert PROGRAMS.fullmatch(program), f"{block}: {program} is not run here; mark it with <!-- not run: REASON -->"
        if "serves" in block.marks:
            serve_and_load(command, block.marks["serves"], directory, environment)
            continue
        done = run("bash", "-c", command, directory=directory, environment=environment)
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"


def pip_commands(document: Path) -> list[str]:
    """The installations that a document names, in blocks and in its text."""
    shown = [command for block in blocks_of(document) if block.is_run for command in block.commands]
    text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [command for command in shown + re.findall(r"`([^`\n]+)`", text) if command.startswith("pip install ")]


PIP_COMMANDS = sorted({command for document in DOCUMENTS for command in pip_commands(document)})


@pytest.fixture(scope="session")
def extras() -> set[str]:
    """The extras of the Python package."""
    if not (ROOT / "python").is_dir():
        pytest.skip("there is no Python package in this checkout")
    tomllib = pytest.importorskip("tomllib", reason="only Python 3.11 and newer reads pyproject.toml")
    return set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


@pytest.fixture(scope="session")
def installations(installation) -> list[list[str]]:
    """The commands that the product itself gives on a machine that has no runtime."""
    done = run(
        installation / "bin/inference-models",
        "describe-runtime",
        "--json",
        directory=installation,
        environment={"PATH": os.environ["PATH"]},
    )
    return [shlex.split(extra["command"]) for extra in json.loads(done.stdout)["extras"]]


@pytest.mark.parametrize("command", PIP_COMMANDS)
def test_pip_installs_what_there_is(command, request):
    ours = re.fullmatch(r'pip install "inference-models-cpp\[([\w,-]+)\]"', command)
    if ours:
        assert set(ours[1].split(",")) <= request.getfixturevalue("extras")
    else:
        assert shlex.split(command) in request.getfixturevalue("installations")
