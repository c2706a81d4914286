"""A company's data never reaches another: not by a proof, and not by the way it is refused.

Two companies of equal make: each has a site, a factor of its supplier, a main meter, a meter behind
it, a numbered bill, a reading and its correction, and hands power on to a third party. What one may
find out about the other is what is public: names of parties, keys, streams, and factors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import pytest

from ledger.carbon.area.events import TransferAcknowledged, TransferRecorded, TransferWithdrawn
from ledger.carbon.events import (
    ActivityBody,
    ActivityCorrected,
    ActivityRecorded,
    ActivityWithdrawn,
    Document,
    FactorAssigned,
    FactorPublished,
    SiteRegistered,
    SourceAmended,
    SourceClosed,
    SourceRegistered,
)
from ledger.errors import LedgerError, NotFound
from ledger.log.batch import build, parse_statement
from ledger.log.bundle import BundleEntry, BundleEvent, read_bundle
from ledger.log.bundle_proof import open_bundle
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.names import party_of
from ledger.parties.events import Jwk, PartyRegistered
from ledger.parties.rules import place_of
from ledger.service import Ledger
from ledger.service.sight import PUBLIC_PLACES
from tests.service.conftest import Place
from tests.workload import OPERATOR, SIGNED_AT, Workload, salt

KEYS: Final = {
    "acme": PrivateKey.from_seed(bytes([31]) * 32),
    "beta": PrivateKey.from_seed(bytes([32]) * 32),
}
DAY: Final = ("2018-03-01T00:00:00+08:00", "2018-03-02T00:00:00+08:00")
MONTH: Final = "2018-03"
NEXT: Final = ("2018-03-02T00:00:00+08:00", "2018-03-03T00:00:00+08:00")


def source(stream: str, **more: object) -> SourceRegistered:
    members = {
        "site": "yard-7",
        "activity": "electricity.purchased",
        "unit": "kWh",
        "scope": 2,
        "key_area": "industry",
        "kind": "continuous",
        "factors": {"location": "operator/grid@1"},
        **more,
    }
    return SourceRegistered(salt=salt(), stream=stream, **members)  # type: ignore[arg-type]


async def post(ledger: Ledger, key: PrivateKey, stream: str, *events: msgspec.Struct) -> None:
    head = await ledger.head(stream)
    version, leaf = (head.version, head.leaf) if head else (0, ZEROS_HEX)
    lines = [(type(event).__name__, encode_struct(event)) for event in events]
    await ledger.post(build(key, ledger.log, stream, version + 1, leaf, lines, None, SIGNED_AT))


async def furnish(ledger: Ledger, party: str) -> None:
    """Everything that a company has."""
    key = KEYS[party]
    registered = PartyRegistered(
        salt=salt(),
        name=party,
        roles=("company",),
        key=Jwk(**key.public.jwk),
        proof=possession_proof(key, ledger.log, party),
    )
    await post(ledger, OPERATOR, f"{party}/keys", registered)
    supplier = FactorPublished(
        salt=salt(),
        id="supplier",
        version="1",
        activity="electricity.purchased",
        unit="kWh",
        kind="supplier",
        region="CN",
        year=2018,
        valid=("2018-01-01", "2027-01-01"),
        gases_kg_per_unit={"CO2": "0.123"},
        source=Document(title="Contract", sha256=None),
    )
    await post(ledger, key, f"{party}/factors", supplier)
    await post(
        ledger,
        key,
        f"{party}/register",
        SiteRegistered(salt=salt(), site="yard-7", region="CN"),
        source(
            f"{party}/main",
            factors={"location": "operator/grid@1", "market": f"{party}/supplier@1"},
        ),
        source(f"{party}/hall", part_of=f"{party}/main"),
        source(f"{party}/bills", kind="discrete"),
        TransferRecorded(
            salt=salt(),
            kind="pass-through",
            month=MONTH,
            stream=f"{party}/main",
            to="operator",
            quantity="777",
            unit="kWh",
        ),
    )
    for stream, number in (
        (f"{party}/main", None),
        (f"{party}/hall", None),
        (f"{party}/bills", "N-1"),
    ):
        reading = ActivityRecorded(salt=salt(), period=DAY, quantity="777.5", reference=number)
        await post(ledger, key, stream, reading)
    corrected = ActivityCorrected(
        salt=salt(),
        event=f"{party}/hall@1",
        reason="misread",
        activity=ActivityBody(period=DAY, quantity="778"),
    )
    await post(ledger, key, f"{party}/hall/corrections", corrected)


def test_a_proof_shows_no_private_event_of_anybody_else(place: Place):
    """For every event of the ledger: what is public shows only what is public, and what is one's
    own shows only what is one's own or public.
    """

    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        proven = 0
        entries = await ledger.entry_tile(0, await ledger.size())
        for stream, last in sorted(streams_of(entries).items()):
            for version in range(1, last + 1):
                bundle = read_bundle(await ledger.bundle(f"{stream}@{version}"))
                open_bundle(bundle, ledger.log)
                shown = {
                    parse_statement(entry.jws).statement.stream
                    for entry in bundle.entries
                    if isinstance(entry, BundleEntry)
                    and any(isinstance(event, BundleEvent) for event in entry.events)
                }
                private = {one for one in shown if place_of(one) not in PUBLIC_PLACES}
                if place_of(stream) in PUBLIC_PLACES:
                    assert private == set(), stream
                else:
                    assert {party_of(one) for one in private} == {party_of(stream)}, stream
                proven += 1
        assert proven > 2 * 10

    place.run(work)


Probe = Callable[[str], tuple[str, Sequence[msgspec.Struct]]]
"""From a thing's name to what beta says about it, and in which of its streams."""

