"""Choice by measurement, from the program's processes that measure to what is chosen from then on."""

import json
import os
import shutil
import subprocess

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest
from support.models_by_id import MODEL, Client
from support.tiny_models import tiny_detector, write_package
from support.weights_api import Package, WeightsApi, package_files

BOX = [[16], [16], [8], [8], [0.9]]
ANOTHER_BOX = [[16], [16], [8], [12], [0.9]]


@pytest.fixture
def model(tmp_path):
    """Two packages that find the same: `a`, which comes first by its name, takes many times as long as `b`."""
    slow_detector(write_package(tmp_path / "model/a") / "weights.onnx")
    write_package(tmp_path / "model/b")
    return tmp_path / "model"


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def run(program, cache):
    def run(*arguments, **options):
        return program(*arguments, "--backend", "onnx", env={"INFERENCE_HOME": str(cache)}, **options)

    return run


def slow_detector(path, seed=0):
    """The tiny detector with convolutions that its result does not depend on, which nothing optimises away."""
    tiny_detector(path, BOX)
    model = onnx.load(path)
    random = np.random.default_rng(seed)
    data = "images"
    for layer, channels in enumerate([3, 96, 96, 96, 96]):
        weights = random.standard_normal((96, channels, 3, 3)).astype(np.float32) / channels
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, f"weights{layer}"))
        model.graph.node.append(
            onnx.helper.make_node("Conv", [data, f"weights{layer}"], [f"layer{layer}"], pads=[1, 1, 1, 1])
        )
        data = f"layer{layer}"
    nodes = {node.output[0]: node for node in model.graph.node}
    nodes["mean"].input[0] = data
    ordered = [node for node in model.graph.node if node.op_type == "Conv"]
    rest = [node for node in model.graph.node if node.op_type != "Conv"]
    del model.graph.node[:]
    model.graph.node.extend(ordered + rest)
    onnx.save(model, path)


def tune(run, model, image):
    done = run("tune", model, image, "--json")
    assert done.code == 0, done.stderr
    return done.json


def candidates(run, model, *arguments):
    done = run("explain", model, "--json", *arguments)
    assert done.code == 0, done.stderr
    return {one["package_id"]: one for one in done.json["candidates"] if one["backend"] == "onnx"}


def figure_files(cache):
    return [path for path in cache.rglob("*") if path.is_file() and "figures" in path.parts and path.suffix == ".json"]


# --- What is chosen ----------------------------------------------------------------------------------------------


def test_the_fastest_that_agrees_is_chosen_once_it_is_measured(run, model, image):
    assert candidates(run, model)["a"]["status"] == "chosen"
    report = tune(run, model, image)
    times = {one["package_id"]: one["figures"]["end_to_end"]["p50"] for one in report["candidates"]}
    assert times["b"] < times["a"]
    after = candidates(run, model)
    assert after["b"]["status"] == "chosen"
    assert "the least latency of 2 that were measured here" in after["b"]["reason"]
    assert after["b"]["figures"]["latency_ms"] == times["b"]
    assert f"{after['a']['figures']['latency_ms'] / times['b']:.2f} times the chosen one's" in after["a"]["reason"]
    predicted = run("predict", model, image, "--verbose")
    assert predicted.code == 0
    assert "chosen" in predicted.stderr.splitlines()[3]
    assert " b " in predicted.stderr.splitlines()[3]


def test_a_fast_package_with_other_weights_is_refused(run, model, image):
    tiny_detector(model / "b/weights.onnx", ANOTHER_BOX)
    report = tune(run, model, image)
    assert {one["package_id"]: one["verdict"] for one in report["candidates"]} == {"a": "passes", "b": "falls-short"}
    after = candidates(run, model)
    assert after["a"]["status"] == "chosen"
    assert after["b"]["status"] == "usable"
    assert "falls short" in after["b"]["reason"]
    assert "boxes differ by up to 2 px" in after["b"]["reason"]


