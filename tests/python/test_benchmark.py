"""Measuring a model from Python: the program's report as data, what is told meanwhile, and how it is interrupted."""

import copy
import datetime
import html.parser
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from PIL import Image
from support.processes import children_of, wait_until
from support.tiny_models import png, tiny_detector, write_package

import inference_models
from inference_models import (
    AutoModel,
    BaseInferenceModelsError,
    CorruptedModelPackageError,
    EnvironmentConfigurationError,
    InvalidParameterError,
    ModelInputError,
    compare_benchmarks,
    read_benchmark_report,
)

#: As little as can be measured.
LITTLE = {"backend": "onnx", "rounds": 1, "seconds": 0.01, "throughput": False}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INFERENCE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def model(tmp_path):
    """Package a is the reference; b finds its box half a pixel taller."""
    for name in ("a", "b"):
        write_package(tmp_path / "model" / name)
    tiny_detector(tmp_path / "model/b/weights.onnx", [[16], [16], [8], [9], [0.9]])
    return tmp_path / "model"


@pytest.fixture
def image():
    return np.full((32, 32, 3), 90, np.uint8)


@pytest.fixture
def report(package, image):
    return AutoModel.benchmark(package, image, **LITTLE)


# --- The report --------------------------------------------------------------------------------------------------


def test_the_report_is_data(model, image):
    report = AutoModel.benchmark(model, image, **LITTLE | {"rounds": 3})
    assert (report.model_id, report.images, report.rounds, report.command) == ("model", ["image 0"], 3, "")
    assert (report.reference_objects, report.confidence) == (1, pytest.approx(0.4))
    assert (report.network_input.height, report.network_input.width, report.rect) == (32, 32, False)
    a, b = report.candidates
    assert (a.package_id, a.backend, a.engine, a.precision, a.device) == ("a", "onnx", "onnxruntime", "fp32", "cpu")
    assert (a.is_reference, a.verdict, a.agreement) == (True, "passes", None)
    assert (b.is_reference, b.verdict, b.agreement.largest_shift) == (False, "falls-short", 0.5)
    assert "0.1 may be" in b.reason
    assert {one.engine for one in report.not_run} >= {"openvino"}
    assert all(one.reason and one.precisions for one in report.not_run)
    assert "\n" not in repr(report)
    assert json.loads(report.to_json()).keys() == report.to_dict().keys() >= {"candidates", "environment", "peers"}
    assert "model" in str(report).splitlines()[0]
    with pytest.raises(AttributeError):
        report.rounds = 1


def test_figures_are_the_medians_of_their_rounds(model, image):
    (figures, _) = [one.figures for one in AutoModel.benchmark(model, image, **LITTLE | {"rounds": 3}).candidates]
    assert len(figures.rounds) == 3
    for name in ("start", "load", "first_prediction", "peak_memory_mib"):
        assert getattr(figures, name) == statistics.median(getattr(one, name) for one in figures.rounds)
    for one in figures.rounds:
        assert one.start > one.load + one.first_prediction > 0
        assert one.warm_up >= 2
        assert one.predictions >= 5
        assert one.peak_memory_mib > 1
    for stage in (figures.end_to_end, figures.pre_process, figures.forward, figures.post_process):
        assert 0 < stage.p50 <= stage.p90 <= stage.p99
    assert figures.forward.p50 < figures.end_to_end.p50
    (alone,) = figures.throughput
    assert (alone.instances, alone.batch, len(alone.rounds)) == (1, 1, 3)
    assert figures.best_throughput.images_per_second == alone.images_per_second == statistics.median(alone.rounds)


def test_several_at_a_time_are_measured_unless_that_is_left_out(package, image):
    (candidate,) = AutoModel.benchmark(package, image, **LITTLE | {"throughput": True, "threads": 2}).candidates
    ways = [(one.instances, one.threads, one.batch) for one in candidate.figures.throughput]
    assert ways == ([(1, 2, 1), (2, 1, 1)] if candidate.threads == 2 else [(1, 1, 1)])


def test_the_environment_is_this_one(report):
    environment = report.environment
    assert environment.product_version == inference_models.__version__
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(
        environment.measured_at.replace("Z", "+00:00")
    )
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=2)
    assert environment.architecture == os.uname().machine
    assert environment.kernel
    assert environment.memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 1 <= environment.threads <= len(os.sched_getaffinity(0))


