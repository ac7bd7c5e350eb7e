"""The programs that look at deploy/ (`tests/test-tools deploy`), and how they are run."""

import subprocess

from peers.place import TOOLS

BIN = TOOLS / "deploy" / "bin"


def run(*command, code=0):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{command}: exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-5000:]}"
    return done
