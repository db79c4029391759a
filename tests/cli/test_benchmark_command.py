"""`inference-models benchmark` and `tune`, from the command to what is told, written and left behind."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
from support.processes import children_of, is_running, listen_to_ctrl_c, wait_until

SLOWER = 6

#: As little as can be measured.
LITTLE = ("--rounds", "1", "--seconds", "0.01")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def benchmark(program, home):
    def run(*arguments, env=None, code=0):
        done = program("benchmark", *arguments, env={"INFERENCE_HOME": str(home)} | (env or {}))
        assert done.code == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def measured(benchmark, pictures, tmp_path_factory):
    """The bundled model, in all that runs here; the page of it lies beside."""
    page = tmp_path_factory.mktemp("page") / "report.html"
    run = benchmark("codes-n-640", *pictures, *LITTLE, "--no-throughput", "--json", "--html", page)
    return run, page


@pytest.fixture(scope="module")
def report(benchmark, pictures, tmp_path_factory):
    """The file of a benchmark with as many rounds as are needed to compare it."""
    file = tmp_path_factory.mktemp("reports") / "before.json"
    run = benchmark(
        *("codes-n-640", pictures[0], "--backend", "onnx", "--precision", "fp32", "--no-throughput"),
        *("--rounds", "4", "--seconds", "0.05", "--json"),
    )
    file.write_text(run.stdout)
    return file


# --- What is told ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_candidate_is_measured_and_compared(measured, program, pictures):
    run, _ = measured
    report = run.json
    assert (report["model_id"], report["rounds"]) == ("codes-n-640", 1)
    assert report["images"] == [str(path) for path in pictures]
    assert report["network_input"] == {"height": 640, "width": 640}
    assert run.stderr == ""
    keys = {"package_id", "backend", "engine", "device", "precision"}
    told = {tuple(one[key] for key in sorted(keys)) for one in report["candidates"]}
    assert len(told) == len(report["candidates"])
    verified = program("verify", "codes-n-640", *pictures, "--json").json
    expected = verified["candidates"] + [verified["reference"]]
    assert told == {tuple(one[key] for key in sorted(keys)) for one in expected}
    assert [one["package_id"] for one in report["candidates"] if one["is_reference"]] == ["onnx-fp32"]
    assert report["reference_objects"] == verified["reference"]["objects"] >= 3
    for candidate in report["candidates"]:
        figures = candidate["figures"]
        assert candidate["verdict"] == "passes", candidate["reason"]
        assert figures["end_to_end"]["p50"] >= figures["forward"]["p50"] > 0
        (one,) = figures["rounds"]
        assert one["start"] > one["load"] > 0
        assert one["peak_memory_mib"] > 10


@pytest.mark.slow
def test_precisions_come_in_their_order(measured):
    precisions = [one["precision"] for one in measured[0].json["candidates"]]
    assert precisions == sorted(precisions, key=("fp32", "bf16", "fp16", "int8").index)
    assert {"fp32", "int8"} <= set(precisions)


@pytest.mark.slow
def test_the_command_in_the_report_is_the_one_that_was_given(measured, pictures):
    command = measured[0].json["command"]
    assert command.startswith(f"inference-models benchmark codes-n-640 {pictures[0]} {pictures[1]} --rounds 1")


@pytest.mark.slow
def test_the_page_is_written_whole(measured):
    _, page = measured
    assert [path.name for path in page.parent.iterdir()] == [page.name]
    text = page.read_text()
    assert text.rstrip().endswith("</html>")
    assert "codes-n-640" in text


def test_a_page_that_cannot_be_written_is_an_error_and_leaves_nothing(benchmark, package, image, tmp_path):
    (tmp_path / "directory.html").mkdir()
    (tmp_path / "directory.html/kept").write_text("")
    run = benchmark(
        package, image, *LITTLE, "--no-throughput", "--backend", "onnx", "--html", tmp_path / "directory.html", code=1
    )
    assert run.error_kind == "io_failure"
    assert "--html" in run.hint
    assert not list(tmp_path.glob("*.new"))


def test_the_table_has_a_row_for_each_candidate_and_its_figures(benchmark, pictures):
    run = benchmark("codes-n-640", pictures[0], *LITTLE, "--no-throughput", "--backend", "onnx", "--image-size", "320")
    for row in (r"onnx fp32 +ONNX Runtime [\d.]+ +[\d.]", r"onnx int8 +ONNX Runtime [\d.]+ +[\d.]"):
        assert re.search(f"^{row}", run.stdout, re.MULTILINE), run.stdout
    assert "1 image at 320x320" in run.stdout.splitlines()[0]
    assert re.search("^onnx fp32 +onnx-fp32 +the reference$", run.stdout, re.MULTILINE)
    assert "inference-models benchmark codes-n-640" in re.sub(r"\s+", " ", run.stdout)


def test_pictures_of_our_own_are_taken_where_none_are_given(benchmark, package, pictures):
    run = benchmark(package, *LITTLE, "--no-throughput", "--backend", "onnx", "--json")
    assert set(run.json["images"]) >= {path.name for path in pictures}


# --- Two reports -------------------------------------------------------------------------------------------------


def slowed(path, factor):
    """The same with all end-to-end times so many times as long."""
    report = json.loads(path.read_text())
    for candidate in report["candidates"]:
        figures = candidate["figures"]
        for name in figures["end_to_end"]:
            figures["end_to_end"][name] *= factor
        for one in figures["rounds"]:
            one["end_to_end"] *= factor
    slower = path.with_name("slower.json")
    slower.write_text(json.dumps(report))
    return slower


def test_what_is_the_same_is_within_the_noise(benchmark, report):
    comparison = benchmark("--compare", report, report, "--json").json
    assert {one["quantity"] for one in comparison["differences"]} >= {"end to end", "start", "peak memory"}
    assert {one["verdict"] for one in comparison["differences"]} == {"within-noise"}
    assert not comparison["notes"]


def test_what_is_slower_ends_with_its_exit_code(benchmark, report):
    slower = slowed(report, 20)
    run = benchmark("--compare", report, slower, code=SLOWER)
    assert "SLOWER" in run.stdout
    assert run.stderr == ""
    assert "FASTER" in benchmark("--compare", slower, report).stdout


def test_reports_of_something_else_are_an_error(benchmark, report, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps(json.loads(report.read_text()) | {"images": ["other.jpg"]}))
    run = benchmark("--compare", report, other, code=2)
    assert run.error_kind == "invalid_argument"
    assert "then other.jpg" in run.stderr
    assert run.stdout == ""


def test_a_broken_report_is_an_error_that_names_it(benchmark, report, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text(report.read_text()[:-100])
    run = benchmark("--compare", report, broken, code=1)
    assert run.error_kind == "corrupted_package"
    assert str(broken) in run.stderr
    run = benchmark("--compare", tmp_path / "missing.json", report, code=1)
    assert run.error_kind == "io_failure"
    assert "missing.json" in run.stderr
    assert benchmark("--compare", report, code=2).error_kind == "usage"


# --- Wrong commands ----------------------------------------------------------------------------------------------


def test_a_model_is_needed(benchmark):
    run = benchmark(code=2)
    assert run.error_kind == "usage"
    assert "MODEL" in run.stderr


def test_an_unknown_option_names_the_nearest(benchmark, package):
    run = benchmark(package, "--round", "1", code=2)
    assert "--rounds" in run.hint


@pytest.mark.parametrize(
    ("option", "value"), [("--rounds", "0"), ("--rounds", "some"), ("--seconds", "0"), ("--seconds", "nan")]
)
def test_numbers_are_checked(benchmark, package, option, value):
    run = benchmark(package, option, value, code=2)
    assert option.lstrip("-") in run.stderr


def test_an_unreadable_image_ends_it_before_anything_is_measured(benchmark, package, tmp_path):
    run = benchmark(package, tmp_path / "missing.png", code=3)
    assert (run.error_kind, run.stdout) == ("unreadable_image", "")


def test_peers_need_an_environment(benchmark, package, image, tmp_path):
    run = benchmark(package, image, *LITTLE, "--backend", "onnx", "--peers-python", tmp_path / "bin/python", code=2)
    assert run.error_kind == "invalid_argument"
    assert str(tmp_path / "bin/python") in run.stderr
    assert "make peers" in run.hint


def test_nothing_that_runs_is_an_error_that_says_what_would_help(benchmark, package, image):
    run = benchmark(package, image, *LITTLE, env={"VIRTUAL_ENV": "", "CONDA_PREFIX": ""}, code=4)
    assert run.error_kind == "no_usable_backend"
    assert "pip install" in run.hint


# --- The end of a benchmark --------------------------------------------------------------------------------------


def lasting_children_of(pid):
    """Those that measure, not those that only show what a candidate finds."""
    before = children_of(pid)
    time.sleep(1)
    return set(before) & set(children_of(pid))


@pytest.mark.parametrize(
    ("send", "how"),
    [
        pytest.param(os.killpg, signal.SIGINT, id="ctrl-c"),
        pytest.param(os.kill, signal.SIGTERM, id="ended"),
        pytest.param(os.kill, signal.SIGKILL, id="killed"),
    ],
)
def test_what_measures_ends_with_it_and_nothing_is_kept(program, package, image, tmp_path, send, how):
    cache, scratch = tmp_path / "cache", tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [program.installed, "benchmark", package, image, "--backend", "onnx", "--seconds", "60"],
        env=program.environment({"INFERENCE_HOME": str(cache), "TMPDIR": str(scratch)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=listen_to_ctrl_c,
    )
    try:
        workers = wait_until(lambda: lasting_children_of(process.pid))
        send(process.pid, how)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out) == (-how, b"")
    wait_until(lambda: not any(is_running(worker) for worker in workers))
    assert not [path for path in (cache / "hub/figures").rglob("*") if path.is_file()]
    assert not list(scratch.iterdir())


# --- Tuning ------------------------------------------------------------------------------------------------------


def test_tuning_measures_what_runs(program, package, image, tmp_path):
    run = program("tune", package, image, "--backend", "onnx", "--json", env={"INFERENCE_HOME": str(tmp_path)})
    assert run.code == 0, run.stderr
    assert run.json["rounds"] == 3
    (candidate,) = run.json["candidates"]
    assert candidate["package_id"] == "tiny"
    assert candidate["figures"]["end_to_end"]["p50"] > 0