def test_images_of_all_kinds_have_names(package, image, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(png(64, 64))
    report = AutoModel.benchmark(package, [image, path, Image.fromarray(image)], **LITTLE)
    assert report.images == ["image 0", str(path), "image 2"]
    assert report.reference_objects == 3


def test_without_images_pictures_of_our_own_are_taken(package, pictures):
    assert set(AutoModel.benchmark(package, **LITTLE).images) >= {path.name for path in pictures}


def test_what_cannot_be_loaded_has_no_figures(model, image):
    (model / "b/class_names.txt").write_text("one\ntwo\n")
    _, broken = AutoModel.benchmark(model, image, **LITTLE).candidates
    assert broken.figures is None
    assert broken.verdict == "falls-short"
    assert "class_names.txt" in broken.reason
    assert broken.remedy


def test_what_tuning_measures_is_remembered(package, image):
    lines = []
    report = AutoModel.tune(package, image, backend="onnx", progress=lines.append)
    assert report.rounds == 3
    assert "round 3 of 3: onnx fp32 (tiny)" in lines
    remembered = AutoModel.explain(package, backend="onnx").chosen.figures
    assert remembered.latency_ms == pytest.approx(report.candidates[0].figures.end_to_end.p50)
    assert remembered.memory_mib == pytest.approx(report.candidates[0].figures.peak_memory_mib)


# --- Arguments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rounds": 0}, "rounds = 0"),
        ({"rounds": 1.5}, "rounds = 1.5 is of the wrong type"),
        ({"rounds": 2**32}, "rounds = 4294967296"),
        ({"seconds": 0}, "seconds = 0"),
        ({"seconds": -1}, "seconds = -1"),
        ({"seconds": math.nan}, "seconds = nan"),
        ({"seconds": math.inf}, "seconds = inf"),
        ({"seconds": "1"}, "seconds = '1' is of the wrong type"),
        ({"throughput": 1}, "throughput = 1 is of the wrong type"),
        ({"progress": 1}, "progress = 1 is of the wrong type"),
        ({"labels": 1}, "labels = 1 is of the wrong type"),
        ({"peers": "nowhere/bin/python"}, "nowhere/bin/python"),
        ({"confidence": 2}, "confidence"),
    ],
)
def test_wrong_arguments_are_errors(package, image, options, message):
    with pytest.raises(InvalidParameterError, match=message):
        AutoModel.benchmark(package, image, **LITTLE | options)


def test_wrong_images_are_errors(package, image):
    for function in (AutoModel.benchmark, AutoModel.tune):
        with pytest.raises(InvalidParameterError, match="no images"):
            function(package, [])
        with pytest.raises(ModelInputError, match="image 1"):
            function(package, [image, "missing.png"])


def test_an_unknown_option_names_the_nearest(package, image):
    with pytest.raises(TypeError, match="did you mean 'rounds'"):
        AutoModel.benchmark(package, image, round=1)
    with pytest.raises(TypeError, match="did you mean 'progress'"):
        AutoModel.tune(package, image, progres=print)


# --- Meanwhile ---------------------------------------------------------------------------------------------------


def kept_in(cache):
    return [path for path in (cache / "hub/figures").rglob("*") if path.is_file()]


def test_progress_is_told_before_each_process(model, image):
    lines = []
    AutoModel.benchmark(model, image, progress=lines.append, **LITTLE | {"rounds": 2})
    rounds = [line for line in lines if line.startswith("round")]
    assert sorted(rounds) == [
        f"round {number} of 2: onnx fp32 ({package})" for number in (1, 2) for package in ("a", "b")
    ]
    assert lines.index(rounds[0]) > 0  # after what all find was compared


def test_enough_rounds_are_remembered(package, image, cache):
    AutoModel.benchmark(package, image, **LITTLE | {"rounds": 2, "seconds": 0.3})
    assert not kept_in(cache)
    AutoModel.benchmark(package, image, **LITTLE | {"rounds": 3, "seconds": 0.3})
    assert kept_in(cache)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("last", ["comparing onnx fp32 (b)", "round 3 of 3: onnx fp32 (b)"])
def test_what_progress_raises_ends_it_and_is_raised(model, image, cache, kind, last):
    lines = []

    def progress(line):
        lines.append(line)
        if line == last:
            raise kind("enough")

    with pytest.raises(kind, match="enough"):
        AutoModel.benchmark(model, image, progress=progress, **LITTLE | {"rounds": 3})
    assert lines[-1] == last
    assert not kept_in(cache)


