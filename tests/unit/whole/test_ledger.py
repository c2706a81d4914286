"""Who has all entries knows what the ledger knew at any size, and takes no entry that breaks a rule."""

from __future__ import annotations

import msgspec
import pytest

from ledger.carbon.area.events import TransferWithdrawn
from ledger.carbon.events import FactorAssigned, SourceAmended
from ledger.carbon.known import Known
from ledger.carbon.organisation.events import SupplyMatched
from ledger.errors import BadBatch, BadSignature, LedgerError, OtherHistory, RuleBroken
from ledger.log import batch
from ledger.log.batch import Seen
from ledger.log.canonical import encode_struct
from ledger.log.checkpoint import Checkpoint
from ledger.log.hashes import ZEROS_HEX, RootHash
from ledger.whole.ledger import WholeLedger
from tests.unit.world import (
    LOG,
    ORIGIN,
    SIGNED_AT,
    World,
    body,
    boundary,
    key_of,
    profile,
    reading,
    salt,
)

YEAR = ("2018-01", "2019-01")


def start(hour: int, day: int = 1, month: int = 1) -> str:
    return f"2018-{month:02d}-{day:02d}T{hour:02d}:00:00+08:00"


@pytest.fixture
def world() -> World:
    """Two companies, readings, corrections, another factor, statements, a transfer and two seals."""
    world = World()
    world.party("acme")
    world.party("bolt")
    world.party("park-homes", "aggregate")
    grid = world.factor("grid", CO2="0.5827", N2O="0.000012")
    other = world.factor("other", CO2="0.25")
    world.source("acme/plant/power", location=grid, market=other)
    world.source("acme/plant/own", location=grid)
    world.source("bolt/plant/power", location=grid)
    readings = [reading(start(hour), "PT1H", f"{hour + 1}.25") for hour in range(12)]
    world.post("acme", "acme/plant/power", readings)
    quantities = ["1.5", None, "2.5"]
    world.post("bolt", "bolt/plant/power", [profile(start(0), 3600, quantities, quality="M")])
    own = [reading(start(hour), "PT1H", "3", quality="H") for hour in range(6, 12)]
    world.post("acme", "acme/plant/own", own)
    world.correct("acme/plant/power@3", body(start(2), "PT1H", "7"))
    world.correct("acme/plant/power@4", None)
    world.correct(
        "acme/plant/power@3", body(start(2), "PT1H", "8"), "acme/plant/power/corrections@1"
    )
    world.seal("companies", "2018")
    world.say(
        "acme",
        FactorAssigned(
            salt=salt(),
            source="acme/plant/power",
            role="location",
            factor=other,
            from_=start(6),
            reason="a new contract",
        ),
        SourceAmended(
            salt=salt(), source="acme/plant/own", from_=start(0, 2), reason="named", name="Roof"
        ),
    )
    world.post("acme", "acme/plant/power", [reading(start(12), "PT1H", "2", estimated=True)])
    world.say("acme", boundary("2018-01", {"plant": "0.5"}, approach="equity"))
    world.fact("acme", "output", "2018", "7", "t")
    world.say(
        "acme",
        SupplyMatched(
            salt=salt(),
            source="acme/plant/power",
            supply="acme/plant/own",
            interval="hour",
            from_="2018-01",
            reason="the roof feeds the plant",
        ),
    )
    world.target("operator", "neutral")
    sent = world.transfer("bolt/plant/power", "acme", "2018-01", "1", "kWh", kind="pass-through")
    world.acknowledge(sent, "acme/plant/power", "1", "kWh", month="2018-01")
    world.seal("territorial", "2018", size=world.size - 3)
    world.say(
        "bolt",
        TransferWithdrawn(salt=salt(), transfer=sent, month="2018-01", reason="never happened"),
    )
    world.seal("companies", "2018")
    return world


def folded(world: World, size: int | None = None) -> WholeLedger:
    whole = WholeLedger(LOG)
    for logged in world.log[:size]:
        whole.add(logged.jws, list(logged.lines))
    return whole


def encoded(known: Known) -> bytes:
    return msgspec.json.encode(known, order="sorted")


def test_the_same_is_known_as_in_the_ledger_that_was_folded_event_by_event(world: World):
    whole = folded(world)
    found, expected = whole.known(YEAR), world.known(*YEAR)
    assert found.masses == expected.masses
    assert found.activity == expected.activity
    assert found.quality == expected.quality
    assert found.sources == expected.sources
    assert found.parties == expected.parties
    assert found.transfers == expected.transfers
    assert found.targets == expected.targets
    assert found.facts == expected.facts
    assert found.organisations == expected.organisations
    assert found.factors == expected.factors


def test_a_party_knows_the_corrections_that_changed_its_masses(world: World):
    found = folded(world).known(YEAR, party="acme")
    expected = world.known(*YEAR, party="acme")
    assert found.corrections == expected.corrections
    assert sorted(found.corrected, key=str) == sorted(expected.corrected, key=str)
    assert {one.type for one in found.corrections} == {
        "ActivityCorrected",
        "ActivityWithdrawn",
        "FactorAssigned",
        "SourceAmended",
    }


