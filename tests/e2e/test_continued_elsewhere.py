"""A log that goes on in another one, seen from outside: what is taken away from it, watched and replayed.

One home with two days of a company, sealed before the end and after it; each day weighs DAY_MG.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.client.checkpoint_memory import CheckpointMemory
from ledger.client.monitor.kept import Kept
from ledger.log.note import parse_vkey
from ledger.witness.home import WitnessHome
from tests.e2e.cli_program import DAY_MG, Program, add_company, import_day, open_ledger
from tests.e2e.test_cli_elsewhere import Service
from tests.faults.embedded_land import temporary_home

SECOND = "ledger.example/second"


@pytest.fixture(scope="module")
def continued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, str, str, str]]:
    """The operator's program in the new home, the address, and the log keys of both logs."""
    folder = tmp_path_factory.mktemp("office")
    with temporary_home() as old_home, temporary_home() as new_home:
        old, new = Program(old_home, folder), Program(new_home, folder)
        before = open_ledger(old)
        import_day(old, add_company(old, "acme"), day=1)
        old("party", "add", "bureau", "--role", "regulator", "--name", "Bureau")
        old("seal", "make", "--period", "2018-01", "--view", "companies")
        after = str(new("continue", str(old_home), "--origin", SECOND)["log_key"])
        import_day(new, "acme/plant/electricity", day=2)
        new("seal", "make", "--period", "2018-01", "--view", "companies")
        service = Service(new)
        try:
            yield new, service.url, before, after
        finally:
            service.end()


Continued = tuple[Program, str, str, str]


def sums(mass_mg: int) -> dict[str, Any]:
    return {"CO2": {"biogenic": "0", "emitted": str(mass_mg), "removed": "0"}}


def test_a_company_takes_away_all_that_its_sums_follow_from_in_both_logs(continued: Continued):
    operator, _, _, log_key = continued
    for seal, mass_mg in (("1", DAY_MG), ("2", 2 * DAY_MG)):
        file = f"all-{seal}.json"
        made = operator("prove", "--company", "acme", "--seal", seal, "--full", "-o", file)
        assert made["log_key"] == log_key
        found = operator("verify", file, "--log-key", log_key)
        assert (found["kind"], found["strength"]) == ("company-inventory", "re-derived")
        assert found["claim"] == {"party": "acme", "sums": sums(mass_mg)}
        assert "earlier-history" in found["not_excluded"]


def test_a_figure_is_derived_from_both_logs(continued: Continued):
    operator, _, _, log_key = continued
    words = ("report", "ghg-protocol", "--company", "acme", "--period", "2018-01")
    for size, mass_mg in (((), 2 * DAY_MG), (("--as-of", "0"), DAY_MG)):
        report = operator(*words, *size)
        rows = [row for table in report["tables"] for row in table["rows"]]
        figures = [one for row in rows for one in row["figures"] if one]
        figure = next(one["id"] for one in figures if one["value"] == str(mass_mg))
        operator("prove", "--figure", figure, "-o", "figure.json")
        found = operator("verify", "figure.json", "--log-key", log_key)
        assert found["claim"] == {"figure": figure, "unit": "mg", "value": str(mass_mg)}
        assert found["strength"] == "re-derived"


def test_people_read_an_earlier_logs_own_numbers(continued: Continued):
    operator, url, before, _ = continued
    first, second = operator("seal", "list")["seals"]
    [ended] = operator("status")["earlier"]
    assert (first["size"], first["index"], second["size"] > 0) == (-1, -1, True)
    assert ended["origin"] == parse_vkey(before).name
    covered = f"{ended['size'] - 1} of {ended['origin']}"
    entry = f"entry {ended['size'] - 1} of the earlier log {ended['origin']}"
    proof = ("prove", "--company", "acme", "--seal", "1", "-o", "sums.json")
    for words, told in (
        (("seal", "list"), covered),
        (("seal", "show", "1"), entry),
        (proof, f"up to size {covered};"),
        (("key", "list", "acme"), f"of {ended['origin']}"),
    ):
        shown = operator.run(*words).out
        assert told in shown
        assert re.findall(r"(?:size|entry|from|^|\s{2})\s*-[0-9]", shown) == []
    assert f"log size {covered}; {entry} holds the seal" in httpx.get(f"{url}/seals/1").text
    assert (
        f"<code>{ended['origin']}</code>, {ended['size']} entries, none lost" in httpx.get(url).text
    )


