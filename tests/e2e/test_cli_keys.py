"""Keys over time, with the program: made at home, narrow, rotated, revoked, lost and recovered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import (
    Program,
    add_company,
    add_meter,
    import_day,
    open_ledger,
    write_day,
)
from tests.faults.embedded_land import temporary_home


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A ledger whose database runs all the time."""
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        yield program


def thumbprints(program: Program, party: str) -> list[str]:
    """The party's keys that are in force."""
    keys = program("key", "list", party)["keys"]
    return [one["key"] for one in keys if one["registered"] and one["revoked"] is None]


def test_opening_a_ledger_tells_to_move_the_recovery_key_away(tmp_path: Path):
    with temporary_home() as home:
        ended = Program(home, tmp_path).run("init", "--operator", "park-office")
        assert ended.status == 0
        files = list((home / "recovery" / "park-office").iterdir())
        assert len(files) == 1
        assert files[0].stat().st_mode & 0o777 == 0o600
        assert str(files[0]) in ended.err
        assert "Move the recovery key off this machine" in ended.err
        assert files[0].stem not in ended.out
        assert not list((home / "keys" / "park-office").glob(files[0].name))


def test_a_company_makes_its_key_at_home_and_the_operator_never_sees_it(
    program: Program, tmp_path: Path
):
    at_home = Program(tmp_path / "acme", tmp_path)
    log_key = program("status")["log_key"]
    request = tmp_path / "request.json"
    made = at_home("key", "new", "acme", "--log-key", log_key, "-o", str(request))
    assert Path(made["key_file"]).stat().st_mode & 0o777 == 0o600
    assert json.loads(Path(made["key_file"]).read_text())["d"] not in request.read_text()
    words: tuple[str, ...] = ("party", "add", "acme", "--role", "company", "--name", "Acme")
    added = program(*words, "--request", str(request))
    assert added["key"] == made["key"]
    assert added["key_file"] is None
    assert not (program.home / "keys" / "acme").exists()
    assert thumbprints(program, "acme") == [made["key"]]


def test_a_request_for_another_party_or_log_is_refused(program: Program, tmp_path: Path):
    at_home = Program(tmp_path / "mall", tmp_path)
    log_key = program("status")["log_key"]
    at_home("key", "new", "mall", "--log-key", log_key, "-o", "one.json")
    words: tuple[str, ...] = ("party", "add", "mill", "--role", "company", "--name", "Mill")
    error = program.refused(*words, "--request", str(tmp_path / "one.json"), status=2)
    assert error["code"] == "bad-file"
    other = "ledger.example/log+48d4f098+AShBGpg6pQnMJa9OaYXldlR2VOMFpCwhYHz5XZi7e5zI"
    at_home("key", "new", "mall", "--log-key", other, "-o", "two.json")
    words = ("party", "add", "mall", "--role", "company", "--name", "Mall")
    program.refused(*words, "--request", str(tmp_path / "two.json"), status=2)


def test_a_request_is_not_overwritten(program: Program, tmp_path: Path):
    (tmp_path / "kept.json").write_text("mine")
    at_home = Program(tmp_path / "home", tmp_path)
    log_key = program("status")["log_key"]
    at_home.refused("key", "new", "acme", "--log-key", log_key, "-o", "kept.json", status=2)
    assert (tmp_path / "kept.json").read_text() == "mine"
    assert not (tmp_path / "home" / "keys").exists()


def test_a_key_made_in_the_operators_home_is_announced(program: Program):
    words: tuple[str, ...] = ("party", "add", "bakery", "--role", "company", "--name", "Bakery")
    ended = program.run(*words)
    assert ended.status == 0
    assert "was made in this home" in ended.err
    assert "can sign for this party" in ended.err


def test_a_meters_key_covers_its_stream_and_no_longer_name(program: Program):
    stream = add_company(program, "plant")
    program("site", "add", "plant/plant-10", "--region", "CN-JS")
    other = f"{stream}-10"
    program(
        "source", "add", other, "--activity", "electricity.purchased", "--unit", "kWh",
        "--scope", "2", "--key-area", "industry", "--site", "plant-10",
        "--factor", "location=grid-jiangsu@2023",
    )  # fmt: skip
    added = program("key", "add", "plant", "--scope", stream, "--type", "ActivityRecorded")
    write_day(program.folder)
    words: tuple[str, ...] = ("--map", "map.toml", "--key", added["key"])
    refused = program.refused("import", "day.csv", "--stream", other, *words, status=1)
    assert refused["code"] == "not-authorised"
    posted = program("import", "day.csv", "--stream", stream, *words)
    assert posted["events_posted"] == 96
    # Without --key the one that may say it is chosen: here the admin's.
    assert import_day(program, other)["events_posted"] == 96
    words = ("correct", f"{stream}@1", "--quantity", "1", "--reason", "x", "--key", added["key"])
    assert program.refused(*words, status=1)["code"] == "not-authorised"


