"""The loss against plain loops, and the whole recipe in a short run."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from export import Exported, fold_batch_normalization
from loss import Targets, assign, complete_iou, losses, pairwise_iou
from metrics import intersection_over_union
from network import CLASS_NAMES, DISTANCE_BINS, Detector, cell_centers, decode_boxes

TRAINING = Path(__file__).resolve().parent.parent.parent / "training"
CLASSES = len(CLASS_NAMES)


def random_boxes(rng, count, side=64):
    corner = rng.uniform(0, side * 0.7, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(4, side * 0.5, (count, 2))], 1).astype(np.float32)


def test_overlap_is_that_of_the_metrics():
    rng = np.random.default_rng(0)
    first, second = random_boxes(rng, 7), random_boxes(rng, 9)
    ours = pairwise_iou(torch.from_numpy(first)[None], torch.from_numpy(second)[None])[0].numpy()
    np.testing.assert_allclose(ours, [intersection_over_union(box, second) for box in first], atol=1e-5)


def test_complete_iou_is_one_only_for_equal_boxes():
    boxes = torch.from_numpy(random_boxes(np.random.default_rng(1), 20))
    torch.testing.assert_close(complete_iou(boxes, boxes), torch.ones(20), atol=1e-4, rtol=0)
    moved = boxes + torch.tensor([3.0, 0, 3.0, 0])
    plain = pairwise_iou(boxes[None], moved[None])[0].diagonal()
    assert (complete_iou(boxes, moved) < plain).all()
    far = boxes + 1000
    assert (complete_iou(boxes, far) < 0).all()  # still says in which direction to go


def test_cells_are_in_the_order_of_the_networks_output():
    """Turning one cell's logits up moves just that cell's box, which is around its centre."""
    centers, strides = cell_centers(64, 96)
    assert centers.shape[0] == 8 * 12 + 4 * 6 + 2 * 3
    logits = torch.zeros(1, centers.shape[0], 4 * DISTANCE_BINS)
    logits.view(1, -1, 4, DISTANCE_BINS)[..., 2] = 50.0
    boxes = decode_boxes(logits, centers, strides)[0]
    torch.testing.assert_close((boxes[:, :2] + boxes[:, 2:]) / 2, centers)
    torch.testing.assert_close(boxes[:, 2:] - boxes[:, :2], (4 * strides).expand(-1, 2))


def test_assignment_takes_the_best_cells_of_each_code():
    rng = np.random.default_rng(2)
    centers, _ = cell_centers(64, 64)
    cells = len(centers)
    boxes = torch.from_numpy(random_boxes(rng, cells))[None]
    scores = torch.from_numpy(rng.uniform(0.05, 0.9, (1, cells, CLASSES)).astype(np.float32))
    codes = np.float32([[4, 4, 30, 30], [36, 34, 60, 58]])
    targets = Targets(torch.from_numpy(codes)[None], torch.tensor([[1, 3]]), torch.ones(1, 2, dtype=torch.bool))
    code, answers, quality = (value[0].numpy() for value in assign(scores, boxes, centers, targets))
    for index, (box, class_id) in enumerate(zip(codes, (1, 3), strict=True)):
        inside = ((centers.numpy() > box[:2]) & (centers.numpy() < box[2:])).all(1)
        overlap = intersection_over_union(box, boxes[0].numpy())
        alignment = np.where(inside, scores[0, :, class_id].numpy() ** 0.5 * overlap**6, -1)
        expected = set(np.argsort(-alignment)[:10])
        taken = np.flatnonzero(answers & (code == index))
        best = taken[np.argmax(alignment[taken])]
        assert best == np.argmax(alignment)
        assert set(taken[alignment[taken] > 1e-6]) <= expected
        assert quality[best] == pytest.approx(overlap[taken].max(), abs=1e-4)


def test_a_code_thinner_than_a_cell_has_cells_that_answer():
    centers, strides = cell_centers(64, 64)
    targets = Targets(
        torch.tensor([[[2.0, 31.5, 62.0, 32.5]]]), torch.tensor([[4]]), torch.ones(1, 1, dtype=torch.bool)
    )
    boxes = torch.cat([centers - strides, centers + strides], 1)[None]
    _, answers, _ = assign(torch.full((1, len(centers), CLASSES), 0.1), boxes, centers, targets)
    assert answers.sum() == 10


def reference_losses(logits, boxes, class_ids, side):
    """The three parts for one picture, cell by cell and code by code, with the sum of the qualities."""
    bins = np.arange(DISTANCE_BINS)
    cells = [
        (np.array([x + 0.5, y + 0.5]) * stride, stride)
        for stride in (8, 16, 32)
        for y in range(side // stride)
        for x in range(side // stride)
    ]
    answers = []
    for (center, stride), row in zip(cells, logits.T, strict=True):
        weights = np.exp(row[: 4 * DISTANCE_BINS].reshape(4, DISTANCE_BINS))
        distances = weights @ bins / weights.sum(1) * stride
        box = np.concatenate([center - distances[:2], center + distances[2:]])
        answers.append(
            (box, 1 / (1 + np.exp(-row[4 * DISTANCE_BINS :])), np.log(weights / weights.sum(1, keepdims=True)))
        )
    chosen = {}
    for code, (goal, class_id) in enumerate(zip(boxes, class_ids, strict=True)):
        rated = []
        for cell, ((center, _), (box, scores, _)) in enumerate(zip(cells, answers, strict=True)):
            if (center > goal[:2]).all() and (center < goal[2:]).all():
                overlap = intersection_over_union(box, goal[None])[0]
                rated.append((scores[class_id] ** 0.5 * overlap**6, overlap, cell))
        for alignment, overlap, cell in sorted(rated, reverse=True)[:10]:
            if cell not in chosen or overlap > chosen[cell][2]:
                chosen[cell] = (code, alignment, overlap)
    box_loss = class_loss = distance_loss = qualities = 0.0
    wanted = np.zeros((len(cells), CLASSES))
    for cell, (code, alignment, _) in chosen.items():
        mine = [(a, o) for c, a, o in chosen.values() if c == code]
        quality = alignment * max(o for _, o in mine) / max(a for a, _ in mine)
        wanted[cell, class_ids[code]] = quality
        qualities += quality
        (center, stride), (box, _, log_shares) = cells[cell], answers[cell]
        box_loss += quality * (1 - reference_complete_iou(box, boxes[code]))
        goal = np.concatenate([center - boxes[code][:2], boxes[code][2:] - center]) / stride
        for side_shares, distance in zip(log_shares, goal.clip(0, 14.99), strict=True):
            lower = int(distance)
            between = side_shares[lower] * (lower + 1 - distance) + side_shares[lower + 1] * (distance - lower)
            distance_loss -= quality * between / 4
    for (_, scores, _), goal in zip(answers, wanted, strict=True):
        class_loss -= (goal * np.log(scores) + (1 - goal) * np.log(1 - scores)).sum()
    return np.array([box_loss, class_loss, distance_loss]), qualities


def reference_complete_iou(first, second):
    overlap = intersection_over_union(first, second[None])[0]
    center_1, center_2 = (first[:2] + first[2:]) / 2, (second[:2] + second[2:]) / 2
    hull = np.maximum(first[2:], second[2:]) - np.minimum(first[:2], second[:2])
    (w1, h1), (w2, h2) = first[2:] - first[:2], second[2:] - second[:2]
    aspect = 4 / np.pi**2 * (np.arctan(w1 / h1) - np.arctan(w2 / h2)) ** 2
    distance = ((center_1 - center_2) ** 2).sum() / (hull**2).sum()
    return overlap - distance - aspect**2 / (aspect - overlap + 1)


def test_loss_is_that_of_plain_loops():
    side = 64
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 4 * DISTANCE_BINS + CLASSES, 84, generator=generator)
    logits[:, : 4 * DISTANCE_BINS].view(2, 4, DISTANCE_BINS, 84)[:, :, :3] += 2  # boxes of about the codes' size
    boxes = torch.tensor([[[5.0, 9.0, 31.3, 40.2], [30.1, 22.7, 61.0, 58.9]], [[11.4, 3.3, 50.6, 29.8], [0, 0, 0, 0]]])
    class_ids = torch.tensor([[1, 4], [2, 0]])
    real = torch.tensor([[True, True], [True, False]])
    ours = losses(logits, Targets(boxes, class_ids, real), side, side)
    pictures = [
        reference_losses(
            logits[k].double().numpy(), boxes[k][real[k]].double().numpy(), class_ids[k].numpy()[real[k]], side
        )
        for k in range(2)
    ]
    expected = sum(parts for parts, _ in pictures) / max(1, sum(quality for _, quality in pictures))
    np.testing.assert_allclose([ours.box, ours.classes, ours.distances], expected, rtol=1e-4)


def test_pictures_without_codes_teach_that_there_are_none():
    nothing = Targets(torch.zeros(1, 1, 4), torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, 1, dtype=torch.bool))
    logits = torch.zeros(1, 4 * DISTANCE_BINS + CLASSES, 84, requires_grad=True)
    parts = losses(logits, nothing, 64, 64)
    assert parts.box == 0 and parts.distances == 0
    parts.total.backward()
    assert (logits.grad[:, 4 * DISTANCE_BINS :] > 0).all()


def test_what_is_exported_is_what_was_trained():
    """Folded, with boxes decoded in another order: the same numbers as the training's own decoding."""
    torch.manual_seed(0)
    detector = Detector().eval()
    for module in detector.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    pictures = torch.rand(2, 3, 64, 96)
    with torch.no_grad():
        logits = detector(pictures).transpose(1, 2)
        boxes = decode_boxes(logits[..., : 4 * DISTANCE_BINS], *cell_centers(64, 96))
        exported = Exported(fold_batch_normalization(detector))(pictures).transpose(1, 2)
    centers, sides = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    torch.testing.assert_close(exported[..., :4], torch.cat([centers, sides], -1), atol=1e-3, rtol=0)
    torch.testing.assert_close(exported[..., 4:], logits[..., 4 * DISTANCE_BINS :].sigmoid(), atol=1e-5, rtol=0)


