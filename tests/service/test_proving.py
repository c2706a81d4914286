"""A file that shows where an event comes from: complete, minimal, and refused if a bit is flipped."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityWithdrawn,
    Document,
    FactorAssigned,
    FactorPublished,
)
from ledger.errors import LedgerError, NotFound
from ledger.provenance import Verdict, verify_bundle
from ledger.service import Ledger
from tests.service.conftest import Place
from tests.workload import COMPANY, OPERATOR, Workload, salt, stream

READING = f"{stream(0)}@3"
QUARTER = ("2001-01-01T00:30:00Z", "2001-01-01T00:45:00Z")


def corrected(quantity: str, supersedes: str | None = None) -> ActivityCorrected:
    return ActivityCorrected(
        salt=salt(),
        event=READING,
        reason="typing error",
        supersedes=supersedes,
        activity=ActivityBody(period=QUARTER, quantity=quantity),
    )


async def prepared(ledger: Ledger, workload: Workload) -> None:
    """Ten readings, of which the third is corrected twice; a factor that is replaced."""
    await ledger.post(workload.batch(0, 10))
    corrections = f"{stream(0)}/corrections"
    await ledger.post(workload.body(COMPANY, corrections, [corrected("100")]))
    await ledger.post(workload.body(COMPANY, corrections, [corrected("200", f"{corrections}@1")]))
    better = FactorPublished(
        salt=salt(),
        id="grid",
        version="2",
        activity="electricity.purchased",
        unit="kWh",
        kind="grid-average",
        region="CN",
        year=2024,
        valid=("2000-01-01", "2050-01-01"),
        gases_kg_per_unit={"CO2": "0.5"},
        source=Document(title="Synthetic", sha256=None),
    )
    await ledger.post(workload.body(OPERATOR, "operator/factors", [better]))
    assigned = FactorAssigned(
        salt=salt(),
        source=stream(0),
        role="location",
        factor="operator/grid@2",
        from_="2000-01-01T00:00:00Z",
        reason="published later",
    )
    await ledger.post(workload.body(COMPANY, "company/register", [assigned]))


def proofs(place: Place, *events: str) -> tuple[str, list[bytes]]:
    async def work(ledger: Ledger, workload: Workload) -> tuple[str, list[bytes]]:
        if await ledger.head(stream(0)) is None:
            await prepared(ledger, workload)
        return ledger.log, [await ledger.bundle(event) for event in events]

    return place.run(work)


def masses(verdict: Verdict) -> dict[str, str]:
    claimed: Any = verdict.claim
    return {
        f"{month} {role}": gases["CO2"]
        for month, roles in claimed["masses"].items()
        for role, gases in roles.items()
    }


def test_the_masses_of_a_reading_are_derived_with_its_corrections_and_its_new_factor(place: Place):
    log, (data,) = proofs(place, READING)
    verdict = verify_bundle(data, log)
    assert verdict.strength == "re-derived"
    assert masses(verdict) == {"2001-01 location": str(200 * 500_000)}
    assert verdict.claim["corrected_by"] == f"{stream(0)}/corrections@2"
    assert verdict.not_excluded


def test_a_withdrawn_reading_is_shown_as_withdrawn(place: Place):
    log, _ = proofs(place)

    async def withdraw(ledger: Ledger, workload: Workload) -> bytes:
        corrections = f"{stream(0)}/corrections"
        withdrawn = ActivityWithdrawn(
            salt=salt(), event=READING, reason="never happened", supersedes=f"{corrections}@2"
        )
        await ledger.post(workload.body(COMPANY, corrections, [withdrawn]))
        return await ledger.bundle(READING)

    verdict = verify_bundle(place.run(withdraw), log)
    assert verdict.claim["withdrawn"]
    assert masses(verdict) == {}


@pytest.mark.parametrize(
    "event",
    [
        READING,
        f"{stream(0)}@10",
        f"{stream(0)}/corrections@1",
        f"{stream(0)}/corrections@2",
        "company/register@1",
        "company/register@2",
        "company/register@22",
        "company/keys@1",
        "operator/factors@1",
        "operator/factors@2",
        "operator/ledger@1",
    ],
)
def test_every_kind_of_event_can_be_proven(place: Place, event: str):
    log, (data,) = proofs(place, event)
    assert verify_bundle(data, log).subject == {"event": event}


def test_a_file_shows_no_other_reading_of_its_batch(place: Place):
    _, (data,) = proofs(place, READING)
    assert data.count(b'"quantity"') == 3  # the reading and its two corrections


def test_a_flipped_bit_anywhere_is_refused(place: Place):
    """Every byte, each with one of its bits, and all bits of the subject."""
    log, (data,) = proofs(place, READING)
    verify_bundle(data, log)
    start = data.index(b'"subject"')
    flips = {(at, at % 8) for at in range(len(data))}
    flips |= {(at, bit) for at in range(start, len(data)) for bit in range(8)}
    accepted = []
    for at, bit in sorted(flips):
        broken = bytearray(data)
        broken[at] ^= 1 << bit
        try:
            verify_bundle(bytes(broken), log)
        except LedgerError:
            continue
        accepted.append((at, bit, data[max(0, at - 30) : at + 30]))
    assert accepted == []


def test_another_event_of_the_file_cannot_be_made_its_subject(place: Place):
    log, (data,) = proofs(place, "company/register@22")
    for other in ("company/register@2", "company/register@1", "operator/factors@2"):
        changed = data.replace(
            b'{"event":"company/register@22"}', b'{"event":"%s"}' % other.encode()
        )
        assert changed != data
        with pytest.raises(LedgerError):
            verify_bundle(changed, log)


def test_a_file_of_another_log_is_refused(place: Place):
    log, (data,) = proofs(place, READING)
    other = log.replace("ledger.example", "ledger.invalid")
    with pytest.raises(LedgerError):
        verify_bundle(data, other)


def test_an_event_that_does_not_exist_is_not_found(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        with pytest.raises(NotFound):
            await ledger.bundle(f"{stream(0)}@99999")

    place.run(work)