def test_a_stranger_follows_both_logs_and_checks_their_seals(continued: Continued, tmp_path: Path):
    _, url, before, log_key = continued
    stranger = Program(tmp_path / "stranger", tmp_path)
    call = ("watch", url, "--once", "--log-key", log_key, "--state", "kept", "--party", "acme")
    ended = stranger.run(*call)
    assert (ended.status, ended.err) == (0, "")
    with Kept(tmp_path / "kept") as kept:
        assert list(kept.checked_seals().values()) == [""]
    with Kept(tmp_path / "kept" / "before") as kept:
        assert kept.vkey == before
        assert list(kept.checked_seals().values()) == [""]
    # The log that ended is still shown, and its own key still opens it: but nothing is posted there.
    ended = stranger.run("watch", url, "--once", "--log-key", before, "--state", "old")
    assert (ended.status, ended.err) == (1, "")
    assert "WRONG  this log has ended, as the ledger says" in ended.out
    assert log_key in ended.out


def test_a_company_goes_on_when_it_has_compared_the_key_and_moved_what_it_remembers(
    continued: Continued, tmp_path: Path
):
    operator, url, before, log_key = continued
    shutil.copytree(operator.home / "keys" / "acme", tmp_path / "home" / "keys" / "acme")
    acme = Program(tmp_path / "home", tmp_path, CARBON_LEDGER_URL=url)
    memory = tmp_path / "home" / "outbox" / "acme"
    CheckpointMemory(memory / "checkpoint").check_log(before)
    words = ("site", "add", "acme/annex", "--region", "CN-JS")
    for asked in (words, ("footprint", "acme", "--period", "2018")):
        error = acme.refused(*asked, status=1)
        assert (error["expected"], error["found"]) == (before, log_key)
        assert f"move {memory} away" in error["advice"]
    memory.rename(tmp_path / "of-the-first-log")
    assert acme(*words)["site"] == "acme/annex"


def test_a_size_of_the_earlier_log_is_asked_of_its_own_home(continued: Continued):
    operator, _, _, _ = continued
    words = ("footprint", "acme", "--period", "2018", "--as-of", "99")
    error = operator.refused(*words, status=2)
    assert "Size 0 is the end of ledger.example/log" in error["advice"]


def test_a_regulator_replays_both_logs(continued: Continued, tmp_path: Path):
    operator, url, before, log_key = continued
    shutil.copytree(operator.home / "keys" / "bureau", tmp_path / "home" / "keys" / "bureau")
    bureau = Program(tmp_path / "home", tmp_path)
    bureau("witness", "init", "--name", "bureau.example/replay", "--replay")
    logs = bureau.home / "replay" / "logs"
    logs.write_text(f"{before}\n")
    memory = bureau.home / "outbox" / "bureau"
    CheckpointMemory(memory / "checkpoint").check_log(before)
    replay = ("witness", "replay", url, "--once")
    assert f"move {memory} away" in bureau.refused(*replay, status=1)["advice"]
    memory.rename(tmp_path / "of-the-first-log")
    advice = bureau.refused(*replay, status=1)["advice"]
    assert "it continues ledger.example/log, which this witness replays" in advice
    logs.write_text(f"{before}\n{log_key}\n")
    found = bureau("witness", "replay", url, "--once", "-o", "cosigned")
    size = operator("status")["size"]
    assert (found["origin"], found["size"]) == (SECOND, size)
    assert found["earlier"] == operator("status")["earlier"][0]["size"]
    told = bureau.run("witness", "replay", url, "--once").out
    assert f"{size} entries, and {found['earlier']} of the logs that it continues" in told
    (vkey,) = WitnessHome(bureau.home / "replay").about().vkeys
    operator("prove", "--company", "acme", "--seal", "2", "-o", "s.json")
    verified = operator("verify", "s.json", "--log-key", log_key, "--replayed", f"regulator={vkey}")
    assert verified["claim"]["sums"] == sums(2 * DAY_MG)
