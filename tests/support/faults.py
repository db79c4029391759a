"""Faults of disks and processes at a point that a test names: tests/support/fault_injection.c says which."""

import os
from pathlib import Path


def fault_environment(build_dir: Path, below: Path, at=None, error=None, always=False, calls=(), torn=False, log=None):
    """The environment of a process in which the `at`-th change of a file below a directory fails with `error`, or ends
    the process where there is none."""
    environment = dict(os.environ)
    # Behind what is there already: the runtime of AddressSanitizer has to be the first.
    environment["LD_PRELOAD"] = f"{environment.get('LD_PRELOAD', '')} {build_dir}/lib/libfault_injection.so".lstrip()
    environment["FAULT_BELOW"] = str(below.resolve())
    chosen = {
        "FAULT_AT": at,
        "FAULT_ERRNO": error,
        "FAULT_ALWAYS": "1" if always else None,
        "FAULT_CALLS": ",".join(calls) or None,
        "FAULT_TORN": "1" if torn else None,
        "FAULT_LOG": log,
    }
    environment.update({name: str(value) for name, value in chosen.items() if value is not None})
    return environment


def changes(log: Path) -> list[str]:
    """The calls that were counted, as `open /path`."""
    return [line.split(" ", 1)[1] for line in log.read_text().splitlines()]
