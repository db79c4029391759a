"""What the figures are, by hand and by other ways to compute the same."""

import json

import numpy as np
import pytest
from metrics import (
    ALL,
    ALL_1D,
    ALL_2D,
    Predictions,
    average_precision,
    fits_scanlines,
    format_summary,
    intersection_over_union,
    match,
    summarize,
    targets,
)

CLASS_NAMES = ["qr-code", "aztec", "barcode"]
QR_CODE, AZTEC, BARCODE = range(3)


def code(label, xyxy, kind=None):
    return {"label": label, "xyxy": xyxy, "kind": kind or ("scanline" if label == "barcode" else "box")}


def record(*codes, set_name="real", negative=False):
    return {"boxes": list(codes), "set": set_name, "negative": negative}


def predicted(*rows):
    """Of rows (xyxy, class id, confidence)."""
    return Predictions(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.float32),
    )


def test_iou_by_counting_pixels():
    random = np.random.default_rng(1)
    corners = random.integers(0, 40, (50, 2, 2))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(float)

    def pixels(box):
        mask = np.zeros((40, 40), bool)
        left, top, right, bottom = box.astype(int)
        mask[top:bottom, left:right] = True
        return mask

    for box in boxes:
        counted = [(pixels(box) & pixels(other)).sum() / max(1, (pixels(box) | pixels(other)).sum()) for other in boxes]
        np.testing.assert_allclose(intersection_over_union(box, boxes), counted, atol=1e-12)


def test_iou_of_half_is_enough():
    codes = [code("qr-code", [0, 0, 100, 100])]
    assert match(codes, predicted(([0, 0, 100, 50], QR_CODE, 0.9)), CLASS_NAMES).found.tolist() == [1]
    assert match(codes, predicted(([0, 0, 100, 49], QR_CODE, 0.9)), CLASS_NAMES).found.tolist() == [0]


def test_one_box_finds_one_code_of_its_class():
    codes = [code("qr-code", [0, 0, 10, 10]), code("qr-code", [20, 0, 30, 10]), code("aztec", [40, 0, 50, 10])]
    matched = match(
        codes,
        predicted(
            ([0, 0, 10, 10], QR_CODE, 0.5),  # the same code as the next, less confident
            ([0, 0, 10, 11], QR_CODE, 0.8),
            ([40, 0, 50, 10], QR_CODE, 0.9),  # an aztec code
        ),
        CLASS_NAMES,
    )
    assert matched.found.tolist() == [0, 1, 0]
    np.testing.assert_allclose(matched.found_at, [0.8, 0, 0])


def test_box_finds_the_code_that_it_overlaps_most():
    codes = [code("qr-code", [0, 0, 10, 10]), code("qr-code", [2, 0, 12, 10])]
    matched = match(codes, predicted(([2, 0, 12, 10], QR_CODE, 0.9), ([1, 0, 11, 10], QR_CODE, 0.6)), CLASS_NAMES)
    np.testing.assert_allclose(matched.found_at, [0.6, 0.9])


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ([100, 0, 300, 90], True),  # as long as the line
        ([80, 0, 400, 90], True),  # 1.6 times
        ([79, 0, 400, 90], False),
        ([140, 0, 260, 90], True),  # 0.6 times
        ([141, 0, 260, 90], False),
        ([100, 41, 300, 90], False),  # beside the line's centre
        ([100, 40, 300, 90], True),
        ([201, 0, 401, 90], False),  # long enough, but begins after the centre
    ],
)
def test_scanline_is_found_by_centre_and_length(box, found):
    scanline, box = np.array([100, 40, 300, 40]), np.array(box)
    turned = [1, 0, 3, 2]  # the same along the other axis
    assert fits_scanlines(box, scanline[None]).tolist() == [found]
    assert fits_scanlines(box[turned], scanline[turned][None]).tolist() == [found]


def test_merged_scanlines_are_measured_along_their_longer_side():
    assert fits_scanlines(np.array([0, 0, 100, 200]), np.array([[0, 60, 100, 140]])).all()


