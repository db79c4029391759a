"""Trains codes-n-640 on pictures that are made while it learns.

    python training/train.py --out build/training --photos build/training/photos  # the recipe of the bundled model
    python training/train.py --out /tmp/try --stage 160:20:4                      # a short run

Each stage is SIDE:STEPS:BATCH: in each step, BATCH pictures of SIDE x SIDE. Small pictures come first, since they cost
little and teach most; the last stage is at the size that the model is used at. Each process makes its own share of the
pictures and computes on one core; their gradients are averaged (two processes on two cores train nearly twice as fast
as one process on both). Interrupted, it goes on where it was when it is started again.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.distributed
from backgrounds import Backgrounds, load_photos, photo_directory
from loss import Targets, losses
from network import Detector
from scenes import Picture, make_picture
from tqdm import tqdm

RECIPE = ("320:3000:32", "640:6000:16")
PEAK_LEARNING_RATE = 2e-3
LAST_LEARNING_RATE = 2e-5
WEIGHT_DECAY = 0.02
WARM_UP_STEPS = 300
AVERAGE_OVER_STEPS = 1500


@dataclass(frozen=True)
class Stage:
    side: int
    steps: int
    batch: int

    def __str__(self) -> str:
        return f"{self.side}:{self.steps}:{self.batch}"

    @classmethod
    def parse(cls, text: str) -> Stage:
        numbers = [int(part) if part.isdecimal() else 0 for part in text.split(":")]
        side, steps, batch = numbers if len(numbers) == 3 else (0, 0, 0)
        if side < 64 or side % 32 or steps < 1 or batch < 1:
            raise argparse.ArgumentTypeError(f"{text} is not SIDE:STEPS:BATCH with SIDE a multiple of 32 from 64 on")
        return cls(side, steps, batch)


def learning_rate(step: int, steps: int) -> float:
    """Rises to its peak, then falls along a cosine."""
    warm_up = min(1.0, (step + 1) / min(WARM_UP_STEPS, max(1, steps // 10)))
    fall = 0.5 * (1 + math.cos(math.pi * step / steps))
    return warm_up * (LAST_LEARNING_RATE + (PEAK_LEARNING_RATE - LAST_LEARNING_RATE) * fall)


def computes_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself."""
    facts = Path("/proc/cpuinfo")
    flags = facts.read_text() if facts.exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def collate(pictures: list[Picture]) -> tuple[torch.Tensor, Targets]:
    pixels = torch.from_numpy(np.stack([picture.pixels for picture in pictures]))
    pixels = pixels.permute(0, 3, 1, 2).to(torch.float32).div_(255)  # keeps the order in memory: channels last
    most = max(1, max(len(picture.boxes) for picture in pictures))
    targets = Targets(
        torch.zeros(len(pictures), most, 4),
        torch.zeros(len(pictures), most, dtype=torch.int64),
        torch.zeros(len(pictures), most, dtype=torch.bool),
    )
    for row, picture in enumerate(pictures):
        count = len(picture.boxes)
        targets.boxes[row, :count] = torch.from_numpy(picture.boxes)
        targets.class_ids[row, :count] = torch.from_numpy(picture.class_ids)
        targets.real[row, :count] = True
    return pixels, targets


def average_gradients(model: torch.nn.Module, processes: int) -> None:
    if processes == 1:
        return
    gradients = [parameter.grad for parameter in model.parameters()]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    torch.distributed.all_reduce(flat)
    flat /= processes
    for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


@torch.no_grad()
def update_average(average: torch.nn.Module, model: torch.nn.Module, step: int) -> None:
    """The weights' moving average, which is what is used in the end; it forgets the start soon."""
    keep = min(1 - 1 / AVERAGE_OVER_STEPS, (step + 1) / (step + 20))
    for ours, theirs in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if ours.dtype.is_floating_point:
            ours.lerp_(theirs, 1 - keep)
        else:
            ours.copy_(theirs)


def make_optimizer(model: torch.nn.Module) -> torch.optim.Optimizer:
    """Only weights of convolutions decay, not biases and scales."""
    decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_LEARNING_RATE)


def save(path: Path, state: dict) -> None:
    """Whole or not at all."""
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


