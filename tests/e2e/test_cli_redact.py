"""A company gives the data of a reading up, the operator confirms, and everything still adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from ledger.carbon.redaction.draft import RedactionDraft
from ledger.cli.redact import check_draft
from ledger.errors import ProofFailed
from ledger.service import Settings
from ledger.store.embedded import EmbeddedServer
from ledger.store.packing import unpack
from tests.e2e.cli_program import (
    DAY_MG,
    Program,
    add_company,
    import_day,
    mass_mg,
    open_ledger,
    write_day,
)
from tests.faults.embedded_land import temporary_home

PERIOD = ("--period", "2018-01")
WHO = ("--who", "data protection officer", "--legal-basis", "PIPL article 47")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A ledger with a company and a day of its readings."""
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path)
        open_ledger(program)
        import_day(program, add_company(program, "mill"))
        yield program


def lines(program: Program, stream: str) -> list[dict[str, Any]]:
    """The lines of a stream's only entry as they lie in the database."""
    server = EmbeddedServer(Settings(home=program.home).home)
    with server, psycopg.connect(server.conninfo("ledger_owner")) as conn:
        row = conn.execute(
            "SELECT packed FROM ledger.entry_events JOIN ledger.log_entries USING (index)"
            " WHERE stream = %s",
            (stream,),
        ).fetchone()
    assert row is not None
    return [json.loads(line) for line in unpack(row[0]).splitlines()]


def verified(program: Program, event: str) -> Any:
    log_key = str(program("status")["log_key"])
    program("prove", event, "-o", "proof.json")
    return program("verify", "proof.json", "--log-key", log_key)


def test_the_data_of_a_reading_goes_and_its_figure_stays(program: Program):
    reading = "mill/plant/electricity@7"
    assert verified(program, reading)["strength"] == "re-derived"
    asked = program("redact", "ask", reading, *WHO)
    assert (asked["event"], asked["redacts"]) == ("mill/redactions@1", reading)
    waiting = program("redact", "list", "--waiting")["redactions"]
    assert [(one["event"], one["confirmed"], one["erased"]) for one in waiting] == [
        (reading, None, False)
    ]
    assert "quantity" in lines(program, "mill/plant/electricity")[6]

    confirmed = program("redact", "confirm", "mill/redactions@1", "--reason", "looked at")
    assert (confirmed["redacts"], confirmed["erased"]) == (reading, True)
    stored = lines(program, "mill/plant/electricity")
    assert stored[6] == {"data_hash": asked["data_hash"], "type": "ActivityRecorded"}
    assert [sorted(one) for one in stored].count(["data_hash", "type"]) == 1

    assert mass_mg(program("footprint", "mill", *PERIOD)) == DAY_MG
    assert program("audit")["ok"] is True
    assert program("rebuild")["ok"] is True
    gone = verified(program, reading)
    assert (gone["ok"], gone["strength"], gone["withheld"]) == (True, "logged", [reading])
    assert program("redact", "list", "--waiting")["redactions"] == []
    (listed,) = program("redact", "list", "mill")["redactions"]
    assert (listed["who"], listed["erased"]) == ("data protection officer", True)
    shown = program.run("redact", "list")
    assert "data is gone" in shown.out
    again = ("redact", "confirm", "mill/redactions@1", "--reason", "looked at")
    assert program.refused(*again, status=1)["found"] == "done already"


def test_what_cannot_go_is_refused_with_what_to_do(program: Program):
    program("correct", "mill/plant/electricity@7", "--quantity", "2", "--reason", "read again")
    error = program.refused("redact", "ask", "mill/plant/electricity@7", *WHO, status=1)
    assert "counts as it was posted" in error["expected"]
    assert "Answer the request" in error["advice"]
    error = program.refused("redact", "ask", "mill/register@1", *WHO, status=1)
    assert "a reading in a source stream" in error["expected"]
    error = program.refused("redact", "confirm", "mill/redactions@9", "--reason", "?", status=1)
    assert "redact list" in error["advice"]


def test_a_company_does_not_sign_what_its_own_proof_does_not_give(program: Program):
    reading = "mill/plant/electricity@7"
    log_key = str(program("status")["log_key"])
    program("prove", reading, "-o", "proof.json")
    proof = (program.folder / "proof.json").read_bytes()
    program("redact", "ask", reading, *WHO)
    program("prove", "mill/redactions@1", "-o", "said.json")
    bundle = json.loads((program.folder / "said.json").read_bytes())
    said = next(
        event["data"]
        for entry in bundle["entries"]
        for event in entry["events"]
        if event["data"]["type"] == "DataRedacted"
    )
    members = {name: said[name] for name in RedactionDraft.__struct_fields__}
    draft = msgspec.convert(members, RedactionDraft)
    check_draft(draft, proof, log_key)
    more = msgspec.structs.replace(draft.deltas[0], emitted="1")
    for wrong in ({"deltas": (more,)}, {"data_hash": "0" * 64}):
        with pytest.raises(ProofFailed, match="the ledger's draft"):
            check_draft(msgspec.structs.replace(draft, **wrong), proof, log_key)


def test_an_import_that_reads_the_stream_back_does_not_bring_the_data_back(program: Program):
    reading = "mill/plant/electricity@7"
    program("redact", "ask", reading, *WHO)
    program("redact", "confirm", "mill/redactions@1", "--reason", "looked at")
    for file in program.home.glob("outbox/mill/*.sqlite*"):
        file.unlink()
    import_day(program, "mill/plant/electricity", day=2)
    again = program.run(
        "import", "day.csv", "--stream", "mill/plant/electricity", "--map", "map.toml", "--json"
    )
    assert (again.json["events_posted"], again.json["skipped"]) == (0, 96)
    write_day(program.folder)
    words = ("import", "day.csv", "--stream", "mill/plant/electricity", "--map", "map.toml")
    ended = program.run(*words, "--json")
    assert (ended.status, "is covered" in ended.out) == (1, True), ended.out
    assert mass_mg(program("footprint", "mill", *PERIOD)) == 2 * DAY_MG
