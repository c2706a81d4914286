"""An audit of a ledger that was written anew finds nothing, until somebody brings what was kept outside.

The operator has every key and the database. Each file is one that a company, a monitor, a regulator or
a witness has from before; `carbon-ledger audit --against` takes it as it is.
"""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.cli_program import Program
from tests.service.dishonest.conftest import Land
from tests.service.dishonest.test_rewritten import resealed, swapped_factor

MONITOR = "monitor/kept"


def auditor(land: Land) -> Program:
    """The program of whoever audits, with what others have kept beside him."""
    where = land.settings
    return Program(
        where.home,
        land.folder,
        CARBON_LEDGER_DATABASE_URL=where.database_url or "",
        CARBON_LEDGER_SERVER_DATABASE_URL=where.server_database_url or "",
    )


def against(files: list[str]) -> list[str]:
    return [word for file in files for word in ("--against", file)]


def test_what_was_kept_outside_shows_an_auditor_that_everything_was_written_anew(land: Land):
    audit = auditor(land)
    with land.service() as url:
        assert land.watched(url).status == 0
    receipt = land.receipt("acme/main@1")
    history = land.history()
    jws = history.bodies[history.at("acme/main@1")].partition(b"\n")[0]
    checkpoint = land.run(lambda ledger: ledger.checkpoint(), writing=False).encode()
    proof = land.run(lambda ledger: ledger.bundle("acme/main@1"), writing=False)
    files = {
        "checkpoint": checkpoint,
        "memory": land.log.encode() + b"\n" + checkpoint,
        "outbox": jws + b"\n" + (land.folder / receipt).read_bytes(),
        "proof": proof,
    }
    for name, content in files.items():
        (land.folder / name).write_bytes(content)
    kept = [*files, receipt, MONITOR]

    honest = audit("audit", *against(kept))
    assert (honest["ok"], honest["damages"]) == (True, [])
    assert [one["file"] for one in honest["against"]] == kept
    assert all(one["contained"] for one in honest["against"])

    swapped_factor(history)
    resealed(land, history)
    assert land.audited() == []  # by itself it is whole, to the last digit
    ended = audit.run("audit", "--json", *against(kept))
    assert ended.status == 1
    report: Any = json.loads(ended.out)
    assert (report["ok"], report["damages"]) == (False, [])
    assert [one["contained"] for one in report["against"]] == [False] * len(kept)
    by_file = {one["file"]: one for one in report["against"]}
    assert {one["log"] for one in report["against"]} == {land.log}
    # acme's own entry was left as it was; the factor's, which its proof shows, was not.
    assert "another entry" not in by_file["outbox"]["found"]
    assert by_file["proof"]["found"].endswith(f"another entry {history.at('operator/factors@1')}")

    told = audit.run("audit", *against(["checkpoint"]))
    assert told.status == 1
    assert "is not what was shown before" in told.out
    assert "NOT in this ledger" in told.out
    assert "expected  root" in told.out
    assert "watch --against" in told.out

    (land.folder / "notes.txt").write_text("size 12, root 3f\n")
    refused = audit.refused("audit", "--against", "notes.txt", status=2)
    assert refused["code"] == "bad-file"
    refused = audit.refused("audit", "--against", "monitor", status=2)
    assert "holds no checkpoint" in refused["what"]