def test_a_package_that_was_refused_stays_so_once_it_is_compared_with_itself(run, model, image):
    """As a model of its own it agrees with itself, which says nothing of the model that it is a package of."""
    tiny_detector(model / "b/weights.onnx", ANOTHER_BOX)
    tune(run, model, image)
    alone = tune(run, model / "b", image)
    assert [one["verdict"] for one in alone["candidates"]] == ["passes"]
    after = candidates(run, model)
    assert after["a"]["status"] == "chosen"
    assert after["b"]["figures"]["verdict"] == "falls-short"
    assert "falls short" in after["b"]["reason"]


def test_what_was_measured_in_another_run_is_not_compared_until_all_are_measured_at_once(run, model, image):
    assert run("tune", model, image, "--model-package-id", "a").code == 0
    assert run("tune", model, image, "--model-package-id", "b").code == 0
    apart = candidates(run, model)
    assert apart["a"]["status"] == "chosen"
    assert "measured here in another run than the first of the order" in apart["b"]["reason"]
    predicted = run("predict", model, image, "--tune", "--log-level", "info")
    assert "measuring 2 candidates" in predicted.stderr
    assert "package=b" in predicted.stderr
    assert candidates(run, model)["b"]["status"] == "chosen"


def test_a_comparison_that_shows_nothing_takes_back_nothing_that_another_proved(run, model, image):
    tune(run, model, image)
    measured = ("--rounds", 3, "--seconds", 0.3, "--confidence", 0.95, "--no-throughput", "--json")
    done = run("benchmark", model, image, *measured)
    assert {one["verdict"] for one in done.json["candidates"]} == {"proves-nothing"}
    after = candidates(run, model)
    assert {one["figures"]["verdict"] for one in after.values()} == {"passes"}
    assert after["b"]["status"] == "chosen"


def test_a_package_that_cannot_be_run_does_not_end_the_others(run, model, image):
    network = onnx.load(model / "b/weights.onnx")
    network.graph.node[0].op_type = "NoSuchOperator"
    onnx.save(network, model / "b/weights.onnx")
    report = tune(run, model, image)
    broken = next(one for one in report["candidates"] if one["package_id"] == "b")
    assert broken["figures"] is None
    assert broken["verdict"] == "falls-short"
    assert "NoSuchOperator" in broken["reason"]
    assert candidates(run, model)["a"]["status"] == "chosen"


def test_figures_of_weights_that_have_changed_are_not_used(run, model, image):
    tune(run, model, image)
    slow_detector(model / "b/weights.onnx", seed=1)
    after = candidates(run, model)
    assert after["b"]["figures"] is None
    assert after["a"]["figures"] is not None
    assert after["a"]["status"] == "chosen"


def test_figures_are_found_again_where_the_model_was_copied_to(run, model, image, tmp_path):
    tune(run, model, image)
    copied = shutil.copytree(model, tmp_path / "copied")
    assert candidates(run, copied)["b"]["status"] == "chosen"


def test_figures_of_other_threads_are_not_used(run, model, image):
    done = run("tune", model, image, "--threads", 1)
    assert done.code == 0, done.stderr
    assert candidates(run, model, "--threads", 1)["b"]["status"] == "chosen"
    if len(os.sched_getaffinity(0)) > 1:
        assert candidates(run, model)["b"]["figures"] is None


def test_images_that_show_nothing_decide_nothing(run, model, image):
    for package in ("a", "b"):
        tiny_detector(model / package / "weights.onnx", [[16], [16], [8], [8], [0.01]])
    report = tune(run, model, image)
    assert {one["verdict"] for one in report["candidates"]} == {"proves-nothing"}
    assert candidates(run, model)["a"]["status"] == "chosen"


# --- tune while a model is loaded --------------------------------------------------------------------------------