PROBES: Final[dict[str, tuple[Probe, str, str]]] = {
    "a factor": (
        lambda name: ("beta/register", [source("beta/new", factors={"location": name})]),
        "acme/supplier@1",
        "acme/nothing@1",
    ),
    "a factor of a reading": (
        lambda name: (
            "beta/main",
            [ActivityRecorded(salt=salt(), period=NEXT, quantity="1", factors={"location": name})],
        ),
        "acme/supplier@1",
        "acme/nothing@1",
    ),
    "a factor that is assigned": (
        lambda name: (
            "beta/register",
            [
                FactorAssigned(
                    salt=salt(),
                    source="beta/main",
                    role="market",
                    factor=name,
                    from_=DAY[0],
                    reason="x",
                )
            ],
        ),
        "acme/supplier@1",
        "acme/nothing@1",
    ),
    "a main meter": (
        lambda name: ("beta/register", [source("beta/new", part_of=name)]),
        "acme/main",
        "acme/nothing",
    ),
    "a site": (
        lambda name: ("beta/register", [source("acme/new", site=name)]),
        "yard-7",
        "yard-8",
    ),
    "a source": (
        lambda name: ("beta/register", [source(name)]),
        "acme/main",
        "acme/nothing",
    ),
    "a source that is amended": (
        lambda name: (
            "beta/register",
            [SourceAmended(salt=salt(), source=name, from_=DAY[0], reason="x", name="y")],
        ),
        "acme/main",
        "acme/nothing",
    ),
    "a source that is closed": (
        lambda name: (
            "beta/register",
            [SourceClosed(salt=salt(), source=name, at=NEXT[1], reason="x")],
        ),
        "acme/main",
        "acme/nothing",
    ),
    "an event that is withdrawn": (
        lambda name: (
            "beta/hall/corrections",
            [ActivityWithdrawn(salt=salt(), event=name, reason="x")],
        ),
        "acme/hall@1",
        "acme/nothing@1",
    ),
    "a transfer that is acknowledged": (
        lambda name: (
            "beta/register",
            [
                TransferAcknowledged(
                    salt=salt(),
                    transfer=name,
                    month=MONTH,
                    stream="beta/main",
                    quantity="1",
                    unit="kWh",
                )
            ],
        ),
        "acme/register@5",
        "acme/register@9",
    ),
    "a transfer that is withdrawn": (
        lambda name: (
            "beta/register",
            [TransferWithdrawn(salt=salt(), transfer=name, month=MONTH, reason="x")],
        ),
        "acme/register@5",
        "acme/register@9",
    ),
}


@pytest.mark.parametrize("thing", PROBES)
def test_a_refusal_tells_nothing_of_what_another_company_has(place: Place, thing: str):
    """What exists and what does not are refused in the same words."""
    probe, existing, missing = PROBES[thing]

    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        said = []
        for name in (existing, missing):
            stream, events = probe(name)
            with pytest.raises(LedgerError) as refused:
                await post(ledger, KEYS["beta"], stream, *events)
            said.append((type(refused.value), str(refused.value).replace(name, "it")))
        assert said[0] == said[1]
        assert "777" not in str(said)

    place.run(work)


def test_nobody_learns_of_a_number_or_a_time_by_posting_into_anothers_stream(place: Place):
    """The key is judged before the event: a taken reference and a free one meet the same refusal."""

    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        for stream, one, other in (
            (
                "acme/bills",
                ActivityRecorded(salt=salt(), period=NEXT, quantity="1", reference="N-1"),
                ActivityRecorded(salt=salt(), period=NEXT, quantity="1", reference="N-2"),
            ),
            (
                "acme/main",
                ActivityRecorded(salt=salt(), period=DAY, quantity="1"),
                ActivityRecorded(salt=salt(), period=NEXT, quantity="1"),
            ),
        ):
            said = []
            for event in (one, other):
                with pytest.raises(LedgerError) as refused:
                    await post(ledger, KEYS["beta"], stream, event)
                said.append(str(refused.value))
            assert said[0] == said[1]
            assert "another party" in said[0]

    place.run(work)


def test_a_transfer_tells_its_receiver_what_it_says_and_a_third_party_nothing(place: Place):
    """The receiver learns event, month and quantity, not from which stream, nor at which factor."""

    async def work(ledger: Ledger, _: Workload) -> None:
        for party in KEYS:
            await furnish(ledger, party)
        received = await ledger.transfers("operator", (MONTH, MONTH))
        assert [(one.event, one.side, one.other, one.state) for one in received] == [
            (f"{party}/register@5", "received", party, "open") for party in KEYS
        ]
        assert "main" not in str(received)
        (own,) = await ledger.transfers("beta")
        assert (own.event, own.side, own.stream) == ("beta/register@5", "sent", "beta/main")
        assert "acme" not in str(own)
        assert await ledger.transfers("operator", ("2018-04", "2019-03")) == []
        assert await ledger.transfers("operator", ("2017-01", "2018-02")) == []
        with pytest.raises(NotFound):
            await ledger.transfers("nobody")

    place.run(work)


def streams_of(entries: bytes) -> dict[str, int]:
    """The streams of an entries tile, each with its last version."""
    found: dict[str, int] = {}
    while entries:
        length = int.from_bytes(entries[:2])
        statement = parse_statement(entries[2 : 2 + length]).statement
        found[statement.stream] = statement.last
        entries = entries[2 + length :]
    return found
