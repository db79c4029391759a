"""The network of codes-n-640: a small detector with YOLOv8's interface.

A backbone with five halvings makes features at strides 8, 16 and 32, a path-aggregation neck mixes them, and an
anchor-free head predicts, at each cell, class scores and the distances to the four sides as distributions over whole
strides (distribution focal loss: Li et al., "Generalized Focal Loss", 2020). The blocks follow YOLOv8's design (split,
refine, concatenate); nearly all widths are
multiples of 16, which is what vector units like.

Exported, the network takes pictures of shape (batch, 3, height, width), RGB in 0..1, with sides that are multiples of
32. It returns (batch, 4 + classes, cells): centre x, centre y, width, height in pixels, then a score in 0..1 per class.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

CLASS_NAMES = ("qr-code", "data-matrix", "aztec", "pdf417", "barcode")
STRIDES = (8, 16, 32)
DISTANCE_BINS = 16


class Convolution(nn.Module):
    """Convolution, batch normalisation, SiLU. Padded so that stride 1 keeps the size and stride 2 halves it."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.normalization = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.activation = nn.SiLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.activation(self.normalization(self.convolution(features)))


class Refinement(nn.Module):
    """Two 3x3 convolutions, added to what they refine."""

    def __init__(self, channels: int, residual: bool) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, 3)
        self.second = Convolution(channels, channels, 3)
        self.residual = residual

    def forward(self, features: Tensor) -> Tensor:
        refined = self.second(self.first(features))
        return features + refined if self.residual else refined


class SplitBlock(nn.Module):
    """Half of the channels is refined `depth` times; all intermediate results are mixed (YOLOv8's C2f)."""

    def __init__(self, inputs: int, outputs: int, depth: int = 1, residual: bool = True) -> None:
        super().__init__()
        self.hidden = outputs // 2
        self.enter = Convolution(inputs, 2 * self.hidden)
        self.refinements = nn.ModuleList(Refinement(self.hidden, residual) for _ in range(depth))
        self.leave = Convolution((2 + depth) * self.hidden, outputs)

    def forward(self, features: Tensor) -> Tensor:
        parts = list(self.enter(features).split(self.hidden, 1))
        for refinement in self.refinements:
            parts.append(refinement(parts[-1]))
        return self.leave(torch.cat(parts, 1))


class PyramidPooling(nn.Module):
    """Three 5x5 maxima in a row see 5, 9 and 13 cells around each cell (YOLOv5's SPPF)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = Convolution(channels, channels // 2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.leave = Convolution(channels * 2, channels)

    def forward(self, features: Tensor) -> Tensor:
        parts = [self.enter(features)]
        for _ in range(3):
            parts.append(self.pool(parts[-1]))
        return self.leave(torch.cat(parts, 1))


class Head(nn.Module):
    """For one stride: distances to the sides (4 x DISTANCE_BINS logits) and class logits at each cell."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        hidden = 32
        self.distances = nn.Sequential(
            Convolution(inputs, hidden, 3),
            Convolution(hidden, hidden, 3, groups=hidden),
            nn.Conv2d(hidden, 4 * DISTANCE_BINS, 1),
        )
        self.scores = nn.Sequential(
            Convolution(inputs, inputs, 3, groups=inputs),
            Convolution(inputs, hidden),
            Convolution(hidden, hidden, 3, groups=hidden),
            Convolution(hidden, hidden),
            nn.Conv2d(hidden, len(CLASS_NAMES), 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([self.distances(features), self.scores(features)], 1).flatten(2)


class Detector(nn.Module):
    """codes-n: 0.57 million parameters, 0.88 billion multiply-adds for a picture of 640x640."""

    def __init__(self) -> None:
        super().__init__()
        self.to_2 = Convolution(3, 16, 3, 2)
        self.to_4 = Convolution(16, 32, 3, 2)
        self.to_8 = nn.Sequential(Convolution(32, 48, 3, 2), SplitBlock(48, 48))
        self.to_16 = nn.Sequential(Convolution(48, 64, 3, 2), SplitBlock(64, 64, depth=2))
        self.to_32 = nn.Sequential(Convolution(64, 128, 3, 2), SplitBlock(128, 128), PyramidPooling(128))
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.mix_16 = SplitBlock(128 + 64, 48, residual=False)
        self.out_8 = SplitBlock(48 + 48, 32, residual=False)
        self.down_16 = Convolution(32, 32, 3, 2)
        self.out_16 = SplitBlock(32 + 48, 48, residual=False)
        self.down_32 = Convolution(48, 48, 3, 2)
        self.out_32 = SplitBlock(48 + 128, 96, residual=False)
        self.heads = nn.ModuleList(Head(channels) for channels in (32, 48, 96))
        for head, stride in zip(self.heads, STRIDES, strict=True):
            # So that a new network finds a few codes in each picture and class, not thousands.
            nn.init.constant_(head.scores[-1].bias, -math.log((640 / stride) ** 2 / 3))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (batch, 4 * DISTANCE_BINS + classes, cells); cells of stride 8 first, row by row, then 16, 32."""
        at_8 = self.to_8(self.to_4(self.to_2(pictures)))
        at_16 = self.to_16(at_8)
        at_32 = self.to_32(at_16)
        mixed_16 = self.mix_16(torch.cat([self.up(at_32), at_16], 1))
        out_8 = self.out_8(torch.cat([self.up(mixed_16), at_8], 1))
        out_16 = self.out_16(torch.cat([self.down_16(out_8), mixed_16], 1))
        out_32 = self.out_32(torch.cat([self.down_32(out_16), at_32], 1))
        return torch.cat([head(out) for head, out in zip(self.heads, (out_8, out_16, out_32), strict=True)], 2)


def cell_centers(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Centres (cells, 2) as x, y in pixels, and the stride of each cell (cells, 1)."""
    centers, strides = [], []
    for stride in STRIDES:
        rows = torch.arange(height // stride, dtype=torch.float32) + 0.5
        columns = torch.arange(width // stride, dtype=torch.float32) + 0.5
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        centers.append(torch.stack([x, y], -1).flatten(0, 1) * stride)
        strides.append(torch.full_like(centers[-1][:, :1], float(stride)))
    return torch.cat(centers), torch.cat(strides)


def decode_boxes(logits: Tensor, centers: Tensor, strides: Tensor) -> Tensor:
    """Logits (..., 4 * DISTANCE_BINS) to boxes (..., 4): x_min, y_min, x_max, y_max in pixels.

    The distances to the four sides are the means of their distributions.
    """
    bins = torch.arange(DISTANCE_BINS, dtype=torch.float32)
    distances = logits.unflatten(-1, (4, DISTANCE_BINS)).softmax(-1) @ bins * strides
    return torch.cat([centers - distances[..., :2], centers + distances[..., 2:]], -1)
