"""Where things are, and which binary is under test."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "Tests" / "EndToEnd"
EXAMPLES = ROOT / "Examples"
POLICIES = EXAMPLES / "policies"
CORPORA = ROOT / "Tests" / "Corpora"
SCHEMAS = ROOT / "schemas"
SAMPLE_SERVER = EXAMPLES / "sample_server.py"
RECORDER = TESTS / "harness" / "recorder.py"


def binary() -> Path:
    """The `tollgate` under test: `$TOLLGATE`, else the debug build's."""
    path = Path(os.environ.get("TOLLGATE", ROOT / ".build" / "debug" / "tollgate"))
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not there to be tested\nhint: make build")
    return path.absolute()
