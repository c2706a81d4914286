"""Meters that are replaced, and power that a landlord resells, from the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.store.embedded import EmbeddedServer
from tests.e2e.cli_program import Program, add_company, open_ledger
from tests.faults.embedded_land import temporary_home

HOUSE, SHOP = "landlord/plant/electricity", "tenant/plant/electricity"
MARCH = ("2026-03-01", "2026-04-01")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with temporary_home() as home, EmbeddedServer(home):
        program = Program(home, tmp_path_factory.mktemp("desk"))
        open_ledger(program)
        for party, stream, quantity in (("landlord", HOUSE, "2000000"), ("tenant", SHOP, "300000")):
            assert add_company(program, party) == stream
            program("record", stream, "--period", *MARCH, "--quantity", quantity)
        yield program


def resold(program: Program, *more: str) -> str:
    kind = ("--kind", "pass-through", "--month", "2026-03", "--to", "tenant")
    found = program("transfer", "record", HOUSE, *kind, "--unit", "kWh", *more)
    assert found["to"] == "tenant"
    return str(found["event"])


def received(event: str, quantity: str, *more: str) -> tuple[str, ...]:
    said = ("--stream", SHOP, "--month", "2026-03", "--unit", "kWh", "--quantity", quantity)
    return ("transfer", "acknowledge", event, *said, *more)


def test_what_is_resold_is_recorded_acknowledged_and_taken_back(program: Program):
    event = resold(program, "--quantity", "300000", "--reference", "INV-3")
    first = program(*received(event, "280000"))
    assert first["transfer"] == event
    twice = program.refused(*received(event, "300000"), status=1)
    assert first["event"] in twice["expected"]
    program(*received(event, "300000", "--supersedes", first["event"]))
    program("transfer", "withdraw", event, "--month", "2026-03", "--reason", "billed twice")
    program.refused(*received(event, "300000"), status=1)


def test_a_receiver_finds_what_it_may_acknowledge(program: Program):
    event = resold(program, "--quantity", "4", "--reference", "INV-4")
    whole = program("transfer", "list", "tenant", "--month", "2026-03")["transfers"]
    assert event in [one["event"] for one in whole if one["state"] == "open"]
    assert HOUSE not in str(whole)
    program(*received(event, "0.003", "--unit", "MWh"))
    [found] = [
        one
        for one in program("transfer", "list", "landlord", "--period", "2026")["transfers"]
        if one["event"] == event
    ]
    assert (found["state"], found["acknowledged"]) == ("differs", ["0.003", "MWh"])
    assert (found["stream"], found["other"]) == (HOUSE, "tenant")
    assert program("transfer", "list", "operator")["transfers"] == []
    assert program("transfer", "list", "--as", "tenant", "--month", "2026-04")["transfers"] == []
    nothing = program.run("transfer", "list", "operator")
    assert nothing.out == "operator sent and received nothing.\n"
    for wrong in ((), ("tenant", "--month", "2026-03", "--period", "2026")):
        program.refused("transfer", "list", *wrong, status=2)


def test_a_transfer_goes_to_a_party_or_out_of_the_area(program: Program):
    said = ("--kind", "pass-through", "--month", "2026-03", "--quantity", "1", "--unit", "kWh")
    for more in ((), ("--to", "tenant", "--out")):
        program.refused("transfer", "record", HOUSE, *said, *more, status=2)
    program.refused("transfer", "record", HOUSE, *said, "--out", status=1)
    program.refused("transfer", "record", HOUSE, *said, "--to", "nobody", status=1)
    program.refused(
        "transfer", "record", HOUSE, *said, "--to", "tenant", "--factor", "market=x", status=2
    )


def test_a_meter_is_replaced(program: Program):
    stream = "landlord/plant/lift"
    program(
        "source", "add", stream, "--activity", "electricity.purchased", "--unit", "kWh", "--scope",
        "2", "--key-area", "planning", "--factor", "location=grid-jiangsu@2023",
    )  # fmt: skip
    swap = "2026-03-11T10:30"
    program(
        "meter",
        "install",
        stream,
        "m-1",
        "--at",
        "2026-03-01",
        "--register",
        "100",
        "--digits",
        "5",
    )
    shown = ("--register", "m-1", "100", "150", "--digits", "5")
    program("record", stream, "--period", "2026-03-01", swap, *shown)
    away = ("meter", "remove", stream, "m-1", "--at", swap, "--reason", "worn out", "--register")
    early = program.refused(*away, "160", status=1)
    assert early["expected"].startswith("150, where")
    program(*away, "150")
    new = ("m-2", "--at", swap, "--register", "7.25", "--digits", "6")
    assert program("meter", "install", stream, *new)["meter"] == "m-2"
    shown = ("--register", "m-2", "7.25", "20.5", "--digits", "6")
    program("record", stream, "--period", swap, "2026-04-01", *shown)
    found = program("footprint", "landlord", "--period", "2026-03")
    quantities = {one["stream"]: one["quantity"] for one in found["sources"]}
    assert quantities[stream] == "63.25"
