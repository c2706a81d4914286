"""A confirmation is killed at any moment: what it began, the next start completes.

Either the confirmation is not in the log, and the data is where it was; or it is, and after the next
start the data is gone. Never is it gone without the confirmation, and the audit is clean every time.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from tests.e2e.cli_program import Program, add_company, import_day, open_ledger
from tests.faults.embedded_land import temporary_home

KILLS: Final = int(os.environ.get("CARBON_LEDGER_FAULT_ROUNDS", "3"))
LONGEST_WAIT_S = 60


def test_a_killed_confirmation_is_whole_or_not_there(tmp_path: Path):
    chance = random.Random(22)  # noqa: S311  (moments, not secrets)
    with temporary_home() as home:
        program = Program(home, tmp_path, here=False)
        open_ledger(program)
        stream = add_company(program, "mill")
        import_day(program, stream)
        for number in range(1, KILLS + 1):
            program(
                "redact", "ask", f"{stream}@{number}", "--who", "officer", "--legal-basis", "law"
            )
        took_s = _confirm(program, 1, None)
        for number in range(2, KILLS + 1):
            _confirm(program, number, chance.uniform(0.4, 1.0) * took_s)
            before = program("audit")
            assert (before["ok"], before["damages"]) == (True, [])
            program(
                "site", "add", f"mill/site-{number}", "--region", "CN-JS"
            )  # a start that writes
            for one in program("redact", "list")["redactions"]:
                assert one["erased"] == (one["confirmed"] is not None)
            assert program("audit")["ok"] is True
        assert program("redact", "list")["redactions"][0]["erased"] is True


def _confirm(program: Program, number: int, after_s: float | None) -> float:
    """Confirm a redaction, killed after so long; how long it ran."""
    began_s = time.monotonic()
    words = ("redact", "confirm", f"mill/redactions@{number}", "--reason", "looked at")
    process = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", *words],
        cwd=program.folder,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if after_s is None:
        assert process.wait(LONGEST_WAIT_S) == 0
    else:
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        process.wait(LONGEST_WAIT_S)
    return time.monotonic() - began_s