def test_one_box_finds_all_scanlines_of_its_code():
    codes = [code("barcode", [67, 68, 70, 406]), code("barcode", [102, 65, 219, 408])]
    matched = match(
        codes, predicted(([60, 60, 230, 410], BARCODE, 0.7), ([60, 60, 230, 411], BARCODE, 0.6)), CLASS_NAMES
    )
    np.testing.assert_allclose(matched.found_at, [0.7, 0.7])
    assert matched.found.tolist() == [2, 0]


def test_average_precision_by_hand():
    # Ranked: right, wrong, right, right. Precision 1, 1/2, 2/3, 3/4; the best from there on is 1, 3/4, 3/4, 3/4.
    found = np.array([1, 1, 0, 1])
    confidence = np.array([0.7, 0.9, 0.8, 0.6])
    assert average_precision(confidence, found, codes=4) == pytest.approx(1 / 4 + 2 / 4 * 3 / 4)
    assert average_precision(np.array([]), np.array([], int), codes=4) == 0
    # A box that found two scanlines is one right box: the second of two, so half of the codes at precision 1/2.
    assert average_precision(np.array([0.9, 0.8]), np.array([0, 2]), codes=4) == pytest.approx(1 / 2 * 1 / 2)


def test_average_precision_is_the_integral_of_the_best_precision():
    random = np.random.default_rng(2)
    for _ in range(20):
        codes = int(random.integers(5, 40))
        confidence = random.random(60)
        found = random.random(60) < random.random()
        found[found.cumsum() > codes] = False

        def best_precision(recall, found=found, confidence=confidence, codes=codes):
            """Of all thresholds at which at least this recall is had."""
            best = 0.0
            for threshold in confidence:
                kept = found[confidence >= threshold]
                if kept.sum() / codes >= recall:
                    best = max(best, kept.mean())
            return best

        steps = (np.arange(codes) + 0.5) / codes  # precision is constant between two codes
        expected = np.mean([best_precision(recall) for recall in steps])
        assert average_precision(confidence, found, codes) == pytest.approx(expected)


@pytest.fixture
def summary():
    """At 0.4: one of two QR codes and one of one barcode are found; three of the other boxes are not right."""
    records = [
        record(code("qr-code", [0, 0, 10, 10]), code("barcode", [20, 5, 40, 5])),
        record(code("qr-code", [0, 0, 10, 10])),
        record(),  # unlabelled
        record(code("aztec", [0, 0, 10, 10]), set_name="small"),
        record(set_name="real", negative=True),
        record(set_name="photo-negative", negative=True),
        record(set_name="photo-negative", negative=True),
    ]
    predictions = [
        predicted(([0, 0, 10, 10], QR_CODE, 0.9), ([20, 0, 40, 10], BARCODE, 0.8), ([50, 50, 60, 60], QR_CODE, 0.7)),
        predicted(([0, 0, 10, 10], QR_CODE, 0.3)),
        predicted(([0, 0, 10, 10], QR_CODE, 0.95), ([20, 0, 30, 10], QR_CODE, 0.95)),
        predicted(),
        predicted(([0, 0, 10, 10], BARCODE, 0.5)),
        predicted(([0, 0, 10, 10], BARCODE, 0.6), ([0, 0, 10, 10], AZTEC, 0.6)),
        predicted(([0, 0, 10, 10], BARCODE, 0.2)),
    ]
    return summarize(records, predictions, CLASS_NAMES)


def test_recall_and_precision(summary):
    real = summary.sets["real"].scores
    assert (real["qr-code"].recall, real["qr-code"].precision) == (1 / 2, 1 / 2)
    assert (real["barcode"].recall, real["barcode"].precision) == (1, 1 / 2)
    assert (real[ALL_2D].codes, real[ALL_2D].found) == (2, 1)
    assert (real[ALL_1D].codes, real[ALL_1D].found) == (1, 1)
    assert (real[ALL].boxes, real[ALL].right) == (4, 2)
    assert summary.sets["small"].scores["aztec"].recall == 0
    assert summary.sets["small"].scores["aztec"].precision is None
    assert summary.sets["photo-negative"].scores["barcode"].recall is None
    assert summary.total.scores[ALL].recall == 2 / 4