def test_a_rotated_key_signs_no_more_and_the_new_one_does(program: Program):
    stream = add_company(program, "tower")
    old = thumbprints(program, "tower")[0]
    rotated = program("key", "rotate", "tower")
    assert rotated["revoked"] == old
    assert thumbprints(program, "tower") == [rotated["key"]]
    assert import_day(program, stream)["events_posted"] == 96
    words: tuple[str, ...] = ("site", "add", "tower/annex", "--region", "CN-JS")
    assert program.refused(*words, "--key", old, status=1)["code"] == "not-authorised"
    assert program(*words)["event"].startswith("tower/register@")


def test_a_revoked_key_signs_no_more(program: Program):
    stream = add_company(program, "forge")
    added = program("key", "add", "forge", "--scope", "forge/", "--read")
    program("key", "revoke", "forge", added["key"], "--reason", "meter replaced")
    write_day(program.folder)
    words: tuple[str, ...] = (
        "import",
        "day.csv",
        "--stream",
        stream,
        "--map",
        "map.toml",
        "--key",
        added["key"],
    )
    assert program.refused(*words, status=1)["code"] == "not-authorised"
    shown = program.run("key", "list", "forge").out
    assert "revoked" in shown


def test_a_revoked_key_is_declared_compromised_and_the_party_stands_by_an_entry(program: Program):
    stream = add_company(program, "dairy")
    added = program("key", "add", "dairy", "--scope", stream)
    write_day(program.folder)
    words: tuple[str, ...] = ("--map", "map.toml", "--key", added["key"])
    program("import", "day.csv", "--stream", stream, *words)
    entry = program("status")["size"] - 1
    program("key", "revoke", "dairy", added["key"], "--reason", "meter replaced")
    words = ("key", "revoke", "dairy", added["key"], "--reason", "was copied")
    assert program.refused(*words, status=1)["expected"] == "a key that is not revoked"
    program(*words, "--compromised-from", str(entry))
    assert f"disputed from {entry}" in program.run("key", "list", "dairy").out
    [open_] = program("key", "disputes", "dairy")["disputes"]
    assert (open_["index"], open_["key"], open_["stream"]) == (entry, added["key"], stream)
    assert (open_["count"], open_["settled"]) == (96, 0)
    shown = program.run("key", "disputes").out
    assert f"{stream}@1-96" in shown
    assert "0 of 96" in shown
    confirm = ("key", "confirm", "dairy", added["key"], "--reason", "compared with the bill")
    for entries in ("12", "5:3", "5:5"):
        error = program.refused(*confirm, "--entries", entries, status=2)
        assert error["what"] == "--entries"
        assert error["advice"].endswith("carbon-ledger key disputes dairy")
    for entries in ("-3:-2", "-1:4", "4:-1"):
        error = program.refused(*confirm, "--entries", entries, status=2)
        assert error["expected"] == "two indexes of this log, from 0 on"
        assert "carbon-ledger correct" in error["advice"]
    sound = ("key", "confirm", "dairy", program("key", "list", "dairy")["keys"][0]["key"])
    error = program.refused(*sound, "--reason", "why", "--entries", "0:1", status=1)
    assert "key revoke --compromised-from" in error["advice"]
    outside = f"{entry - 1}:{entry + 1}"
    assert "disputed" in program.refused(*confirm, "--entries", outside, status=1)["expected"]
    confirmed = program(*confirm, "--entries", f"{entry}:{entry + 1}")
    assert confirmed["entries"] == [entry, entry + 1]
    assert program("key", "disputes", "dairy")["disputes"] == []
    assert program.run("key", "disputes").out == "No entry is disputed.\n"
    shown = next(
        one for one in program("key", "list", "dairy")["keys"] if one["key"] == added["key"]
    )
    assert (shown["compromised_from"], shown["confirmed"]) == (entry, [[entry, entry + 1]])
    assert program("audit")["ok"] is True


