"""What the network learns from: which cells answer for which code, and how wrong their answers are.

Assignment: task-aligned (Feng et al., "TOOD", 2021): each code takes the cells whose score and box agree best with it.
Loss: binary cross-entropy against the alignment, complete IoU (Zheng et al., 2020) and distribution focal loss (Li et
al., 2020) for boxes; the weights are YOLOv8's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from network import DISTANCE_BINS, cell_centers, decode_boxes
from torch import Tensor
from torch.nn import functional

CELLS_PER_CODE = 10
SCORE_POWER, OVERLAP_POWER = 0.5, 6.0
# Cells this near to a code's centre (pixels) may answer for it even where it is thinner than a cell.
NEAR = 6.0
BOX_WEIGHT, CLASS_WEIGHT, DISTANCE_WEIGHT = 7.5, 0.5, 1.5


@dataclass(frozen=True)
class Targets:
    """The codes of each picture, filled up to as many as the fullest has.

    boxes: (batch, most, 4) in pixels; class_ids: (batch, most); real: (batch, most), False where a row is filled up.
    """

    boxes: Tensor
    class_ids: Tensor
    real: Tensor


@dataclass(frozen=True)
class Losses:
    box: Tensor
    classes: Tensor
    distances: Tensor

    @property
    def total(self) -> Tensor:
        return BOX_WEIGHT * self.box + CLASS_WEIGHT * self.classes + DISTANCE_WEIGHT * self.distances


def pairwise_iou(first: Tensor, second: Tensor) -> Tensor:
    """(batch, n, 4) and (batch, m, 4) to (batch, n, m)."""
    low = torch.maximum(first[:, :, None, :2], second[:, None, :, :2])
    high = torch.minimum(first[:, :, None, 2:], second[:, None, :, 2:])
    overlap = (high - low).clamp(min=0).prod(-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1) for boxes in (first, second)]
    return overlap / (areas[0][:, :, None] + areas[1][:, None, :] - overlap + 1e-7)


def complete_iou(first: Tensor, second: Tensor) -> Tensor:
    """(n, 4) and (n, 4) to (n): IoU less the distance of the centres and the difference of the aspect ratios."""
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    overlap = (high - low).clamp(min=0).prod(-1)
    sides_1, sides_2 = first[:, 2:] - first[:, :2], second[:, 2:] - second[:, :2]
    iou = overlap / (sides_1.prod(-1) + sides_2.prod(-1) - overlap + 1e-7)
    hull = torch.maximum(first[:, 2:], second[:, 2:]) - torch.minimum(first[:, :2], second[:, :2])
    apart = ((first[:, :2] + first[:, 2:] - second[:, :2] - second[:, 2:]) / 2).square().sum(-1)
    angle_1 = torch.atan(sides_1[:, 0] / (sides_1[:, 1] + 1e-7))
    angle_2 = torch.atan(sides_2[:, 0] / (sides_2[:, 1] + 1e-7))
    aspect = 4 / math.pi**2 * (angle_1 - angle_2).square()
    with torch.no_grad():
        weight = aspect / (aspect - iou + 1 + 1e-7)
    return iou - apart / (hull.square().sum(-1) + 1e-7) - weight * aspect


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, centers: Tensor, targets: Targets) -> tuple[Tensor, Tensor, Tensor]:
    """Scores (batch, cells, classes) in 0..1 and boxes (batch, cells, 4) to, for each cell:

    which code it answers for (batch, cells), whether it answers for any, and how well it does (0..1).
    """
    batch, cells, _ = scores.shape
    most = targets.boxes.shape[1]
    half = ((targets.boxes[..., 2:] - targets.boxes[..., :2]) / 2).clamp(min=NEAR)
    middle = (targets.boxes[..., 2:] + targets.boxes[..., :2]) / 2
    inside = ((centers[None, None] - middle[:, :, None]).abs() < half[:, :, None]).all(-1) & targets.real[:, :, None]
    overlap = pairwise_iou(targets.boxes, boxes) * inside
    index = targets.class_ids[:, :, None].expand(-1, -1, cells)
    alignment = scores.transpose(1, 2).gather(1, index).pow(SCORE_POWER) * overlap.pow(OVERLAP_POWER)
    # Where nothing overlaps yet the nearest cells are as good as any.
    nearness = 1e-9 / (1 + (centers[None, None] - middle[:, :, None]).square().sum(-1))
    alignment = (alignment + nearness) * inside
    best = alignment.topk(min(CELLS_PER_CODE, cells), dim=2).indices
    chosen = torch.zeros_like(alignment, dtype=torch.bool).scatter_(2, best, True) & inside
    # A cell that several codes chose answers for the one that it overlaps most.
    ranked = torch.where(chosen, overlap + nearness, -1.0)
    code = ranked.argmax(1)
    answers = ranked.amax(1) >= 0
    mine = functional.one_hot(code, most).transpose(1, 2).bool() & answers[:, None]
    alignment, overlap = alignment * mine, overlap * mine
    peak, best_overlap = alignment.amax(2, keepdim=True), overlap.amax(2, keepdim=True)
    quality = (alignment * best_overlap / (peak + 1e-12)).amax(1)
    return code, answers, quality


def losses(logits: Tensor, targets: Targets, height: int, width: int) -> Losses:
    """Logits (batch, 4 * DISTANCE_BINS + classes, cells), as the network gives them for pictures of height x width."""
    logits = logits.float().transpose(1, 2)
    centers, strides = cell_centers(height, width)
    distance_logits, class_logits = logits.split([4 * DISTANCE_BINS, logits.shape[2] - 4 * DISTANCE_BINS], 2)
    with torch.no_grad():
        boxes = decode_boxes(distance_logits, centers, strides)
    code, answers, quality = assign(class_logits.detach().sigmoid(), boxes, centers, targets)
    total = quality.sum().clamp(min=1)

    wanted = torch.zeros_like(class_logits)
    class_ids = targets.class_ids.gather(1, code)
    wanted.scatter_(2, class_ids[..., None], quality[..., None])
    classes = functional.binary_cross_entropy_with_logits(class_logits, wanted, reduction="sum") / total

    which, cell = answers.nonzero(as_tuple=True)
    if not len(which):
        zero = logits.sum() * 0
        return Losses(zero, classes, zero)
    mine = distance_logits[which, cell]
    stride, center = strides[cell], centers[cell]
    goal = targets.boxes[which, code[which, cell]]
    weight = quality[which, cell]
    boxes = decode_boxes(mine, center, stride)
    box = ((1 - complete_iou(boxes, goal)) * weight).sum() / total

    distances = torch.cat([center - goal[:, :2], goal[:, 2:] - center], 1) / stride
    distances = distances.clamp(0, DISTANCE_BINS - 1 - 0.01)
    lower = distances.long()
    share = distances - lower
    bins = mine.view(-1, DISTANCE_BINS)
    focal = functional.cross_entropy(bins, lower.flatten(), reduction="none") * (1 - share.flatten())
    focal = focal + functional.cross_entropy(bins, lower.flatten() + 1, reduction="none") * share.flatten()
    return Losses(box, classes, (focal.view(-1, 4).mean(1) * weight).sum() / total)
