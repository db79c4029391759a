"""How well codes are found, from plain values: the records of a `labels.json` and the boxes that were predicted.

    summary = summarize(records, predictions, class_names)
    print(format_summary(summary))

A record is a picture: its `set`, whether it is `negative` (shows no code), and its `boxes`, each with a `label`, `xyxy`
and a `kind`. Predictions are one object per record with `xyxy`, `class_id` and `confidence`, such as the product's
`Detections`, or `Predictions`.

What finds a code depends on its kind:

- `box`, the full outline of a 2D code: a box of its class that overlaps it with an IoU of at least 0.5. One box finds
  one code.
- `scanline`, all that is known of a 1D code, a line across its bars: a box of its class that holds the line's centre
  and is 0.6 to 1.6 times as long along it. One box finds all scanlines that it fits, since a code may have several.

The most confident box chooses first. What it finds is therefore the same at every confidence that the box exceeds, so
that pictures are matched once and the answers for any confidence are counted.

A picture that is not negative but has no boxes is unlabelled: it shows a code that nobody could read. What is predicted
there is neither right nor wrong, so it stays out of precision and average precision. It counts as extra boxes, which
are defined over all pictures that are not negative; `extra_boxes_labelled` says how many there are without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

MINIMUM_IOU = 0.5
SCANLINE_LENGTHS = (0.6, 1.6)
LOWEST_CONFIDENCE = 0.01  # of the predictions that average precision is made from

# The rows of a set beside those of single classes.
ALL_2D, ALL_1D, ALL = "2D codes", "1D codes", "all codes"


class Predictions(NamedTuple):
    """What was predicted for one picture, in any order."""

    xyxy: np.ndarray  # (N, 4)
    class_id: np.ndarray  # (N,): index into the class names
    confidence: np.ndarray  # (N,)


class Match(NamedTuple):
    """Which codes of one picture were found, and which predictions found them."""

    found_at: np.ndarray  # per code: the confidence of the prediction that found it; 0 where none did
    found: np.ndarray  # per prediction: how many codes it found


@dataclass(frozen=True)
class Score:
    """How well some codes were found. A ratio is None where there is nothing to count."""

    codes: int
    found: int
    recall: float | None
    boxes: int
    right: int
    precision: float | None


@dataclass(frozen=True)
class SetSummary:
    """The answers for some pictures, of the boxes above one confidence."""

    pictures: int
    unlabelled: int
    negatives: int
    scores: dict[str, Score]
    extra_boxes: float | None
    extra_boxes_labelled: float | None
    boxes_minus_codes: float | None
    false_positives_per_negative: float | None


@dataclass(frozen=True)
class Summary:
    """The answers for each set and for all pictures; average precision is always over all pictures."""

    confidence: float
    sets: dict[str, SetSummary]
    total: SetSummary
    average_precision: dict[str, float]
    mean_average_precision: float | None


@dataclass(frozen=True)
class Target:
    """One of the figures that the detector shall reach. The value is None where the pictures do not show it."""

    name: str
    value: float | None
    limit: float
    at_least: bool

    @property
    def reached(self) -> bool:
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def intersection_over_union(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Of one box (4,) and each of the others (N, 4)."""
    overlap = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    intersection = overlap.clip(0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union > 0)


def fits_scanlines(box: np.ndarray, scanlines: np.ndarray) -> np.ndarray:
    """For each scanline (N, 4), whether the box (4,) finds it."""
    centers = (scanlines[:, :2] + scanlines[:, 2:]) / 2
    holds_center = ((centers >= box[:2]) & (centers <= box[2:])).all(axis=1)
    sides = scanlines[:, 2:] - scanlines[:, :2]
    along = sides.argmax(axis=1)  # where several lines were merged, the shorter side is their spread over the bars
    lengths = sides.max(axis=1)
    box_lengths = (box[2:] - box[:2])[along]
    shortest, longest = SCANLINE_LENGTHS
    return holds_center & (box_lengths >= shortest * lengths) & (box_lengths <= longest * lengths)