def start(program, *arguments):
    command = [sys.executable, str(TRAINING / program), *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={"OMP_NUM_THREADS": "1"})


def run(program, *arguments):
    process = start(program, *arguments)
    _, errors = process.communicate(timeout=400)
    return process.returncode, errors


def test_network_is_as_small_as_is_said():
    assert sum(parameter.numel() for parameter in Detector().parameters()) <= 1_000_000


@pytest.mark.slow
def test_an_interrupted_run_goes_on(tmp_path):
    """Killed once there is a checkpoint; a second start does the rest, and a recipe of another kind is refused."""
    recipe = ("--out", tmp_path, "--stage", "64:40:2", "--processes", "1", "--save-every", "0")
    process = start("train.py", *recipe)
    checkpoint = tmp_path / "checkpoint.pt"
    for _ in range(1200):
        if checkpoint.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    process.communicate()
    steps = torch.load(checkpoint, weights_only=True)["steps"]
    assert 0 < steps < 40

    code, errors = run("train.py", *recipe[:3], "64:30:2", *recipe[4:])
    assert code == 2 and "is of another recipe" in errors and str(checkpoint) in errors
    code, errors = run("train.py", *recipe)
    assert code == 0, errors
    assert f"{steps}/40" in errors and "40/40" in errors
    assert (tmp_path / "codes-n.pt").exists() and not checkpoint.exists()