def test_what_was_known_at_an_earlier_size_is_what_a_shorter_log_gives(world: World):
    whole = folded(world)
    for size in range(1, world.size):
        shorter = folded(world, size)
        for party in (None, "acme"):
            if party is not None and party not in shorter.known(YEAR).parties:
                continue
            then = whole.known(YEAR, size, party)
            assert encoded(then) == encoded(shorter.known(YEAR, party=party)), (size, party)
        assert whole.heads(size) == shorter.heads()
        assert whole.root_at(size) == shorter.root


def test_the_ground_of_a_seal_is_derived_from_the_entries_alone(world: World):
    whole = folded(world)
    for size in (world.size, world.size - 4):
        found, expected = whole.ground(YEAR, size), world.ground(YEAR, size)
        assert found.heads == expected.heads
        assert found.readings == expected.readings
        assert found.salts == expected.salts
    assert whole.ground(YEAR).readings


@pytest.mark.parametrize("member", ["heads_root", "companies_root", "companies_count"])
def test_a_seal_that_does_not_follow_from_the_entries_is_refused(world: World, member: str):
    whole = folded(world)
    wrong: object = 7 if member == "companies_count" else "0" * 64
    world.seal("companies", "2018")
    event = msgspec.structs.replace(world.log[-1].entry.events[0], **{member: wrong})
    with pytest.raises(RuleBroken, match=member):
        take(whole, submission("operator/seals", 4, whole, [event]))


def submission(
    stream: str,
    version: int,
    whole: WholeLedger,
    events: list[msgspec.Struct],
    seen: Seen | None = None,
    signer: str = "operator",
) -> bytes:
    """What its author would post next, unless the version is another."""
    _, leaf = whole.fold.head(stream) or (0, ZEROS_HEX)
    named = [(type(event).__name__, encode_struct(event)) for event in events]
    return batch.build(key_of(signer), LOG, stream, version, leaf, named, seen, SIGNED_AT)


def take(whole: WholeLedger, body: bytes) -> None:
    jws, lines = batch.split_submission(body)
    whole.add(jws, lines)


def power(whole: WholeLedger, version: int = 14, **more: object) -> bytes:
    events = [reading(start(20), "PT1H", "1")]
    members = {"signer": "acme", **more}
    return submission("acme/plant/power", version, whole, [*events], **members)  # type: ignore[arg-type]


def test_an_entry_that_goes_on_where_its_stream_ended_is_taken(world: World):
    whole = folded(world)
    take(whole, power(whole))
    assert whole.size == world.size + 1


@pytest.mark.parametrize("version", [13, 15])
def test_an_entry_that_repeats_or_skips_a_version_is_refused(world: World, version: int):
    whole = folded(world)
    with pytest.raises(BadBatch, match="does not go on"):
        take(whole, power(whole, version))
    assert whole.size == world.size


def test_an_author_who_has_seen_another_history_shows_a_fork(world: World):
    whole = folded(world)
    right = Seen(root=whole.root_at(3).hex(), size=3)
    take(whole, power(whole, seen=right))
    for seen in (Seen(root="0" * 64, size=3), Seen(root="0" * 64, size=99)):
        with pytest.raises(OtherHistory, match="another history"):
            take(whole, power(whole, 15, seen=seen))


def test_a_signature_of_another_key_is_refused_and_nothing_changes(world: World):
    whole = folded(world)
    before = encoded(whole.known(YEAR))
    with pytest.raises(LedgerError, match="key"):
        take(whole, power(whole, signer="bolt"))
    assert encoded(whole.known(YEAR)) == before
    take(whole, power(whole))


def test_a_forged_signature_is_refused(world: World):
    whole = folded(world)
    jws, lines = batch.split_submission(power(whole))
    other, _ = batch.split_submission(power(whole))
    forged = jws.rpartition(b".")[0] + b"." + other.rpartition(b".")[2]
    with pytest.raises(BadSignature):
        whole.add(forged, lines)


def test_a_line_that_was_changed_is_refused(world: World):
    whole = folded(world)
    jws, lines = batch.split_submission(power(whole))
    with pytest.raises(BadBatch):
        whole.add(jws, [lines[0].replace(b'"quantity":"1"', b'"quantity":"2"')])


def test_a_line_in_the_place_of_data_is_that_of_the_very_data(world: World):
    whole = folded(world)
    jws, _ = batch.split_submission(power(whole))
    withheld = b'{"data_hash":"' + b"0" * 64 + b'","type":"ActivityRecorded"}'
    with pytest.raises(BadBatch, match="do not give the signed head"):
        whole.add(jws, [withheld])


def test_a_checkpoint_with_another_root_is_another_history(world: World):
    whole = folded(world)
    whole.check(Checkpoint(ORIGIN, whole.size, whole.root))
    whole.check(Checkpoint(ORIGIN, 3, whole.root_at(3)))
    with pytest.raises(OtherHistory):
        whole.check(Checkpoint(ORIGIN, 3, RootHash(bytes(32))))
