"""Other processes of this machine, as a test has to look at them."""

import signal
import time
from pathlib import Path


def listen_to_ctrl_c() -> None:
    """`preexec_fn` of a process that a test interrupts: jobs in the background inherit that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def children_of(pid: int) -> list[int]:
    """Those that run; not what has ended and waits to be noticed."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, facts = stat.read_text().rpartition(")")
        except OSError:  # it has ended
            continue
        state, parent = facts.split()[:2]
        if int(parent) == pid and state != "Z":
            children.append(int(stat.parent.name))
    return children


def is_running(pid: int) -> bool:
    try:
        _, _, facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return False
    return facts.split()[0] != "Z"


def wait_until(condition, seconds=30):
    """What the condition gives, once that is true."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result