@pytest.mark.slow
def test_the_recipe_in_a_short_run(tmp_path):
    """Trains in two processes and exports; the packages agree with one another."""
    code, errors = run("train.py", "--out", tmp_path, "--stage", "64:2:4", "--stage", "96:2:2")
    assert code == 0, errors
    model = tmp_path / "model"
    code, errors = run("export.py", tmp_path / "codes-n.pt", model, "--calibration-pictures", "2")
    assert code == 0, errors
    listed = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=model, capture_output=True)
    assert listed.returncode == 0 and listed.stdout.count(b"OK") == 12
    scripted = torch.jit.load(model / "torch-script-fp32/weights.torchscript")
    sessions = {
        name: onnxruntime.InferenceSession(str(model / name / "weights.onnx"), providers=["CPUExecutionProvider"])
        for name in ("onnx-fp32", "onnx-int8")
    }
    for shape in ((1, 3, 640, 640), (3, 3, 96, 160)):
        pictures = torch.rand(shape, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            expected = scripted(pictures).numpy()
        assert expected.shape == (
            shape[0],
            4 + CLASSES,
            sum(shape[2] * shape[3] // stride**2 for stride in (8, 16, 32)),
        )
        fp32, int8 = (session.run(None, {"images": pictures.numpy()})[0] for session in sessions.values())
        np.testing.assert_allclose(fp32[:, :4], expected[:, :4], atol=0.02)
        np.testing.assert_allclose(fp32[:, 4:], expected[:, 4:], atol=1e-4)
        assert int8.shape == expected.shape and not np.array_equal(int8, fp32)
    quantised = onnx.load(model / "onnx-int8/weights.onnx").graph.node
    assert sum(node.op_type == "QuantizeLinear" for node in quantised) > 20
