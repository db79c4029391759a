"""What a call gives back."""

import base64
import copy
import gc
import html.parser
import io
import pickle
import sys
import weakref

import numpy as np
import PIL.Image
import pytest
import supervision
import torch
from support.tiny_models import SIDE, write_package

from inference_models import AutoModel, Detections, InvalidParameterError

IMAGE = np.full((SIDE, SIDE, 3), 90, np.uint8)


@pytest.fixture
def found(tiny):
    return tiny(IMAGE)[0]


@pytest.fixture
def three():
    return Detections(
        xyxy=[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]],
        class_id=[1, 0, 7],
        confidence=[0.9, 0.8, 0.7],
        class_names=["cat", "dog"],
    )


def test_the_arrays(found):
    assert (found.xyxy.dtype, found.xyxy.shape) == (np.float32, (1, 4))
    assert (found.class_id.dtype, found.class_id.shape) == (np.int32, (1,))
    assert (found.confidence.dtype, found.confidence.shape) == (np.float32, (1,))
    assert found.xyxy.tolist() == [[12, 12, 20, 20]]
    assert found.confidence[0] == np.float32(0.9)
    assert found.class_names == ["thing"]
    assert found.image_metadata is None
    assert found.bboxes_metadata is None


def test_nothing_found_has_the_same_types(tiny):
    (nothing,) = tiny(IMAGE, confidence=0.95)
    assert len(nothing) == 0
    assert not nothing
    assert (nothing.xyxy.dtype, nothing.xyxy.shape) == (np.float32, (0, 4))
    assert (nothing.class_id.dtype, nothing.class_id.shape) == (np.int32, (0,))
    assert (nothing.confidence.dtype, nothing.confidence.shape) == (np.float32, (0,))
    assert nothing == Detections([], [], [])
    assert repr(nothing) == "<Detections: nothing>"


def test_the_arrays_are_views_of_the_library_s_memory(found):
    for array in (found.xyxy, found.class_id, found.confidence):
        assert not array.flags.owndata
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_arrays_and_detections_outlive_everything(package):
    model = AutoModel.from_pretrained(package)
    detections = model(IMAGE.copy())[0]
    xyxy = detections.xyxy
    of_model = weakref.ref(model)
    del model
    gc.collect()
    assert of_model() is None
    assert detections.xyxy.tolist() == [[12, 12, 20, 20]]
    del detections
    gc.collect()
    assert xyxy.tolist() == [[12, 12, 20, 20]]


def test_the_image_is_not_kept(tiny):
    image = IMAGE.copy()
    tensor = torch.zeros((3, SIDE, SIDE))
    pil = PIL.Image.new("RGB", (SIDE, SIDE))
    references = [weakref.ref(one) for one in (image, tensor, pil)]
    results = tiny([image, tensor, pil])
    del image, tensor, pil
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]
    assert [len(found) for found in results] == [1, 1, 1]


def test_equality(three):
    same = Detections(three.xyxy, three.class_id, three.confidence)
    assert same == three
    assert same != Detections(three.xyxy + 1, three.class_id, three.confidence)
    assert same != Detections(three.xyxy, three.class_id + 1, three.confidence)
    assert same != Detections(three.xyxy, three.class_id, three.confidence / 2)
    assert same != Detections(three.xyxy[:2], three.class_id[:2], three.confidence[:2])
    assert same != 3
    with pytest.raises(TypeError):
        hash(three)


def test_length_truth_and_text(three):
    assert len(three) == 3
    assert three
    assert repr(three) == "<Detections: 1 dog, 1 cat, 1 class 7>"


def test_a_tracker_s_id_is_in_the_tuple(three):
    three.bboxes_metadata = [{"tracker_id": 5}, {}, {"other": 1}]
    assert [entry[4] for entry in three] == [5, None, None]
    assert [entry[5] for entry in three] == three.bboxes_metadata


def test_iteration_gives_the_reference_s_tuples(three):
    three.bboxes_metadata = [{"n": 0}, {"n": 1}, {"n": 2}]
    tuples = list(three)
    assert len(tuples) == 3
    xyxy, mask, class_id, confidence, tracker_id, data, metadata = tuples[1]
    assert xyxy.tolist() == [4, 5, 6, 7]
    assert (mask, class_id, confidence, tracker_id) == (None, 0, np.float32(0.8), None)
    assert (data, metadata) == ({"n": 1}, {})


