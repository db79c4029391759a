"""The program that measures other products."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PEER = Path(__file__).resolve().parents[2] / "src/benchmark/peers/peer.py"


@dataclass
class Peers:
    """The program in an environment, with a model."""

    python: Path
    model: Path
    scratch: Path
    threads: int = 2
    network_input: tuple[int, int] = (32, 32)
    environment: dict = field(default_factory=dict)

    def __call__(self, *arguments, request=None, images=()):
        """Its answer, which is all that it writes on standard output."""
        pixels = self.scratch / "pixels"
        pixels.write_bytes(b"".join(image.tobytes() for image in images))
        # The shell opens descriptor 3, as the benchmark does.
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$0" "$@" 3<"$PIXELS"', self.python, PEER, *arguments],
            input=json.dumps(request if request is not None else self.request()),
            env=os.environ | self.environment | {"PIXELS": str(pixels)},
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        self.said = done.stderr
        return json.loads(done.stdout)

    def request(self):
        return {"model": str(self.model), "threads": self.threads, "scratch": str(self.scratch)}

    def list(self):
        return self("list")

    def run(self, peer, images, **changed):
        job = self.request() | {
            "network_input": list(self.network_input),
            "detection": {
                "confidence": 0.4,
                "iou_threshold": 0.3,
                "max_detections": 300,
                "class_agnostic_nms": False,
            },
            "images": [{"height": image.shape[0], "width": image.shape[1]} for image in images],
            "instances": 1,
            "batch": 1,
            "measured_ms": 20,
            "finds_objects": True,
        }
        return self("run", peer, request=job | changed, images=images)
