"""No file gives a reader data of a party that he may not read, whatever he asks for.

Acme and beta have handed power to each other, and each has answered: what one has said stands on
what the other has said. The operator has a target, a site of its own, and what it says of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import pytest

from ledger.carbon.area.events import TargetSet, TransferAcknowledged, TransferRecorded
from ledger.carbon.events import SiteRegistered
from ledger.carbon.organisation.events import AreaFactRecorded
from ledger.carbon.redaction.events import RedactionConfirmed
from ledger.errors import NotAuthorised, NotFound
from ledger.log.batch import parse_statement
from ledger.log.bundle import BundleEvent, read_bundle
from ledger.log.bundle_kinds import (
    AreaSubject,
    CompanySubject,
    CurrentSubject,
    EventSubject,
    InventorySubject,
    Subject,
    TargetSubject,
)
from ledger.log.names import event_ref, party_of
from ledger.parties.rules import place_of
from ledger.provenance import Verdict, verify_bundle
from ledger.service import Ledger
from ledger.service.reader import HOLDER, Reader
from ledger.service.sight import PUBLIC_PLACES, Sight
from tests.service.conftest import Place
from tests.service.test_privacy import KEYS, MONTH, furnish, post, streams_of
from tests.service.test_proving_seals import target
from tests.service.test_sealing import sealed
from tests.workload import OPERATOR, Workload, salt

BEFORE, SEAL = "operator/seals@1", "operator/seals@2"
SENT: Final = {"acme": "acme/register@6", "beta": "beta/register@6"}
ANSWERED: Final = {"acme": "acme/register@7", "beta": "beta/register@7"}
READERS: Final = {
    "anybody": None,
    "acme": Reader("acme", ("company",)),
    "beta": Reader("beta", ("company",)),
    "a certifier": Reader("surveyor", ("certifier",)),
}
SUPERVISOR: Final = Reader("inspectorate", ("regulator",))


async def prepared(ledger: Ledger) -> None:
    """A seal before the transfers, and one behind them."""
    for party in KEYS:
        await furnish(ledger, party)
    mine = SiteRegistered(salt=salt(), site="office", region="CN")
    await post(ledger, OPERATOR, "operator/register", mine, target())
    await sealed(ledger)
    for party, other in (("acme", "beta"), ("beta", "acme")):
        sent = TransferRecorded(
            salt=salt(),
            kind="pass-through",
            month=MONTH,
            stream=f"{party}/main",
            to=other,
            quantity="77.75",
            unit="kWh",
        )
        await post(ledger, KEYS[party], f"{party}/register", sent)
    for party, other in (("acme", "beta"), ("beta", "acme")):
        answer = TransferAcknowledged(
            salt=salt(),
            transfer=SENT[other],
            month=MONTH,
            stream=f"{party}/main",
            quantity="77.75",
            unit="kWh",
        )
        await post(ledger, KEYS[party], f"{party}/register", answer)
    await sealed(ledger)


def shown(data: bytes) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Stream, name and data of every event that a file shows."""
    for entry in read_bundle(data).entries:
        statement = parse_statement(entry.jws).statement
        events = entry.events if hasattr(entry, "events") else ()
        for event in events:
            if isinstance(event, BundleEvent):
                name = event_ref(statement.stream, statement.first + event.position)
                yield statement.stream, name, msgspec.json.decode(event.data)


def check_nothing_foreign(data: bytes, reader: Reader | None) -> None:
    for stream, name, event in shown(data):
        own = reader is not None and party_of(stream) == reader.party
        assert place_of(stream) in PUBLIC_PLACES or own or event["type"] == "TargetSet", name


async def verified(ledger: Ledger, subject: Subject, reader: Reader | None) -> Verdict:
    return verify_bundle(await ledger.prove(subject, reader=reader), ledger.log)


@pytest.mark.parametrize("who", READERS)
def test_a_file_about_any_event_shows_its_reader_nothing_of_others(place: Place, who: str):
    reader = READERS[who]

    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        asked = 0
        entries = await ledger.entry_tile(0, await ledger.size())
        for stream, last in sorted(streams_of(entries).items()):
            own = reader is not None and reader.may_read(party_of(stream))
            if not own and place_of(stream) not in PUBLIC_PLACES:
                continue
            for version in range(1, last + 1):
                subjects: list[Subject] = [EventSubject(event=event_ref(stream, version))]
                if place_of(stream) == "source":
                    subjects.append(CurrentSubject(event=event_ref(stream, version), seal=SEAL))
                for subject in subjects:
                    data = await ledger.prove(subject, reader=reader)
                    verify_bundle(data, ledger.log)
                    check_nothing_foreign(data, reader)
                    asked += 1
        assert asked >= 9  # the public ones

    place.run(work)


