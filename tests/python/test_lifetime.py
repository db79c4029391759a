"""Threads, processes and the ends of things. These also run with the library under AddressSanitizer: make sanitize."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.python_process import run_python
from support.tiny_models import SIDE

from inference_models import AutoModel

IMAGE = np.zeros((SIDE, SIDE, 3), np.uint8)


def test_twenty_threads_call_one_model(yolo, test_data):
    paths = sorted((test_data / "images/crops").iterdir())
    expected = yolo(paths)
    assert len({len(found) for found in expected}) > 1
    with ThreadPoolExecutor(20) as threads:
        chosen = [i % len(paths) for i in range(40)]
        results = list(threads.map(lambda i: yolo(paths[i]), chosen))
    assert results == [[expected[i]] for i in chosen]


def test_threads_run_at_the_same_time(yolo, photo):
    """Python goes on while a model works: the lock is released."""
    stop = threading.Event()
    counts = [0]

    def count():
        while not stop.is_set():
            counts[0] += 1

    other = threading.Thread(target=count)
    other.start()
    before = counts[0]
    yolo([photo] * 3)
    stop.set()
    other.join()
    assert counts[0] > before


def test_threads_load_and_end_models(package):
    def load_and_run(_):
        return AutoModel.from_pretrained(package)(IMAGE)[0].xyxy.tolist()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(load_and_run, range(32))) == [[[12, 12, 20, 20]]] * 32


def test_results_outlive_images_models_and_threads(package):
    results = []

    def work():
        model = AutoModel.from_pretrained(package)
        results.extend(model([IMAGE.copy(), IMAGE.copy()]))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()
    filler = [np.random.default_rng(i).random(1000) for i in range(100)]  # reuses what was freed
    assert [found.xyxy.tolist() for found in results] == [[[12, 12, 20, 20]]] * 2
    assert len(filler) == 100


def test_arrays_freed_while_results_live(tiny):
    array = tiny(IMAGE)[0].xyxy
    view = array[0, 1:3]
    del array
    gc.collect()
    assert view.tolist() == [12, 20]


def test_stage_arrays_outlive_the_model(package):
    model = AutoModel.from_pretrained(package)
    array, metadata = model.pre_process(IMAGE)
    outputs = model.forward(array)
    del model
    gc.collect()
    assert array.shape == (1, 3, SIDE, SIDE)
    assert outputs[0].shape == (1, 5, 1)
    assert metadata[0].network_size.width == SIDE


def test_an_image_that_its_caller_drops_during_the_call(tiny):
    images = [IMAGE.copy() for _ in range(50)]

    def disappearing():
        while images:
            yield images.pop()

    assert [len(found) for found in tiny(disappearing())] == [1] * 50


def test_a_failing_iterator_is_told(tiny):
    def failing():
        yield IMAGE
        raise RuntimeError("the camera is gone")

    with pytest.raises(RuntimeError, match="the camera is gone"):
        tiny(failing())
    assert len(tiny(IMAGE)[0]) == 1


def test_images_are_taken_as_they_are_needed(tiny):
    """Many images take no more memory than a few do: no more are asked for than one run takes."""
    alive = []

    class Path:
        def __init__(self, path):
            self.path = path
            alive.append(1)

        def __fspath__(self):
            return self.path

        def __del__(self):
            alive.pop()

    def paths():
        for _ in range(20):
            yield Path(missing)
            most.append(len(alive))

    missing = "/nowhere/image.png"
    most = []
    with pytest.raises(Exception, match="image 0: "):
        tiny(paths())
    assert len(most) < 20


def test_a_process_forked_after_the_import(package):
    out = run_python(
        """
        import os, sys
        import numpy as np
        from inference_models import AutoModel

        child = os.fork()
        model = AutoModel.from_pretrained(sys.argv[1])
        os.write(1, f"{len(model(np.zeros((32, 32, 3), np.uint8))[0])}\\n".encode())  # in one piece
        if child == 0:
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.exit(status)
        """,
        package,
    )
    assert out.split() == ["1", "1"]


def test_an_interrupt_ends_a_long_call_and_leaves_the_model_usable(package):
    out = run_python(
        """
        import itertools, os, signal, sys, threading
        import numpy as np
        from inference_models import AutoModel

        model = AutoModel.from_pretrained(sys.argv[1])
        image = np.zeros((32, 32, 3), np.uint8)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background inherit that it is ignored
        threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
        try:
            model(itertools.repeat(image))  # would never end
        except KeyboardInterrupt:
            print("interrupted")
        print(len(model(image)[0]))
        """,
        package,
    )
    assert out.split() == ["interrupted", "1"]


def test_an_interrupt_from_outside_ends_the_process(package):
    code = """
        import itertools, signal, sys
        import numpy as np
        from inference_models import AutoModel

        signal.signal(signal.SIGINT, signal.default_int_handler)  # as above
        model = AutoModel.from_pretrained(sys.argv[1])
        print("ready", flush=True)
        model(itertools.repeat(np.zeros((32, 32, 3), np.uint8)))
        """
    command = [sys.executable, "-c", textwrap.dedent(code), str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()  # leaving `with` waits for it
    assert process.returncode in (-signal.SIGINT, 130), errors
    assert "KeyboardInterrupt" in errors


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "keep = model",
        "import sys; sys.modules['kept'] = model",
        "cycle = [model]; cycle.append(cycle)",
        "import threading; threading.Thread(target=model, args=(forever,), daemon=True).start()",
        "import atexit; atexit.register(lambda: model(image))",
    ],
)
def test_the_interpreter_ends_while_models_live(package, ending):
    run_python(
        f"""
        import itertools, sys
        import numpy as np
        from inference_models import AutoModel

        model = AutoModel.from_pretrained(sys.argv[1])
        image = np.zeros((32, 32, 3), np.uint8)
        forever = itertools.repeat(image)
        found = model(image)
        {ending}
        """,
        package,
        env=os.environ | {"PYTHONFAULTHANDLER": "1"},
    )
