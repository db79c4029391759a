"""OpenVINO as an engine: its files, precision and threads, what it keeps on disk, and life beside an OpenVINO that
Python uses itself."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import openvino
import pytest
from support.python_process import run_python
from support.tiny_models import SIDE, write_descriptions, write_package

from inference_models import AutoModel, InvalidParameterError, ModelRuntimeError

POINTS = (SIDE // 8) ** 2


def weights_of(seed):
    return np.random.default_rng(seed).standard_normal((5, 3, 8, 8)).astype(np.float32) / 8


def detector(seed=0, batch: int | str = "batch"):
    """A convolution whose output has the shape of a detector with one class: [batch, 5, points]."""
    helper = onnx.helper
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["images", "weights"], ["features"], strides=[8, 8]),
            helper.make_node("Sigmoid", ["features"], ["scores"]),
            helper.make_node("Reshape", ["scores", "shape"], ["output0"]),
        ],
        "detector",
        [helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, [batch, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", onnx.TensorProto.FLOAT, [batch, 5, POINTS])],
        [
            onnx.numpy_helper.from_array(weights_of(seed), "weights"),
            onnx.numpy_helper.from_array(np.array([0, 5, -1], np.int64), "shape"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def expected_of(seed, images):
    """What the detector answers, without any engine."""
    patches = images.reshape(len(images), 3, SIDE // 8, 8, SIDE // 8, 8).astype(np.float64)
    sums = np.einsum("nchywx,ocyx->nohw", patches, weights_of(seed).astype(np.float64))
    return (1 / (1 + np.exp(-sums))).reshape(len(images), 5, POINTS)


def some_images(count, seed=0):
    return np.random.default_rng(seed).random((count, 3, SIDE, SIDE), np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Where this test's networks are kept."""
    monkeypatch.setenv("INFERENCE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/hub/engines/openvino"


@pytest.fixture
def package(tmp_path):
    return write_onnx(tmp_path / "model", detector())


@pytest.fixture
def ir_package(tmp_path):
    return write_ir(tmp_path / "model", detector())


def write_onnx(directory, model, batch=None):
    write_descriptions(directory, "onnx", batch)
    onnx.save(model, directory / "weights.onnx")
    return directory


def write_ir(directory, model, batch=None):
    write_descriptions(directory, "openvino", batch)
    source = directory.parent / "source.onnx"
    onnx.save(model, source)
    openvino.save_model(openvino.convert_model(source), directory / "weights.xml", compress_to_fp16=False)
    return directory


def load(path, **options):
    return AutoModel.from_pretrained(path, backend="openvino", **options)


def assert_right(model, seed=0, count=1):
    images = some_images(count)
    (output,) = model.forward(images)
    np.testing.assert_allclose(output, expected_of(seed, images), atol=1e-5)


# --- Files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [write_onnx, write_ir])
def test_any_batch_is_computed_in_the_order_of_the_calls(tmp_path, write):
    model = load(write(tmp_path / "model", detector()))
    assert (model.description.backend, model.description.engine) == ("openvino", "openvino")
    assert model.description.runtime_version == openvino.__version__.split("-")[0]
    for count in (1, 3, 2, 1, 5):
        assert_right(model, count=count)


@pytest.mark.parametrize("write", [write_onnx, write_ir])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_fixed_batch_is_filled(tmp_path, write, batch):
    model = load(write(tmp_path / "model", detector(batch=batch), batch))
    assert model.description.max_batch_size == batch
    assert_right(model, count=5)


def test_an_onnx_file_may_have_any_name(tmp_path, package):
    assert_right(load(package))
    (package / "weights.onnx").rename(tmp_path / "network.bin")
    (package / "weights.onnx").symlink_to(tmp_path / "network.bin")
    assert_right(load(package))


def test_weights_in_a_file_beside_an_onnx_file_are_read_each_time(tmp_path, cache):
    for seed in (0, 1):
        directory = tmp_path / "model"
        shutil.rmtree(directory, ignore_errors=True)
        write_descriptions(directory, "onnx", None)
        onnx.save(
            detector(seed),
            directory / "weights.onnx",
            save_as_external_data=True,
            location="weights.data",
            size_threshold=64,
        )
        assert (directory / "weights.data").stat().st_size > 1000
        assert_right(load(directory), seed)
    assert not cache.exists() or list(cache.iterdir()) == []


def test_ir_without_its_weights_says_which_file_is_missing(ir_package):
    bare = ir_package.parent / "bare"
    shutil.copytree(ir_package, bare)
    (bare / "weights.bin").unlink()
    with pytest.raises(Exception, match=r"weights\.bin"):
        load(bare)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_weights_that_are_cut_off_are_an_error(ir_package, share):
    weights = ir_package / "weights.bin"
    weights.write_bytes(weights.read_bytes()[: int(weights.stat().st_size * share)])
    with pytest.raises(ModelRuntimeError, match=r"OpenVINO \d+\.\d+"):
        load(ir_package)


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><net name="x" version="11"><layers><layer',
        '<?xml version="1.0"?><net name="x" version="999"><layers/><edges/></net>',
    ],
)
def test_broken_xml_is_an_error_of_openvino(ir_package, text):
    (ir_package / "weights.xml").write_text(text)
    with pytest.raises(ModelRuntimeError, match=r"OpenVINO \d+\.\d+"):
        load(ir_package)