class Checkpoint:
    """The state of a run that is not over, on disk, and the recipe that it follows."""

    def __init__(self, path: Path, recipe: dict, parts: dict) -> None:
        self._path, self._recipe, self._parts = path, recipe, parts

    def load(self) -> int:
        """Restores the parts. Returns how many steps are done."""
        if not self._path.exists():
            return 0
        state = torch.load(self._path, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        return state["steps"]

    def is_of_another_recipe(self) -> bool:
        return self._path.exists() and torch.load(self._path, weights_only=True)["recipe"] != self._recipe

    def save(self, steps: int) -> None:
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        save(self._path, {"recipe": self._recipe, "steps": steps, **parts})

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def checkpoint_of(arguments: argparse.Namespace, parts: dict) -> Checkpoint:
    recipe = {
        "stages": [str(stage) for stage in arguments.stage],
        "seed": arguments.seed,
        "processes": arguments.processes,
        "photos": arguments.photos is not None,
    }
    return Checkpoint(arguments.out / "checkpoint.pt", recipe, parts)


def train(rank: int, processes: int, arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    torch.manual_seed(arguments.seed)
    if processes > 1:
        rendezvous = f"file://{arguments.out / 'rendezvous'}"
        torch.distributed.init_process_group("gloo", rendezvous, rank=rank, world_size=processes)
    model = Detector().to(memory_format=torch.channels_last)
    average = Detector().to(memory_format=torch.channels_last)
    average.load_state_dict(model.state_dict())
    optimizer = make_optimizer(model)
    checkpoint = checkpoint_of(arguments, {"model": model, "average": average, "optimizer": optimizer})
    start = checkpoint.load()

    backgrounds = Backgrounds(np.random.default_rng([arguments.seed, rank, start]), load_photos(arguments.photos))
    schedule = [stage for stage in arguments.stage for _ in range(stage.steps)]
    bfloat16 = computes_bfloat16()
    model.train()
    saved = time.monotonic()
    progress = tqdm(range(start, len(schedule)), initial=start, total=len(schedule), disable=rank > 0, mininterval=5)
    shown: dict[str, float] = {}
    for step in progress:
        stage = schedule[step]
        rng = np.random.default_rng([arguments.seed, rank, step, 1])
        pixels, targets = collate([make_picture(rng, backgrounds, stage.side) for _ in range(stage.batch // processes)])
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, len(schedule))
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = model(pixels)
        parts = losses(logits, targets, stage.side, stage.side)
        parts.total.backward()
        average_gradients(model, processes)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        optimizer.zero_grad()
        if rank > 0:
            continue
        update_average(average, model, step)
        for name in ("box", "classes", "distances"):
            value = getattr(parts, name).item()
            shown[name] = value if name not in shown else shown[name] + (value - shown[name]) * 0.02
        progress.set_postfix({name: f"{value:.3f}" for name, value in shown.items()}, refresh=False)
        if time.monotonic() - saved > arguments.save_every:
            checkpoint.save(step + 1)
            saved = time.monotonic()
    if rank == 0:
        save(arguments.out / "codes-n.pt", average.state_dict())
        checkpoint.remove()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where the checkpoint and, at the end, codes-n.pt go")
    parser.add_argument(
        "--stage", type=Stage.parse, action="append", help=f"SIDE:STEPS:BATCH; default: {' '.join(RECIPE)}"
    )
    parser.add_argument(
        "--photos", type=photo_directory, help="a directory of photos without codes, used as backgrounds"
    )
    parser.add_argument("--processes", type=int, default=2, help="by which each BATCH can be divided; default: 2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=float, default=120, help="seconds between checkpoints")
    arguments = parser.parse_args()
    arguments.stage = arguments.stage or [Stage.parse(text) for text in RECIPE]
    if arguments.processes < 1:
        parser.error("--processes: must be at least 1")
    for stage in arguments.stage:
        if stage.batch % arguments.processes:
            parser.error(f"{stage}: {stage.batch} pictures cannot be divided among {arguments.processes} processes")
    arguments.out = arguments.out.resolve()
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "rendezvous").unlink(missing_ok=True)
    if checkpoint_of(arguments, {}).is_of_another_recipe():
        parser.error(f"{arguments.out / 'checkpoint.pt'} is of another recipe: delete it, or choose another --out")
    try:
        if arguments.processes == 1:
            train(0, 1, arguments)
        else:
            torch.multiprocessing.spawn(train, (arguments.processes, arguments), arguments.processes)
    except KeyboardInterrupt:
        sys.exit("interrupted: started again, it goes on from its last checkpoint")
    print(f"trained: {arguments.out / 'codes-n.pt'}; training/export.py makes packages of it")


if __name__ == "__main__":
    main()
