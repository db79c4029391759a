"""The loss against plain loops, and the whole recipe in a short run."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
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


def test_loss_is_small_where_the_answer_is_right():
    """The logits of a perfect answer, made by hand, against those of a random one; and without codes."""
    centers, strides = cell_centers(64, 64)
    box = torch.tensor([16.0, 16.0, 48.0, 48.0])
    targets = Targets(box[None, None], torch.tensor([[2]]), torch.ones(1, 1, dtype=torch.bool))
    distances = torch.cat([centers - box[:2], box[2:] - centers], 1) / strides
    bins = torch.arange(DISTANCE_BINS)
    distance_logits = -40 * (distances.clamp(0, 15)[..., None] - bins).abs()
    class_logits = torch.full((len(centers), CLASSES), -12.0)
    class_logits[(distances > 0.3).all(1), 2] = 12.0
    right = torch.cat([distance_logits.flatten(1), class_logits], 1).T[None]
    wrong = torch.randn(right.shape, generator=torch.Generator().manual_seed(0))
    assert losses(right, targets, 64, 64).box < 0.05
    assert losses(right, targets, 64, 64).total < 0.3 * losses(wrong, targets, 64, 64).total
    nothing = Targets(torch.zeros(1, 1, 4), torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, 1, dtype=torch.bool))
    empty = losses(wrong, nothing, 64, 64)
    assert empty.box == 0 and empty.distances == 0 and empty.classes > 0


def run(program, *arguments):
    command = [sys.executable, str(TRAINING / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={"OMP_NUM_THREADS": "1"}, timeout=300)
    assert done.returncode == 0, done.stderr
    return done


def test_network_is_as_small_as_is_said():
    assert sum(parameter.numel() for parameter in Detector().parameters()) <= 1_000_000


@pytest.mark.slow
def test_the_recipe_in_a_short_run(tmp_path):
    """Trains in two processes, goes on from a checkpoint, exports; the packages agree with one another."""
    run("train.py", "--out", tmp_path, "--stage", "64:4:2", "--processes", "2", "--save-every", "0")
    half = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert half["step"] == 4
    run("train.py", "--out", tmp_path, "--stage", "64:4:2", "--stage", "96:3:1", "--processes", "2")
    whole = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert whole["step"] == 7
    changed = [name for name in half["model"] if not torch.equal(half["model"][name], whole["model"][name])]
    assert len(changed) > len(half["model"]) / 2

    model = tmp_path / "model"
    run("export.py", tmp_path / "codes-n.pt", model, "--calibration-pictures", "2")
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