def match(codes: Sequence[dict], predictions: Any, class_names: Sequence[str]) -> Match:
    """Lets the predictions of one picture find its codes, the most confident first."""
    xyxy = np.array([code["xyxy"] for code in codes], np.float64).reshape(-1, 4)
    labels = np.array([code["label"] for code in codes], np.str_)
    is_outline = np.array([code["kind"] == "box" for code in codes], bool)
    boxes = np.asarray(predictions.xyxy, np.float64).reshape(-1, 4)
    found_at = np.zeros(len(codes))
    free = np.ones(len(codes), bool)
    found = np.zeros(len(boxes), int)
    for index in by_confidence(predictions.confidence):
        eligible = free & (labels == class_names[predictions.class_id[index]])
        overlap = np.where(eligible & is_outline, intersection_over_union(boxes[index], xyxy), 0)
        if overlap.max(initial=0) >= MINIMUM_IOU:
            finds = overlap.argmax(keepdims=True)
        else:
            finds = np.flatnonzero(eligible & ~is_outline & fits_scanlines(boxes[index], xyxy))
        free[finds] = False
        found_at[finds] = predictions.confidence[index]
        found[index] = len(finds)
    return Match(found_at, found)


def by_confidence(confidence: np.ndarray) -> np.ndarray:
    """The indices of predictions, the most confident first; equal ones in their order."""
    return np.argsort(-np.asarray(confidence, np.float64), kind="stable")


def average_precision(confidence: np.ndarray, found: np.ndarray, codes: int) -> float:
    """The area under precision over recall, where precision is the best at that recall or a higher one.

    Args:
        confidence: of each prediction of a class, over all pictures
        found: how many codes each of them found
        codes: how many there are, at least 1
    """
    found = np.asarray(found)[by_confidence(confidence)]
    recall = found.cumsum() / codes
    precision = (found > 0).cumsum() / np.arange(1, len(found) + 1)
    best_precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0) * best_precision).sum())


class _Table(NamedTuple):
    """All codes, predictions and pictures, as columns."""

    code_label: np.ndarray
    code_picture: np.ndarray
    code_found_at: np.ndarray
    box_label: np.ndarray
    box_picture: np.ndarray
    box_confidence: np.ndarray
    box_found: np.ndarray
    negative: np.ndarray
    unlabelled: np.ndarray


def _tabulate(records: Sequence[dict], predictions: Sequence[Any], class_names: Sequence[str]) -> _Table:
    code_found_at, box_label, box_confidence, box_found = [], [], [], []
    for record, predicted in zip(records, predictions, strict=True):
        matched = match(record["boxes"], predicted, class_names)
        code_found_at += list(matched.found_at)
        box_label += [class_names[class_id] for class_id in predicted.class_id]
        box_confidence += list(predicted.confidence)
        box_found += list(matched.found)
    counts = [len(record["boxes"]) for record in records]
    negative = np.array([record["negative"] for record in records], bool)
    return _Table(
        code_label=np.array([code["label"] for record in records for code in record["boxes"]], np.str_),
        code_picture=np.repeat(np.arange(len(records)), counts),
        code_found_at=np.array(code_found_at, np.float64),
        box_label=np.array(box_label, np.str_),
        box_picture=np.repeat(np.arange(len(records)), [len(predicted.confidence) for predicted in predictions]),
        box_confidence=np.array(box_confidence, np.float64),
        box_found=np.array(box_found, int),
        negative=negative,
        unlabelled=~negative & (np.array(counts, int) == 0),
    )


def summarize(
    records: Sequence[dict], predictions: Sequence[Any], class_names: Sequence[str], confidence: float = 0.4
) -> Summary:
    """Judges predictions.

    Args:
        records: of a `labels.json`
        predictions: one for each record, down to LOWEST_CONFIDENCE, so that average precision is whole
        class_names: of the model; a prediction's `class_id` is an index into them
        confidence: boxes must be more confident than this to count, except for average precision
    """
    table = _tabulate(records, predictions, class_names)
    labels = [name for name in class_names if name in table.code_label]
    labels += sorted(set(table.code_label.tolist()) - set(labels))  # which the model does not know
    kinds = {(code["kind"], code["label"]) for record in records for code in record["boxes"]}
    groups = {label: [label] for label in labels}
    groups[ALL_2D] = [label for label in labels if ("box", label) in kinds]
    groups[ALL_1D] = [label for label in labels if ("scanline", label) in kinds]
    set_names = np.array([record["set"] for record in records], np.str_)
    judged = ~table.unlabelled[table.box_picture] & (table.box_confidence > LOWEST_CONFIDENCE)
    precisions = {}
    for label in labels:
        of_class = judged & (table.box_label == label)
        precisions[label] = average_precision(
            table.box_confidence[of_class], table.box_found[of_class], int((table.code_label == label).sum())
        )
    return Summary(
        confidence=confidence,
        sets={
            name: _summarize_set(table, set_names == name, groups, confidence)
            for name in dict.fromkeys(set_names.tolist())
        },
        total=_summarize_set(table, np.ones(len(records), bool), groups, confidence),
        average_precision=precisions,
        mean_average_precision=_ratio(sum(precisions.values()), len(precisions)),
    )


