"""Makes average_precision.json: labels, detections and what pycocotools makes of them.

    python make_average_precision.py average_precision.json

Needs numpy and pycocotools (2.0.11 made the file). The data is random with a fixed seed, and holds what is hard:
crowds, equal confidences, more than 100 objects of a class in an image, classes without labels and without detections,
image ids that are not in the order of the images, IoUs on a threshold.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

CATEGORIES = {1: "person", 3: "car", 17: "cat", 44: "bottle", 90: "toothbrush"}
SIDE = 640


def box(random: np.random.Generator) -> list[float]:
    width, height = random.uniform(8, 200, 2)
    numbers = (random.uniform(0, SIDE - width), random.uniform(0, SIDE - height), width, height)
    return [round(float(number), 2) for number in numbers]


def labels(random: np.random.Generator, images: int) -> dict:
    ids = [int(i) for i in random.permutation(1000)[:images]]
    annotations = []
    for image in ids:
        for _ in range(int(random.integers(0, 9))):
            rectangle = box(random)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": int(random.choice([1, 1, 1, 3, 17, 44])),
                    "bbox": rectangle,
                    "area": rectangle[2] * rectangle[3],
                    "iscrowd": int(random.random() < 0.15),
                }
            )
    return {
        "images": [{"id": i, "file_name": f"val/{i:06}.jpg", "width": SIDE, "height": SIDE} for i in ids],
        "annotations": annotations,
        "categories": [{"id": i, "name": name} for i, name in CATEGORIES.items()],
    }


def corners(rectangle: list[float]) -> list[float]:
    x, y, width, height = rectangle
    return [round(number, 2) for number in (x, y, x + width, y + height)]


def detections(random: np.random.Generator, truth: dict) -> dict[int, list]:
    """Of each image: xyxy, category, confidence."""
    found: dict[int, list] = {image["id"]: [] for image in truth["images"]}
    for label in truth["annotations"]:
        if label["category_id"] == 44:
            continue
        for _ in range(int(random.integers(0, 4))):
            moved = np.array(label["bbox"]) + random.normal(0, 6, 4)
            rectangle = [float(moved[0]), float(moved[1]), float(max(moved[2], 1)), float(max(moved[3], 1))]
            category = label["category_id"] if random.random() < 0.9 else 90
            found[label["image_id"]].append([corners(rectangle), category, round(float(random.uniform(0.1, 1)), 1)])
    for image in truth["images"]:
        for _ in range(int(random.integers(0, 6))):
            confidence = round(float(random.uniform(0, 0.9)), 4)
            found[image["id"]].append([corners(box(random)), int(random.choice(list(CATEGORIES))), confidence])
    crowded = found[truth["images"][0]["id"]]
    crowded += [[corners(box(random)), 1, round(float(random.uniform(0, 1)), 4)] for _ in range(130)]
    return found


def on_thresholds() -> tuple[dict, dict[int, list]]:
    """Boxes of 100x100 whose IoU with their label is 0.5, 0.6, ... exactly."""
    truth = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    found = {}
    for number, height in enumerate((50, 60, 65, 75, 80, 90, 95, 100), 1):
        truth["images"].append({"id": number, "file_name": f"{number}.jpg", "width": SIDE, "height": SIDE})
        truth["annotations"].append(
            {"id": number, "image_id": number, "category_id": 1, "bbox": [0, 0, 100, 100], "area": 10000, "iscrowd": 0}
        )
        found[number] = [[[0, 0, 100, height], 1, 0.5]]
    return truth, found


def beside_crowds() -> tuple[dict, dict[int, list]]:
    """Objects that lie in a crowd, and on an object beside it; a class of which there is a crowd alone."""
    boxes = [(1, [0, 0, 100, 100], 0), (1, [0, 0, 300, 300], 1), (3, [0, 0, 300, 300], 1), (1, [400, 400, 50, 50], 0)]
    truth = {
        "images": [{"id": 5, "file_name": "5.jpg", "width": SIDE, "height": SIDE}],
        "annotations": [
            {
                "id": number,
                "image_id": 5,
                "category_id": category,
                "bbox": rectangle,
                "area": rectangle[2] * rectangle[3],
                "iscrowd": crowd,
            }
            for number, (category, rectangle, crowd) in enumerate(boxes, 1)
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
    }
    found = [
        [[0, 0, 100, 60], 1, 0.9],
        [[10, 10, 90, 95], 1, 0.8],
        [[150, 150, 250, 250], 1, 0.7],
        [[0, 0, 80, 80], 3, 0.6],
    ]
    return truth, {5: found}


def evaluated(truth: dict, found: dict[int, list]) -> dict[str, float]:
    """Of boxes and confidences in float32, as a model gives them."""
    results = [
        {
            "image_id": image,
            "category_id": category,
            "bbox": [x_min, y_min, x_max - x_min, y_max - y_min],
            "score": float(np.float32(confidence)),
        }
        for image, objects in found.items()
        for rectangle, category, confidence in objects
        for x_min, y_min, x_max, y_max in [[float(np.float32(corner)) for corner in rectangle]]
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCO()
        reference.dataset = truth
        reference.createIndex()
        evaluation = COCOeval(reference, reference.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {"ap": float(evaluation.stats[0]), "ap50": float(evaluation.stats[1])}


def main() -> None:
    cases = []
    for seed, images in ((1, 8), (2, 12), (3, 3)):
        random = np.random.default_rng(seed)
        truth = labels(random, images)
        cases.append((truth, detections(random, truth)))
    cases += [on_thresholds(), beside_crowds()]
    document = [
        {
            "labels": truth,
            "detections": [found[image["id"]] for image in truth["images"]],
            "expected": evaluated(truth, found),
        }
        for truth, found in cases
    ]
    Path(sys.argv[1]).write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


main()
