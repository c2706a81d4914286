"""An outsider checks a proof: another process, an empty folder, and nothing but the log's key.

The file goes to `carbon-ledger verify` as a person would do it. Its environment names no ledger and
no home, so nothing but the file and the key can help it. Then one digit of a copy is changed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ledger

TIMEOUT_S: Final = 60
_QUANTITY: Final = re.compile(rb'"quantity":"([0-9.]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What the verifier's process said, and how it ended: 0 yes, 1 no."""

    status: int
    text: str

    @property
    def crashed(self) -> bool:
        """Whether it did not answer at all: Python ends with 1 as well then."""
        return "Traceback (most recent call last)" in self.text


def ask_outsider(file: Path, log_key: str) -> Answer:
    """Run the verifier on a file in a process of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    here = str(Path(ledger.__path__[0]).parent)
    with tempfile.TemporaryDirectory(prefix="carbon-ledger-outsider-") as empty:
        done = subprocess.run(  # noqa: S603  (our own program, our own arguments)
            [sys.executable, "-m", "ledger.cli", "verify", str(file), "--log-key", log_key],
            cwd=empty,
            env={
                **kept,
                "HOME": empty,
                "CARBON_LEDGER_HOME": f"{empty}/no-ledger-here",
                "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH")))),
                "PYTHONIOENCODING": "utf-8",
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
    return Answer(done.returncode, (done.stdout + done.stderr).strip())


def tampered(bundle: bytes) -> tuple[bytes, str, str]:
    """A copy with another first digit in its reading's quantity; the quantity before and after."""
    found = _QUANTITY.search(bundle)
    if found is None:
        raise AssertionError("the bundle shows no reading")
    before = found[1]
    first = b"9" if before[:1] != b"9" else b"8"
    after = first + before[1:]
    changed = bundle[: found.start(1)] + after + bundle[found.end(1) :]
    return changed, before.decode(), after.decode()
