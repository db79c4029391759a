"""Python code in a process of its own."""

import subprocess
import sys
import textwrap


def run_python(code, *arguments, **options):
    """What the code prints. It must end well, and in time."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    return done.stdout