def test_a_model_is_measured_before_it_is_loaded_and_not_again(run, model, image):
    first = run("predict", model, image, "--tune", "--log-level", "info")
    assert first.code == 0, first.stderr
    assert "measuring 2 candidates" in first.stderr
    assert "package=b" in first.stderr
    again = run("predict", model, image, "--tune", "--log-level", "info")
    assert "measuring" not in again.stderr
    assert "package=b" in again.stderr


def test_nothing_is_measured_where_there_is_no_choice(run, model, image, cache):
    shutil.rmtree(model / "b")
    done = run("predict", model, image, "--tune", "--log-level", "info")
    assert done.code == 0, done.stderr
    assert "measuring" not in done.stderr
    assert not figure_files(cache)


# --- A provider's model ------------------------------------------------------------------------------------------


def test_a_model_by_id_is_downloaded_measured_and_chosen_without_a_network(program, tmp_path, image):
    """Both packages are downloaded to be measured; what was chosen before does not stand in the way of the figures."""
    folder = tmp_path / "folder" / MODEL
    slow_detector(write_package(folder / "a") / "weights.onnx")
    write_package(folder / "b")
    packages = [Package(name, package_files(folder / name)) for name in ("a", "b")]
    with WeightsApi(MODEL, packages).running() as api:
        client = Client(program, tmp_path / "cache", api.url)
        before = client("predict", MODEL, image, "--backend", "onnx", "--log-level", "info")
        assert "package=a" in before.stderr
        tuned = client("tune", MODEL, image, "--backend", "onnx", "--json")
        assert tuned.code == 0, tuned.stderr
        assert {one["package_id"] for one in tuned.json["candidates"]} == {"a", "b"}
        after = client("predict", MODEL, image, "--backend", "onnx", "--log-level", "info")
        assert "package=b" in after.stderr
    offline = client("predict", MODEL, image, "--backend", "onnx", "--log-level", "info", env={"OFFLINE_MODE": "True"})
    assert offline.code == 0, offline.stderr
    assert "package=b" in offline.stderr


# --- What is kept ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("little", [("--rounds", 2, "--seconds", 0.3), ("--rounds", 3, "--seconds", 0.05)])
def test_a_benchmark_of_little_is_not_remembered(run, model, image, cache, little):
    done = run("benchmark", model, image, *little, "--no-throughput")
    assert done.code == 0, done.stderr
    assert not figure_files(cache)


def test_a_benchmark_of_three_rounds_is_remembered(run, model, image):
    done = run("benchmark", model, image, "--rounds", 3, "--seconds", 0.3, "--no-throughput")
    assert done.code == 0, done.stderr
    assert candidates(run, model)["b"]["status"] == "chosen"


def test_where_nothing_can_be_kept_tune_says_so_and_all_else_goes_on(program, model, image, tmp_path):
    (tmp_path / "file").write_text("in the way")
    environment = {"INFERENCE_HOME": str(tmp_path / "file")}
    done = program("tune", model, image, "--backend", "onnx", env=environment)
    assert done.code == 1
    assert done.error_kind == "io_failure"
    assert str(tmp_path / "file") in done.stderr
    benchmarked = program(
        "benchmark", model, image, "--backend", "onnx", "--rounds", 3, "--seconds", 0.3, "--json", env=environment
    )
    assert benchmarked.code == 0, benchmarked.stderr
    assert any("not remembered" in note for note in benchmarked.json["notes"])
    predicted = program("predict", model, image, "--backend", "onnx", "--tune", env=environment)
    assert predicted.code == 0, predicted.stderr
    assert "could not be measured, so the order decides" in predicted.stderr


def test_what_a_worker_is_told_may_be_anything(program):
    """It is for the library alone; nonsense is an error all the same."""
    done = subprocess.run(
        [program.installed, "benchmark-worker"], input=b"{", env=program.environment(), capture_output=True, timeout=60
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["error"]["kind"] == "corrupted_package"