ENDLESS = """
    import signal, sys
    import numpy as np
    from inference_models import AutoModel

    signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background inherit that it is ignored
    try:
        image = np.zeros((32, 32, 3), np.uint8)
        AutoModel.benchmark(sys.argv[1], image, backend="onnx", rounds=10_000, seconds=float(sys.argv[2]))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.fixture
def endless(package):
    """A process that measures; in a group of its own, as one has that a shell starts."""
    started = []

    def start(seconds):
        command = [sys.executable, "-c", textwrap.dedent(ENDLESS), str(package), str(seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize(
    ("seconds", "send"),
    [pytest.param(0.01, os.kill, id="to Python alone"), pytest.param(600, os.killpg, id="at a terminal")],
)
def test_ctrl_c_ends_it_with_what_measures(endless, cache, seconds, send):
    process = endless(seconds)
    wait_until(lambda: children_of(process.pid))
    time.sleep(0.3)
    send(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == ("interrupted\n", 0)
    assert not children_of(process.pid)
    assert not kept_in(cache)


# --- Files -------------------------------------------------------------------------------------------------------


def test_a_report_is_read_as_it_was_written(model, image, tmp_path):
    report = AutoModel.benchmark(model, image, **LITTLE)
    (tmp_path / "report.json").write_text(report.to_json())
    again = read_benchmark_report(tmp_path / "report.json")
    assert again.to_json() == report.to_json()
    assert again.candidates[1].agreement.largest_shift == 0.5


def test_what_is_no_report_is_an_error_that_names_the_file(report, tmp_path):
    path = tmp_path / "report.json"
    with pytest.raises(EnvironmentConfigurationError, match=r"report\.json"):
        read_benchmark_report(path)
    path.write_text(report.to_json()[:-10])
    with pytest.raises(CorruptedModelPackageError, match=r"report\.json"):
        read_benchmark_report(path)
    document = report.to_dict()
    document["candidates"][0]["figures"]["rounds"][0]["start"] = "soon"
    path.write_text(json.dumps(document))
    with pytest.raises(CorruptedModelPackageError, match="start"):
        read_benchmark_report(path)
    with pytest.raises(BaseInferenceModelsError, match="path"):
        read_benchmark_report(None)


class Page(html.parser.HTMLParser):
    """What a page brings in from elsewhere, and its text."""

    def __init__(self, text):
        super().__init__()
        self.from_elsewhere = []
        self.text = []
        self.tags = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            if name in ("src", "srcset", "href", "data", "action") and not (value or "").startswith(("#", "data:")):
                self.from_elsewhere.append((tag, name, value))

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_stands_alone(report):
    text = report.to_html()
    page = Page(text)
    assert text.lstrip().lower().startswith("<!doctype html>")
    assert not page.from_elsewhere
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "").replace("url(data:", "")
    assert {"html", "table", "svg"} <= page.tags
    shown = " ".join(page.text)
    for told in ("tiny", report.environment.cpu, report.environment.measured_at, "onnx"):
        assert told in shown


# --- Two reports -------------------------------------------------------------------------------------------------


def with_rounds(report, factor, rounds=4):
    """A report of several rounds that differ by a few per cent, all of which took so many times as long."""
    document = copy.deepcopy(report.to_dict())
    for candidate in document["candidates"]:
        figures = candidate["figures"]
        first = figures["rounds"][0]
        figures["rounds"] = [
            first | {"end_to_end": 10.0 * factor * (1 + i / 100), "start": 100.0 * (1 + i / 100)} for i in range(rounds)
        ]
        figures["end_to_end"] |= {"p50": 10.0 * factor}
    return document


@pytest.fixture
def written(report, tmp_path):
    def write(name, *arguments):
        path = tmp_path / name
        path.write_text(json.dumps(with_rounds(report, *arguments)))
        return read_benchmark_report(path)

    return write


def of(comparison, quantity):
    (found,) = [one for one in comparison.differences if one.quantity == quantity]
    return found


def test_what_is_slower_is_told_from_noise(written):
    before, after = written("before.json", 1.0), written("after.json", 1.5)
    slower = compare_benchmarks(before, after)
    assert (of(slower, "end to end").verdict, of(slower, "end to end").ratio) == ("slower", pytest.approx(1.5))
    assert of(slower, "end to end").noise == pytest.approx(0.03, abs=0.001)
    assert of(slower, "start").verdict == "within-noise"
    assert of(compare_benchmarks(after, before), "end to end").verdict == "faster"
    assert {one.verdict for one in compare_benchmarks(before, before).differences} == {"within-noise"}
    assert "SLOWER" in str(slower)
    assert json.loads(slower.to_json()) == slower.to_dict()
    assert "\n" not in repr(slower)
    assert not slower.other_environment


def test_few_rounds_tell_nothing_apart(written):
    comparison = compare_benchmarks(written("before.json", 1.0, 3), written("after.json", 9.0, 4))
    assert {one.verdict for one in comparison.differences} == {"within-noise"}
    assert any("fewer than 4" in note for note in comparison.notes)


def test_reports_of_something_else_are_not_compared(report, tmp_path):
    document = report.to_dict() | {"model_id": "another", "rect": True}
    (tmp_path / "other.json").write_text(json.dumps(document))
    with pytest.raises(InvalidParameterError, match=r"model_id: .*, then another; rect: false, then true"):
        compare_benchmarks(report, read_benchmark_report(tmp_path / "other.json"))


def test_only_reports_are_compared(report):
    with pytest.raises(TypeError):
        compare_benchmarks(report, report.to_dict())


# --- What is recommended -----------------------------------------------------------------------------------------


def test_what_is_recommended_is_what_the_program_recommends(package, program, cache):
    ours = AutoModel.recommend(package, goal="memory")
    env = {"INFERENCE_HOME": str(cache)}
    assert ours.to_dict() == program("recommend", package, "--goal", "memory", "--json", env=env).json
    assert str(ours) == program("recommend", package, "--goal", "memory", env=env).stdout
    assert ours.command
    assert "\n" not in repr(ours)
    with pytest.raises(TypeError, match="did you mean 'goal'"):
        AutoModel.recommend(package, goals="memory")