def test_an_answer_is_logged_for_its_author_and_derived_for_the_supervisor(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        whole = await ledger.prove(EventSubject(event=ANSWERED["acme"]), reader=SUPERVISOR)
        first = next(event for _, name, event in shown(whole) if name == "beta/register@1")
        assert verify_bundle(whole, ledger.log).strength == "re-derived"
        subject = EventSubject(event=ANSWERED["acme"])
        data = await ledger.prove(subject, reader=READERS["acme"])
        verdict = verify_bundle(data, ledger.log)
        assert (verdict.strength, verdict.withheld) == ("logged", (SENT["beta"],))
        assert first["salt"].encode() not in data
        assert b"beta/main" not in data
        withheld = await ledger.prove(subject, [SENT["beta"]], READERS["acme"])
        assert withheld == data

    place.run(work)


def test_an_inventory_that_stands_on_what_others_said_is_for_who_may_read_them(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        subject = InventorySubject(party="acme", seal=SEAL)
        with pytest.raises(NotAuthorised, match="beta") as refused:
            await ledger.prove(subject, reader=READERS["acme"])
        assert "regulator" in refused.value.advice
        assert "--method" in refused.value.advice
        for reader in (HOLDER, SUPERVISOR):
            assert (await verified(ledger, subject, reader)).strength == "re-derived"
        before = InventorySubject(party="acme", seal=BEFORE)
        data = await ledger.prove(before, reader=READERS["acme"])
        assert verify_bundle(data, ledger.log).strength == "re-derived"
        check_nothing_foreign(data, READERS["acme"])

    place.run(work)


PRIVATE: Final = (
    "acme/main@1",
    "acme/register@1",
    "acme/hall/corrections@1",
    "operator/register@1",
)
"""A reading, what opens all lines of a party, a correction, and what of the operator's is no target."""


@pytest.mark.parametrize("private", PRIVATE)
def test_nobody_gets_a_private_event_by_naming_it_in_a_public_claim(place: Place, private: str):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        for subject in (
            TargetSubject(seal=SEAL, target=private),
            TargetSubject(seal=private, target="operator/register@2"),
            AreaSubject(seal=private),
            CompanySubject(party="acme", seal=private),
        ):
            for reader in (None, READERS["beta"], HOLDER):
                with pytest.raises(NotFound):
                    await ledger.prove(subject, reader=reader)

    place.run(work)


def test_public_claims_show_public_events_and_the_target_alone(place: Place):
    async def work(ledger: Ledger, _: Workload) -> None:
        await prepared(ledger)
        for subject in (
            AreaSubject(seal=SEAL),
            CompanySubject(party="acme", seal=SEAL),
            TargetSubject(seal=SEAL, target="operator/register@2"),
        ):
            data = await ledger.prove(subject)
            assert verify_bundle(data, ledger.log).strength == "sealed"
            assert await ledger.prove(subject, reader=None) == data
            check_nothing_foreign(data, None)

    place.run(work)


def test_a_party_sees_what_the_operator_says_of_its_own():
    people = AreaFactRecorded(
        salt=salt(),
        fact="residents",
        period=("2018-01", "2019-01"),
        value="200",
        unit="person",
        sub_area="acme/yard-7",
    )
    confirmed = RedactionConfirmed(salt=salt(), event="acme/redactions@1", reason="looked at")
    for stream, event in (("operator/register", people), ("operator/redactions", confirmed)):
        seen = {who: Sight(one, "operator").covers(stream, event) for who, one in READERS.items()}
        assert seen == {"anybody": False, "acme": True, "beta": False, "a certifier": False}
        assert Sight(SUPERVISOR, "operator").covers(stream, event)


def test_a_target_is_public_where_it_is_the_areas():
    goal: TargetSet = target()
    assert Sight(None, "operator").covers("operator/register", goal)
    assert not Sight(None, "operator").covers("acme/register", goal)
    assert Sight(READERS["acme"], "operator").covers("acme/register", goal)
