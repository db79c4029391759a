"""Measures a codes detector as its users run it: through the product's own Python package.

    python training/evaluate.py --data DIR [--model codes-n-640] [--backend onnx --backend torch] [--json FILE]

DIR holds `labels.json` and the pictures that it names. Every package of the model is run in every engine that can run
it on this machine, also those that must be asked for (int8), and the answers are printed as tables; metrics.py says
what they mean. With `--gate` the exit code is 1 where one of them misses a target.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from metrics import LOWEST_CONFIDENCE, Predictions, Summary, format_summary, match, summarize, targets
from PIL import Image, ImageDraw, ImageFont

import inference_models
from inference_models import AutoModel, BaseInferenceModelsError, Quantization

TRUTH, PREDICTED = (0, 190, 60), (235, 0, 140)
BACKGROUND, TEXT = (235, 235, 235), (0, 0, 0)
FAILURE_SIDE, THUMBNAIL_SIDE = 800, 280  # the longer side of a picture of its own, and of one in a contact sheet
SHEET_COLUMNS = 6
MARGIN = 24  # around a picture, so that boxes along its edges can be seen
LINE = 18  # the height of a line of text


class Failure(NamedTuple):
    """A picture where a code was missed or a box found none, at a certain confidence."""

    index: int  # of the record
    record: dict
    predictions: Predictions
    is_false: np.ndarray  # per prediction
    is_missed: np.ndarray  # per code
    found_at: np.ndarray  # per code: the confidence at which it would be found; 0 where at none

    @property
    def reason(self) -> str:
        reasons = {"missed": self.is_missed, "false": self.is_false}
        return "+".join(name for name, where in reasons.items() if where.any())


def ways_to_run(model: str, backends: list[str] | None, quantizations: list[str] | None) -> list[Any]:
    """The candidates that can run here; without a wish for quantizations also those that must be asked for."""
    candidates = {}
    for quantization in [quantizations] if quantizations else [None, [Quantization.INT8]]:
        for candidate in AutoModel.explain(model, backend=backends, quantization=quantization).candidates:
            if candidate.status in ("chosen", "usable"):
                candidates[candidate.package_id, candidate.engine, candidate.device] = candidate
    return list(candidates.values())


def load(model: str, candidate: Any) -> Any:
    return AutoModel.from_pretrained(
        model,
        backend=candidate.backend,
        model_package_id=candidate.package_id,
        quantization=candidate.quantization,
        device=candidate.device,
    )


def report(description: Any, summary: Summary) -> dict:
    """What was measured, as data."""
    names = ("model_id", "package_id", "backend", "engine", "runtime_version", "device", "precision")
    return {
        **{name: getattr(description, name) for name in names},
        "summary": dataclasses.asdict(summary),
        "targets": [{**dataclasses.asdict(target), "reached": target.reached} for target in targets(summary)],
    }


def find_failures(
    records: list[dict], detections: list[Any], class_names: list[str], confidence: float
) -> list[Failure]:
    failures = []
    for index, (record, detected) in enumerate(zip(records, detections, strict=True)):
        if not record["negative"] and not record["boxes"]:
            continue  # nobody knows what is right there
        found_at, found = match(record["boxes"], detected, class_names)
        counts = detected.confidence > confidence
        predictions = Predictions(detected.xyxy[counts], detected.class_id[counts], detected.confidence[counts])
        failure = Failure(index, record, predictions, found[counts] == 0, found_at <= confidence, found_at)
        if failure.reason:
            failures.append(failure)
    return failures


def draw(failure: Failure, data: Path, class_names: list[str], side: int) -> Image.Image:
    """The picture with its codes and the boxes that were predicted. What failed is thick and says what it is."""
    with Image.open(data / failure.record["file"]) as file:
        picture = file.convert("RGB")
    scale = side / max(picture.size)
    size = [max(1, round(length * scale)) for length in picture.size]
    picture = picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
    top = 2 * LINE + MARGIN
    canvas = Image.new("RGB", (side + 2 * MARGIN, top + size[1] + MARGIN), BACKGROUND)
    canvas.paste(picture, (MARGIN, top))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(13)

    def outline(xyxy: Any, color: tuple[int, int, int], label: str) -> None:
        left, upper, right, lower = (np.asarray(xyxy, float) * scale + [MARGIN, top] * 2).tolist()
        pen.rectangle((left, upper, max(left, right), max(upper, lower)), outline=color, width=4 if label else 1)
        if label:
            corner = (left, lower if color == TRUTH else upper - LINE)  # so that both can be read where boxes coincide
            pen.rectangle(pen.textbbox(corner, label, font), fill=color)
            pen.text(corner, label, "white", font)

    for code, is_missed, found_at in zip(failure.record["boxes"], failure.is_missed, failure.found_at, strict=True):
        would_be_found = f", found at {found_at:.2f}" if found_at else ""
        outline(code["xyxy"], TRUTH, f"{code['label']}{would_be_found}" if is_missed else "")
    for xyxy, class_id, confidence, is_false in zip(*failure.predictions, failure.is_false, strict=True):
        outline(xyxy, PREDICTED, f"{class_names[class_id]} {confidence:.2f}" if is_false else "")
    pen.text((MARGIN, 2), f"{failure.index} {Path(failure.record['file']).name}", TEXT, font)
    pen.text((MARGIN, 2 + LINE), f"missed: {failure.is_missed.sum()} of {len(failure.is_missed)}", TRUTH, font)
    pen.text((side // 2, 2 + LINE), f"false: {failure.is_false.sum()} of {len(failure.is_false)}", PREDICTED, font)
    return canvas


def contact_sheet(pictures: list[Image.Image]) -> Image.Image:
    """All pictures in rows, each as high as its highest one."""
    rows = [pictures[start : start + SHEET_COLUMNS] for start in range(0, len(pictures), SHEET_COLUMNS)]
    heights = [max(picture.height for picture in row) for row in rows]
    width = pictures[0].width
    sheet = Image.new("RGB", (width * min(SHEET_COLUMNS, len(pictures)), sum(heights)), BACKGROUND)
    for row, top in zip(rows, np.cumsum([0, *heights[:-1]]).tolist(), strict=True):
        for column, picture in enumerate(row):
            sheet.paste(picture, (column * width, top))
    return sheet


def write_failures(failures: list[Failure], data: Path, class_names: list[str], directory: Path) -> None:
    """A picture for each failure, and a contact sheet for each set, missed codes first."""
    directory.mkdir(parents=True)
    sheets: dict[str, list[Image.Image]] = {}
    for failure in sorted(failures, key=lambda failure: (not failure.is_missed.any(), failure.reason)):
        set_name = failure.record["set"]
        name = f"{set_name}-{failure.reason}-{failure.index:04}-{Path(failure.record['file']).stem}.png"
        draw(failure, data, class_names, FAILURE_SIDE).save(directory / name)
        sheets.setdefault(set_name, []).append(draw(failure, data, class_names, THUMBNAIL_SIDE))
    for set_name, pictures in sheets.items():
        contact_sheet(pictures).save(directory / f"sheet-{set_name}.png")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures a codes detector through the product's own Python package.")
    parser.add_argument("--data", type=Path, required=True, help="a directory with labels.json and its pictures")
    parser.add_argument("--model", default="codes-n-640", help="an id or a path (default: %(default)s)")
    parser.add_argument("--backend", action="append", help="only this one, or these (default: all that run here)")
    parser.add_argument("--quantization", action="append", help="only packages stored in this, or these")
    parser.add_argument("--confidence", type=float, default=0.4, help="of boxes that count (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that is printed as data")
    parser.add_argument("--failures", type=Path, metavar="DIR", help="draw what failed there; must not exist yet")
    parser.add_argument("--gate", action="store_true", help="exit with 1 where a target is missed")
    options = parser.parse_args(arguments)
    if not (options.data / "labels.json").is_file():
        parser.error(f"--data: {options.data}/labels.json is no file")
    if options.failures and options.failures.exists():
        parser.error(f"--failures: {options.failures} exists already")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    records = json.loads((options.data / "labels.json").read_text())
    paths = [options.data / record["file"] for record in records]
    candidates = ways_to_run(options.model, options.backend, options.quantization)
    if not candidates:
        print(f"error: Nothing can run {options.model} here as asked.", file=sys.stderr)
        explanation = AutoModel.explain(options.model, backend=options.backend, quantization=options.quantization)
        print(explanation, file=sys.stderr)
        return 1
    reports = []
    for candidate in candidates:
        model = load(options.model, candidate)
        detections = model(paths, confidence=LOWEST_CONFIDENCE)
        summary = summarize(records, detections, model.class_names, options.confidence)
        reports.append(report(model.description, summary))
        print(f"{model!r}\n\n{format_summary(summary)}\n", flush=True)
        if options.failures:
            failures = find_failures(records, detections, model.class_names, options.confidence)
            directory = options.failures / f"{candidate.package_id}-{candidate.engine}-{candidate.device}"
            write_failures(failures, options.data, model.class_names, directory)
    if options.json:
        result = {"inference_models": inference_models.__version__, "pictures": len(records), "results": reports}
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    missed = any(not target["reached"] for measured in reports for target in measured["targets"])
    return 1 if options.gate and missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BaseInferenceModelsError as error:
        sys.exit(f"error: {error.message}\nhint: {error.hint}")