def _summarize_set(table: _Table, pictures: np.ndarray, groups: dict[str, list[str]], confidence: float) -> SetSummary:
    codes = pictures[table.code_picture]
    found = codes & (table.code_found_at > confidence)
    boxes = pictures[table.box_picture] & (table.box_confidence > confidence)
    judged = boxes & ~table.unlabelled[table.box_picture]

    def score(codes: np.ndarray, boxes: np.ndarray) -> Score:
        code_count, box_count = int(codes.sum()), int(boxes.sum())
        found_count, right_count = int((codes & found).sum()), int((boxes & (table.box_found > 0)).sum())
        return Score(
            codes=code_count,
            found=found_count,
            recall=_ratio(found_count, code_count),
            boxes=box_count,
            right=right_count,
            precision=_ratio(right_count, box_count),
        )

    scores = {
        name: score(codes & np.isin(table.code_label, labels), judged & np.isin(table.box_label, labels))
        for name, labels in groups.items()
    }
    scores[ALL] = score(codes, judged)  # with boxes of classes that no code has

    boxes_per_picture = np.bincount(table.box_picture[boxes], minlength=len(pictures))
    surplus = boxes_per_picture - np.bincount(table.code_picture, minlength=len(pictures))
    positive = pictures & ~table.negative
    labelled = positive & ~table.unlabelled
    negative = pictures & table.negative
    return SetSummary(
        pictures=int(pictures.sum()),
        unlabelled=int((pictures & table.unlabelled).sum()),
        negatives=int(negative.sum()),
        scores=scores,
        extra_boxes=_mean(surplus[positive].clip(0)),
        extra_boxes_labelled=_mean(surplus[labelled].clip(0)),
        boxes_minus_codes=_mean(surplus[positive]),
        false_positives_per_negative=_mean(boxes_per_picture[negative]),
    )


def _ratio(count: float, total: int) -> float | None:
    return count / total if total else None


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def targets(summary: Summary) -> list[Target]:
    """What the detector shall reach, at a confidence of 0.4, and what it does."""
    real, small = summary.sets.get("real"), summary.sets.get("small")
    false_positives = summary.total.false_positives_per_negative
    return [
        Target("recall of real 2D codes", real and real.scores[ALL_2D].recall, 0.85, at_least=True),
        Target("recall of real 1D codes", real and real.scores[ALL_1D].recall, 0.80, at_least=True),
        Target("extra boxes per real picture", real and real.extra_boxes, 0.15, at_least=False),
        Target("recall of small 2D codes", small and small.scores[ALL_2D].recall, 0.70, at_least=True),
        Target("false positives per negative picture", false_positives, 0.10, at_least=False),
    ]


def format_summary(summary: Summary) -> str:
    """The summary as tables, and a line for each target."""
    sets = {**summary.sets, "all": summary.total}
    scores = [("set", "class", "codes", "found", "recall", "boxes", "right", "precision")]
    for set_name, of_set in sets.items():
        for label, score in of_set.scores.items():
            if score.codes or score.boxes:
                row = (score.codes, score.found, score.recall, score.boxes, score.right, score.precision)
                scores.append((set_name, label, *map(_text, row)))
    pictures = [
        ("set", "pictures", "unlabelled", "extra", "in labelled", "boxes - codes", "negative", "false per negative")
    ]
    for set_name, of_set in sets.items():
        row = (of_set.pictures, of_set.unlabelled, of_set.extra_boxes, of_set.extra_boxes_labelled)
        row += (of_set.boxes_minus_codes, of_set.negatives, of_set.false_positives_per_negative)
        pictures.append((set_name, *map(_text, row)))
    precisions = [("class", "AP50")]
    precisions += [(label, _text(value)) for label, value in summary.average_precision.items()]
    precisions += [("mean", _text(summary.mean_average_precision))]
    return "\n\n".join(
        [
            f"boxes above confidence {summary.confidence:g}",
            _align(scores, names=2),
            _align(pictures, names=1),
            _align(precisions, names=1),
            "\n".join(_target_line(target) for target in targets(summary)),
        ]
    )


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _align(rows: list[tuple[str, ...]], names: int) -> str:
    """Columns under one another; the first ones are names, the others numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column < names else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _target_line(target: Target) -> str:
    verdict = "not measured" if target.value is None else "reached" if target.reached else "missed"
    relation = "at least" if target.at_least else "at most"
    return f"{verdict}: {target.name}: {_text(target.value)}, {relation} {target.limit:.2f}"