def test_an_operator_that_openvino_does_not_know_is_named(tmp_path):
    model = detector()
    model.graph.node[1].op_type = "Nonsense"
    with pytest.raises(ModelRuntimeError, match=r"OpenVINO \d+\.\d+") as caught:
        load(write_onnx(tmp_path / "model", model))
    assert "Nonsense" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_wrong_shape_is_an_error_before_it_runs(package):
    model = load(package)
    with pytest.raises(InvalidParameterError):
        model.forward(np.zeros((1, 3, SIDE, SIDE + 8), np.float32))
    assert_right(model)


# --- Precision and threads -------------------------------------------------------------------------------------------


def processor_has(flag):
    return flag in Path("/proc/cpuinfo").read_text().split()


def test_precision_is_fp32_unless_asked(package):
    images = some_images(4)
    exact = load(package)
    assert exact.description.precision == "fp32"
    assert_right(exact, count=4)
    if not (processor_has("avx512_bf16") or processor_has("amx_bf16")):
        pytest.skip("this processor has no instructions for bf16")
    rounded = load(package, precision="bf16")
    assert rounded.description.precision == "bf16"
    error = np.abs(rounded.forward(images)[0] - expected_of(0, images)).max()
    assert 1e-4 < error < 0.05  # it has 8 bits


def test_precisions_are_kept_apart(package, cache):
    if not (processor_has("avx512_bf16") or processor_has("amx_bf16")):
        pytest.skip("this processor has no instructions for bf16")
    for _ in range(2):
        assert load(package, precision="bf16").description.precision == "bf16"
        model = load(package)
        assert model.description.precision == "fp32"
        assert_right(model)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("attempt", ["compiled", "kept"])
@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_those_that_were_asked_for(package, attempt, threads):
    if attempt == "kept":
        load(package, threads=3 - threads)
    model = load(package, threads=threads)
    assert model.description.threads == min(threads, len(os.sched_getaffinity(0)))


def test_many_threads_share_a_model(test_data):
    model = load(test_data / "models/yolov8n-640/onnx-fp32")
    photos = [cv2.imread(str(test_data / "images" / name)) for name in ("bus.jpg", "coco_39769_cats.jpeg")]
    expected = [model(photo)[0] for photo in photos]
    wrong = []

    def work(number):
        for turn in range(10):
            which = (number + turn) % 2
            if model(photos[which])[0] != expected[which]:
                wrong.append((number, turn))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- What is kept on disk --------------------------------------------------------------------------------------------