def test_a_key_that_somebody_else_revoked_is_not_chosen(program: Program):
    add_company(program, "garage")
    added = program("key", "add", "garage", "--admin", "--scope", "garage/")
    program("key", "revoke", "garage", added["key"], "--reason", "stolen")
    # As it lies in a home that was not told.
    retired = next((program.home / "keys" / "garage").glob("*.retired"))
    retired.rename(retired.with_suffix(""))
    assert program("site", "add", "garage/yard", "--region", "CN-JS")["site"] == "garage/yard"


def test_the_operator_revokes_and_recovers_for_a_party_that_lost_its_keys(
    program: Program, tmp_path: Path
):
    log_key = program("status")["log_key"]
    at_home = Program(tmp_path / "one", tmp_path)
    at_home("key", "new", "quarry", "--log-key", log_key, "-o", "one.json")
    words: tuple[str, ...] = ("party", "add", "quarry", "--role", "company", "--name", "Quarry")
    added = program(*words, "--request", str(tmp_path / "one.json"))
    shutil.rmtree(tmp_path / "one")
    at_home("key", "new", "quarry", "--log-key", log_key, "-o", "two.json")
    (tmp_path / "letter.pdf").write_bytes(b"We lost our laptop.")
    words = ("key", "recover", "quarry", "--request", str(tmp_path / "two.json"))
    words = (*words, "--reason", "laptop lost", "--replaces", added["key"])
    assert "--evidence" in program.refused(*words, status=2)["what"]
    recovered = program(*words, "--evidence", str(tmp_path / "letter.pdf"))
    assert thumbprints(program, "quarry") == [recovered["key"]]
    words = ("key", "revoke", "quarry", recovered["key"], "--reason", "stolen")
    assert program(*words)["author"] == "operator"
    assert thumbprints(program, "quarry") == []


def test_the_operators_own_key_is_recovered_with_the_key_that_was_moved_away(tmp_path: Path):
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path)
        open_ledger(program)
        lost = thumbprints(program, "operator")[0]
        moved = tmp_path / "stick.json"
        shutil.move(next((home / "recovery" / "operator").iterdir()), moved)
        # Its name says which key it is.
        words: tuple[str, ...] = (
            "key",
            "recover",
            "operator",
            "--reason",
            "stolen",
            "--replaces",
            lost,
        )
        assert "--recovery-key" in program.refused(*words, status=2)["what"]
        recovery = next(
            one["key"] for one in program("key", "list", "operator")["keys"] if not one["scope"]
        )
        named = tmp_path / f"{recovery}.json"
        moved.rename(named)
        recovered = program(*words, "--recovery-key", str(named))
        assert recovered["key"] in thumbprints(program, "operator")
        assert lost not in thumbprints(program, "operator")
        words = ("key", "revoke", "operator", lost, "--reason", "stolen with the laptop")
        program(*words, "--compromised-from", "0")
        add_company(program, "steelworks")
        assert program("audit")["ok"] is True


def test_a_second_meter_of_a_party_needs_no_new_key(program: Program):
    program("party", "add", "school", "--role", "public-body", "--name", "School")
    add_meter(program, "school")
    assert len(thumbprints(program, "school")) == 1


def test_a_party_does_not_revoke_its_last_admin_key_by_accident(program: Program):
    program("party", "add", "brewery", "--role", "company", "--name", "Brewery")
    [key] = thumbprints(program, "brewery")
    words = ("key", "revoke", "brewery", key, "--reason", "tidying", "--as", "brewery")
    assert "--last" in program.refused(*words, status=1)["advice"]
    program(*words, "--last")
    assert thumbprints(program, "brewery") == []


def test_nobody_signs_as_another_party_than_the_one_that_speaks(program: Program):
    program("party", "add", "laundry", "--role", "company", "--name", "Laundry")
    before = program("status")["events"]
    site = ("site", "add", "laundry/shop", "--region", "CN-JS")
    error = program.refused(*site, "--as", "operator", status=2)
    assert (error["found"], error["expected"]) == ("operator", "laundry, which alone signs this")
    assert "--as" in error["advice"]
    asked = ("party", "add", "mill", "--role", "company", "--name", "Mill")
    assert program.refused(*asked, "--as", "laundry", status=2)["expected"].startswith("operator")
    assert program("status")["events"] == before
    program(*site, "--as", "laundry")