@pytest.mark.parametrize("as_kind", [np.asarray, list, torch.tensor])
def test_detections_of_one_s_own(three, as_kind):
    xyxy, class_id, confidence = three.xyxy.tolist(), three.class_id.tolist(), three.confidence.tolist()
    assert Detections(as_kind(xyxy), as_kind(class_id), as_kind(confidence)) == three


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (([[0, 0, 1]], [0], [0.5]), "xyxy"),
        (([0, 0, 1, 1], [0], [0.5]), "xyxy"),
        (([[0, 0, 1, 1]], [[0]], [0.5]), "class_id"),
        (([[0, 0, 1, 1]], [0], ["high"]), "confidence"),
        (([[0, 0, 1, 1]], [0, 1], [0.5]), "1 boxes, 2 class ids and 1 confidences"),
        ((None, [0], [0.5]), "xyxy"),
    ],
)
def test_detections_that_are_none(arguments, named):
    with pytest.raises(InvalidParameterError) as caught:
        Detections(*arguments)
    assert named in caught.value.message


@pytest.mark.parametrize("again", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_pickling_and_copying(found, again):
    found.image_metadata = {"camera": 3}
    other = again(found)
    assert other == found
    assert other.class_names == found.class_names
    assert other.image_metadata == {"camera": 3}


# --- supervision -------------------------------------------------------------------------------------------------


def test_to_supervision(three):
    theirs = three.to_supervision()
    assert isinstance(theirs, supervision.Detections)
    assert np.array_equal(theirs.xyxy, three.xyxy)
    assert np.array_equal(theirs.class_id, three.class_id)
    assert np.array_equal(theirs.confidence, three.confidence)
    assert theirs["class_name"].tolist() == ["dog", "cat", "class 7"]
    annotated = supervision.BoxAnnotator().annotate(np.zeros((20, 20, 3), np.uint8), theirs)
    assert annotated.any()


def test_nothing_to_supervision():
    theirs = Detections([], [], []).to_supervision()
    assert len(theirs) == 0
    assert theirs["class_name"].tolist() == []


def test_without_supervision(three, monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ImportError, match="pip install supervision"):
        three.to_supervision()


# --- notebooks ---------------------------------------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """What a browser would show: pictures, and the texts of a table's cells."""

    def __init__(self, text):
        super().__init__()
        self.pictures, self.cells = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        assert tag in ("img", "table", "tr", "th", "td")
        if tag == "img":
            kind, data = dict(attributes)["src"].split(",")
            assert kind == "data:image/jpeg;base64"
            self.pictures.append(np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(data)))))

    def handle_data(self, text):
        self.cells.append(text)


def test_a_picture_and_a_table(tiny):
    image = IMAGE.copy()
    page = Page(tiny(image)[0]._repr_html_())
    header = ["class", "confidence", "left", "top", "right", "bottom"]
    assert page.cells == [*header, "thing", "0.900", "12.0", "12.0", "20.0", "20.0"]
    (picture,) = page.pictures
    assert picture.shape == image.shape
    assert np.abs(picture.astype(int) - 90).max() > 50  # something is drawn on it


@pytest.mark.parametrize("position", [0, 2])
def test_the_picture_is_of_the_right_image(tiny, tmp_path, position):
    """Each is told by its shade; the boxes are left away, for the shade's sake."""
    shades = [40, 120, 200]
    arrays = [np.full((SIDE, SIDE, 3), shade, np.uint8) for shade in shades]
    paths = [tmp_path / f"{shade}.png" for shade in shades]
    for path, array in zip(paths, arrays, strict=True):
        PIL.Image.fromarray(array).save(path)
    pil = [PIL.Image.open(path) for path in paths]
    tensors = [torch.from_numpy(array) for array in arrays]
    for images in (arrays, paths, pil, tensors, np.stack(arrays), torch.stack(tensors), iter(arrays)):
        found = tiny(images, confidence=0.95)[position]
        (picture,) = Page(found._repr_html_()).pictures
        assert np.abs(picture.astype(int) - shades[position]).max() <= 2


def test_colors_are_in_the_right_order(tiny):
    blue = np.zeros((SIDE, SIDE, 3), np.uint8)
    blue[:, :, 0] = 255
    for image, options in ((blue, {}), (blue[:, :, ::-1].copy(), {"input_color_format": "rgb"})):
        (picture,) = Page(tiny(image, confidence=0.95, **options)[0]._repr_html_()).pictures
        assert picture[16, 16].tolist() == pytest.approx([0, 0, 255], abs=3)


def test_without_the_image_there_is_only_the_table(tiny, tmp_path):
    path = tmp_path / "image.png"
    PIL.Image.fromarray(IMAGE).save(path)
    for found, end in ((tiny(IMAGE.copy())[0], gc.collect), (tiny(path)[0], path.unlink)):
        end()
        page = Page(found._repr_html_())
        assert page.pictures == []
        assert "thing" in page.cells


def test_class_names_cannot_be_html(tmp_path):
    package = write_package(tmp_path / "model")
    (package / "class_names.txt").write_text("<script>alert(1)</script>\n")
    found = AutoModel.from_pretrained(package)(IMAGE)[0]
    assert "<script>alert(1)</script>" in Page(found._repr_html_()).cells