def test_boxes_that_found_nothing(summary):
    real = summary.sets["real"]
    assert (real.pictures, real.unlabelled, real.negatives) == (4, 1, 1)
    # Boxes minus codes of the three that are not negative: 3 - 2, 0 - 1, 2 - 0.
    assert real.extra_boxes == 3 / 3
    assert real.extra_boxes_labelled == 1 / 2
    assert real.boxes_minus_codes == pytest.approx(2 / 3)
    assert real.false_positives_per_negative == 1
    assert summary.sets["small"].boxes_minus_codes == -1
    assert summary.sets["small"].false_positives_per_negative is None
    assert summary.sets["photo-negative"].false_positives_per_negative == 1
    assert summary.sets["photo-negative"].extra_boxes is None
    assert summary.total.false_positives_per_negative == 3 / 3


def test_average_precision_is_over_all_pictures_with_known_codes(summary):
    assert summary.average_precision == {
        "qr-code": pytest.approx(1 / 2 + 1 / 2 * 2 / 3),  # right, wrong, and right at 0.3
        "aztec": 0,
        "barcode": 1,
    }
    assert summary.mean_average_precision == pytest.approx((5 / 6 + 0 + 1) / 3)


def test_box_as_confident_as_the_threshold_does_not_count():
    one = [record(code("qr-code", [0, 0, 10, 10]))]
    found = predicted(([0, 0, 10, 10], QR_CODE, 0.5))
    assert summarize(one, [found], CLASS_NAMES, confidence=0.5).total.scores[ALL].found == 0
    assert summarize(one, [found], CLASS_NAMES, confidence=0.49).total.scores[ALL].found == 1


def test_label_that_the_model_does_not_know_is_missed():
    records = [record(code("pdf417", [0, 0, 10, 10]))]
    missed = summarize(records, [predicted(([0, 0, 10, 10], QR_CODE, 0.9))], CLASS_NAMES)
    assert missed.average_precision == {"pdf417": 0}
    assert missed.total.scores["pdf417"].recall == 0
    assert missed.total.scores[ALL].precision == 0


def test_targets(summary):
    reached = {target.name: (target.value, target.reached) for target in targets(summary)}
    assert reached == {
        "recall of real 2D codes": (1 / 2, False),
        "recall of real 1D codes": (1, True),
        "extra boxes per real picture": (1, False),
        "recall of small 2D codes": (0, False),
        "false positives per negative picture": (1, False),
    }


def test_target_that_is_not_measured_is_not_reached():
    for target in targets(summarize([record(set_name="other")], [predicted()], CLASS_NAMES)):
        assert target.value is None
        assert not target.reached


def test_tables_say_what_was_measured(summary):
    text = format_summary(summary)
    lines = [line.split() for line in text.splitlines()]
    assert ["real", "qr-code", "2", "1", "0.500", "2", "1", "0.500"] in lines
    assert ["real", "4", "1", "1.000", "0.500", "0.667", "1", "1.000"] in lines
    assert ["mean", "0.611"] in lines
    assert "reached: recall of real 1D codes: 1.000, at least 0.80" in text
    assert "missed: extra boxes per real picture: 1.000, at most 0.15" in text


def test_labels_of_the_development_set_find_themselves(test_data):
    file = test_data / "data/codes/labels.json"
    if not file.is_file():
        pytest.skip("the development set of codes is not there")
    records = json.loads(file.read_text())
    names = ["qr-code", "data-matrix", "aztec", "pdf417", "barcode"]
    perfect = [
        predicted(*((code["xyxy"], names.index(code["label"]), 0.9) for code in record["boxes"])) for record in records
    ]
    summary = summarize(records, perfect, names)
    assert set(summary.average_precision.values()) == {1.0}
    assert {score.recall for score in summary.total.scores.values()} == {1.0}
    assert all(target.reached for target in targets(summary))