LOAD = """
import sys
import numpy as np
from inference_models import AutoModel
model = AutoModel.from_pretrained(sys.argv[1], backend="openvino")
np.save(sys.argv[2], model.forward(np.load(sys.argv[3]))[0])
"""


def blob_in(cache):
    (blob,) = cache.iterdir()
    assert blob.suffix == ".blob"
    return blob


def messages(caplog, path, **options):
    caplog.clear()
    with caplog.at_level("DEBUG", logger="inference_models"):
        assert_right(load(path, **options))
    return [message for message in caplog.messages if "compiled" in message]


def is_taken_from_disk(caplog, path):
    return any("was compiled before" in message for message in messages(caplog, path))


@pytest.mark.parametrize("write", [write_onnx, write_ir])
def test_a_network_is_compiled_once(tmp_path, cache, caplog, write):
    package = write(tmp_path / "model", detector())
    assert not is_taken_from_disk(caplog, package)
    blob = blob_in(cache)
    before = (blob.stat().st_ino, blob.read_bytes())
    assert is_taken_from_disk(caplog, package)
    assert (blob.stat().st_ino, blob.read_bytes()) == before
    assert_right(load(package), count=3)


@pytest.mark.parametrize("write", [write_onnx, write_ir])
def test_a_file_that_changed_is_compiled_anew(tmp_path, cache, write):
    """Even where its size and its time are the same."""
    path = tmp_path / "model"
    write(path, detector(0))
    assert_right(load(path), 0)
    facts = {file: file.stat() for file in path.iterdir()}
    (tmp_path / "other").mkdir()
    write(tmp_path / "other/model", detector(1))
    for file, before in facts.items():
        shutil.copyfile(tmp_path / "other/model" / file.name, file)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert_right(load(path), 1)
    blob_in(cache)  # in the place of the other


def faults():
    def cut(share):
        return lambda whole: whole[: int(len(whole) * share)]

    def flip(share):
        return lambda whole: (
            whole[: int(len(whole) * share)]
            + bytes([whole[int(len(whole) * share)] ^ 4])
            + whole[int(len(whole) * share) + 1 :]
        )

    yield from [(f"cut at {share}", cut(share)) for share in (0, 0.001, 0.5, 0.999)]
    yield from [(f"flipped at {share}", flip(share)) for share in (0, 0.1, 0.5, 0.9, 0.999)]
    yield "garbage", lambda whole: np.random.default_rng(0).bytes(len(whole))
    yield "zeros", lambda whole: bytes(len(whole))
    yield "longer", lambda whole: whole + b"\0"
    yield "twice", lambda whole: whole + whole
    yield "middle lost", lambda whole: whole[: len(whole) // 3] + whole[len(whole) // 2 :]


@pytest.mark.parametrize("damage", [pytest.param(damage, id=name) for name, damage in faults()])
def test_a_damaged_blob_is_not_given_to_openvino(package, cache, caplog, damage):
    load(package)
    blob = blob_in(cache)
    blob.write_bytes(damage(blob.read_bytes()))
    assert not is_taken_from_disk(caplog, package)
    assert is_taken_from_disk(caplog, package)  # a sound one has taken its place


@pytest.mark.parametrize("obstacle", ["file", "link", "directory"])
def test_a_cache_that_cannot_be_written_costs_nothing_but_time(package, cache, obstacle):
    if obstacle == "file":
        cache.parent.parent.mkdir(parents=True)
        cache.parent.write_text("no directory")
    else:
        load(package)
        blob = blob_in(cache)
        blob.unlink()
        for path in (blob, blob.with_name(blob.name + ".new")):
            if obstacle == "link":
                path.symlink_to("/dev/null")
            else:
                path.mkdir()
    for _ in range(2):
        assert_right(load(package))


def test_a_full_disk_costs_nothing_but_time(package, cache, tmp_path):
    """No file may be larger than half of the blob, which OpenVINO itself would not notice."""
    load(package)
    size = blob_in(cache).stat().st_size
    shutil.rmtree(cache)
    np.save(tmp_path / "in.npy", some_images(1))
    command = [sys.executable, "-c", LOAD, package, tmp_path / "out.npy", tmp_path / "in.npy"]

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    subprocess.run(command, check=True, timeout=120, preexec_fn=limit)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected_of(0, some_images(1)), atol=1e-5)
    assert list(cache.iterdir()) == []


