"""What a run of the suite found out, one JSON file a row of the table in docs/RELIABILITY.md; `page.py` reads them.

Written to TRIBUTARY_FAULT_RESULTS, by default build/test-reports/faults.
"""

import json
import os
import pathlib
import subprocess
import time

from peers.place import ROOT

FOLDER = pathlib.Path(os.environ.get("TRIBUTARY_FAULT_RESULTS", ROOT / "build" / "test-reports" / "faults"))


def tell(row, **figures):
    """The figures of a row whose test is about to pass: call it last. A later call of the same row replaces them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{row}.json"
    written = path.with_suffix(f".{os.getpid()}")
    told = {"date": time.strftime("%Y-%m-%d"), "commit": commit(), "figures": figures}
    written.write_text(json.dumps(told, indent=1) + "\n")
    written.replace(path)


def commit():
    done = subprocess.run(["git", "rev-parse", "--short=9", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
