"""Python code in a process of its own."""

import subprocess
import sys
import textwrap


def run_python(code, *arguments, before=(), **options):
    """What the code prints. It must end well, and in time.

    before: what is put before the command
    """
    done = subprocess.run(
        [*before, sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    return done.stdout