def test_processes_that_start_together_get_along(package, cache, caplog, tmp_path):
    np.save(tmp_path / "in.npy", some_images(1))
    outputs = [tmp_path / f"out{number}.npy" for number in range(6)]
    processes = [
        subprocess.Popen([sys.executable, "-c", LOAD, package, output, tmp_path / "in.npy"]) for output in outputs
    ]
    assert [process.wait(120) for process in processes] == [0] * len(processes)
    for output in outputs:
        np.testing.assert_allclose(np.load(output), expected_of(0, some_images(1)), atol=1e-5)
    blob_in(cache)
    assert is_taken_from_disk(caplog, package)


def test_who_is_killed_while_writing_leaves_nothing_that_matters(test_data, cache, tmp_path, caplog):
    weights = test_data / "models/yolov8n-640/onnx-fp32"
    np.save(tmp_path / "in.npy", np.zeros((1, 3, 640, 640), np.float32))
    command = [sys.executable, "-c", LOAD, weights, tmp_path / "out.npy", tmp_path / "in.npy"]
    for _ in range(10):
        process = subprocess.Popen(command)
        while process.poll() is None and not list(cache.glob("*.new")):
            time.sleep(0.0005)
        process.kill()
        process.wait()
        if list(cache.glob("*.new")):
            break
        shutil.rmtree(cache)
    (unfinished,) = cache.iterdir()  # it was killed in the middle
    assert unfinished.suffix == ".new"
    assert load(weights)(test_data / "images/bus.jpg")[0]
    blob_in(cache)
    with caplog.at_level("DEBUG", logger="inference_models"):
        load(weights)
    assert any("was compiled before" in message for message in caplog.messages)


def test_models_that_are_gone_do_not_fill_the_disk(tmp_path, cache):
    for number in range(70):
        package = write_package(tmp_path / f"model{number}")
        load(package)
    assert len(list(cache.iterdir())) <= 64


# --- In company ------------------------------------------------------------------------------------------------------


def test_it_is_quiet_and_opens_no_socket(program, without_sockets, image, package, tmp_path):
    for _ in range(2):  # compiled, and kept
        run = program(
            "predict", package, image, "--json", "--backend", "openvino",
            before=without_sockets, env={"INFERENCE_HOME": str(tmp_path / "cache")},
        )  # fmt: skip
        assert run.code == 0, run.stderr
        assert run.stderr == ""
        assert run.json[0]["model"]["engine"] == "openvino"


def test_an_openvino_that_python_uses_is_left_as_it_is(package):
    printed = run_python(
        """
        import sys
        import openvino
        core = openvino.Core()
        core.set_property("CPU", {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 2})
        names = ["INFERENCE_NUM_THREADS", "NUM_STREAMS", "INFERENCE_PRECISION_HINT", "ENABLE_CPU_PINNING"]
        before = [core.get_property("CPU", name) for name in names]
        fresh = [openvino.Core().get_property("CPU", name) for name in names]
        from inference_models import AutoModel
        for _ in range(2):
            model = AutoModel.from_pretrained(sys.argv[1], backend="openvino")
        assert [core.get_property("CPU", name) for name in names] == before
        assert [openvino.Core().get_property("CPU", name) for name in names] == fresh
        with open("/proc/self/maps") as maps:
            print(len({line.split()[-1] for line in maps if "/libopenvino.so" in line}), model.description.engine)
        """,
        package,
    )
    assert printed.split() == ["1", "openvino"]
