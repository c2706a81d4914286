"""The machine whole: batches in, rows out, under the rules that were active at their entry."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from ledger import machine
from ledger.carbon import ground, rulepack
from ledger.carbon.events import FactorAssigned, SourceAmended
from ledger.carbon.rows import EntryRows
from ledger.carbon.rulepack import RulePack
from ledger.errors import (
    BadBatch,
    BadValue,
    InvalidInput,
    LedgerError,
    NotAuthorised,
    NotCanonical,
    RuleBroken,
    UnknownEventType,
)
from ledger.fold.state import Cache, NotLoaded, Overlay
from ledger.log import batch
from ledger.log.canonical import encode_struct
from ledger.log.hashes import ZEROS_HEX
from ledger.parties.events import RulesActivated, RulesRef
from ledger.parties.pieces import ledger
from tests.unit.world import (
    LOG,
    SIGNED_AT,
    World,
    body,
    correction,
    key_of,
    profile,
    reading,
    registration,
    salt,
    site,
    source,
)

POWER = "acme/plant/power"
T0 = "2018-01-01T00:00:00+08:00"
T1 = "2018-01-02T00:00:00+08:00"


@pytest.fixture
def world() -> World:
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5")
    world.source(POWER, location="operator/grid@1")
    return world


# --- lines -------------------------------------------------------------------------------------


def line(text: str) -> bytes:
    return text.replace("SALT", "0" * 32).encode()


GOOD = '{"period":["2018-01-01T00:00:00Z","2018-01-01T00:15:00Z"],"quantity":"1","salt":"SALT","type":"ActivityRecorded"}'


def test_an_event_is_read_from_its_one_spelling():
    event = machine.read_event(line(GOOD))
    assert encode_struct(event) == line(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('"type":"ActivityRecorded"', '"type":"ActivityImagined"', UnknownEventType),
        ('"type":"ActivityRecorded"', '"type":"ActivityBody"', UnknownEventType),
        ('{"period"', '{"estimated":false,"period"', NotCanonical),
        ('{"period"', '{"estimated":1,"period"', BadValue),
        ('{"period"', '{"colour":"red","period"', BadValue),
        ('{"period"', '{"factors":{},"period"', NotCanonical),
        ('{"period"', '{"unit":null,"period"', NotCanonical),
        ('"quantity":"1"', '"quantity":1', BadValue),
        ('"quantity":"1",', "", BadValue),
        ('"quantity":"1"', '"quantity":"1","quantity":"1"', NotCanonical),
        ('"quantity":"1"', '"quantity": "1"', NotCanonical),
        ('{"period"', '{"quality":"X","period"', BadValue),
        ("}", "} ", NotCanonical),
        ("}", "}\r", NotCanonical),
    ],
)
def test_any_other_spelling_is_refused(old: str, new: str, error: type[LedgerError]):
    with pytest.raises(error):
        machine.read_event(line(GOOD.replace(old, new)))


def test_arrays_that_are_sets_are_sorted_and_without_repeats():
    for evidence in ('["{b}","{a}"]', '["{a}","{a}"]'):
        hashes = evidence.format(a="a" * 64, b="b" * 64)
        with pytest.raises(BadValue, match="ascending order"):
            machine.read_event(line(GOOD.replace('{"period"', f'{{"evidence":{hashes},"period"')))


def test_an_error_in_a_batch_names_its_event():
    with pytest.raises(BadValue, match="event 2 of the batch"):
        machine.read_events([line(GOOD), line(GOOD.replace('"1"', "1"))])


def test_salts_of_a_batch_differ():
    with pytest.raises(BadBatch, match="one salt"):
        machine.read_events([line(GOOD), line(GOOD)])


# --- entries -----------------------------------------------------------------------------------


def test_a_refusal_names_the_event_that_it_is_about(world: World):
    events = [reading(T0, "PT15M", "1"), reading(T1, "PT15M", "-1")]
    with pytest.raises(BadValue, match=f"^{POWER}@2: "):
        world.post("acme", POWER, events)


def test_a_signature_by_another_key_is_refused(world: World):
    good = batch.build(
        key_of("acme"),
        LOG,
        POWER,
        1,
        ZEROS_HEX,
        [("ActivityRecorded", encode_struct(reading(T0, "PT15M", "1")))],
        None,
        SIGNED_AT,
    )
    jws, rest = good.split(b"\n", 1)
    header, payload, signature = jws.split(b".")
    first = b"A" if signature[:1] != b"A" else b"B"
    forged = b".".join([header, payload, first + signature[1:]]) + b"\n" + rest
    with pytest.raises(LedgerError):
        world.submit(forged)
    world.submit(good)


def test_the_order_of_types_out_of_place_does_not_change_the_error(world: World):
    events = [site("b"), reading(T0, "PT15M", "1"), source("acme/x/y")]
    said = set()
    for _ in range(3):
        with pytest.raises(LedgerError) as refused:
            world.post("acme", POWER, events)
        said.add(refused.value.found)
    assert said == {f"SiteRegistered in {POWER}"}


def test_what_is_not_named_of_a_batch_counts_among_its_events(world: World):
    """A proof may name some events of a batch only: a registration stands alone in all of it."""
    jws = batch.build(
        key_of("operator"),
        LOG,
        "other/keys",
        1,
        ZEROS_HEX,
        [("PartyRegistered", encode_struct(registration("other")))],
        None,
        SIGNED_AT,
    ).partition(b"\n")[0]
    alone = machine.whole_entry(world.size, batch.parse_statement(jws), (registration("other"),))
    machine.authorise(world.state, alone)
    with pytest.raises(NotAuthorised, match="alone in its batch"):
        machine.authorise(world.state, msgspec.structs.replace(alone, count=2))


def cold(world: World, entry: machine.Entry) -> tuple[EntryRows, dict[object, object], int]:
    """Fold an entry over a state that begins with nothing in memory; how often it asked."""
    cache, asked = Cache(), 0
    while True:
        overlay, rows = Overlay(cache), EntryRows()
        try:
            machine.authorise(overlay, entry)
            machine.fold(overlay, entry, rows)
        except NotLoaded as missing:
            asked += 1
            cache.pieces[missing.kind.name, missing.key] = world.state.get(
                missing.kind, missing.key
            )
        else:
            return rows, dict(overlay.changes), asked


def test_a_fold_that_loads_what_it_asks_for_gives_the_same_as_one_with_all_in_memory(world: World):
    world.post("acme", POWER, [reading(T0, "P1D", "10"), profile(T1, 900, ["1", None, "2"])])
    world.factor("grid", CO2="0.4", version="2")
    batches: list[tuple[str, str, list[msgspec.Struct]]] = [
        ("acme", "acme/register", [assigned()]),
        ("acme", f"{POWER}/corrections", [corrected()]),
        ("acme", POWER, [reading("2018-01-03T00:00:00+08:00", "P40D", "7")]),
        ("operator", "other/keys", [registered()]),
    ]
    for signer, stream, events in batches:
        before = {**world.state.pieces}, {**world.state.bodies}
        logged = world.post(signer, stream, events)
        after = {**world.state.pieces}, {**world.state.bodies}
        world.state.pieces, world.state.bodies = before
        rows, changes, asked = cold(world, logged.entry)
        world.state.pieces, world.state.bodies = after
        assert asked >= 3
        assert (rows.masses, rows.activity) == (logged.rows.masses, logged.rows.activity)
        for key, piece in changes.items():
            assert after[0][key] == piece  # type: ignore[index]


def assigned() -> msgspec.Struct:
    return FactorAssigned(
        salt=salt(),
        source=POWER,
        role="location",
        factor="operator/grid@2",
        from_=T0,
        reason="late",
    )


def corrected() -> msgspec.Struct:
    return correction(f"{POWER}@1", body(T0, "P1D", "12"))


def registered() -> msgspec.Struct:
    return registration("other")


def test_two_folds_of_one_log_reach_the_same_bytes(world: World):
    world.post("acme", POWER, [reading(T0, "P1D", "10")])
    world.correct(f"{POWER}@1", body(T0, "P1D", "12"))
    again = World(opened=False)
    for logged in world.log:
        again.submit(b"\n".join([logged.jws, *logged.lines, b""]))
    assert again.pieces() == world.pieces()
    assert again.rows() == world.rows()


# --- rules -------------------------------------------------------------------------------------


NEXT = str(int(rulepack.CURRENT_VERSION) + 1)


def stricter() -> RulePack:
    """The next pack: bought power may not stand in industry, a watt-hour was always wrong by a
    factor of two, and a month starts an hour later in Shanghai."""
    files = dict(rulepack.load(rulepack.CURRENT_VERSION).files)
    activities = msgspec.json.decode(files["activities.json"])
    for activity in activities["activities"]:
        if activity["activity"] == "electricity.purchased":
            activity["key_areas"].remove("industry")
    units = msgspec.json.decode(files["units.json"])
    for unit in units["units"]:
        if unit["unit"] == "Wh":
            unit["num"] = "7200"
    zones = msgspec.json.decode(files["timezones.json"])
    for zone in zones["zones"]:
        if zone["zone"] == "Asia/Shanghai":
            zone["offsets_s"] = [offset - 3600 for offset in zone["offsets_s"]]
    zones["zones"] = [zone for zone in zones["zones"] if zone["zone"] != "Europe/Berlin"]
    files["activities.json"] = msgspec.json.encode(activities)
    files["units.json"] = msgspec.json.encode(units)
    files["timezones.json"] = msgspec.json.encode(zones)
    return RulePack(NEXT, files)


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Iterator[RulePack]:
    """A ledger's release that ships one pack more."""
    pack = stricter()

    def load(version: str) -> RulePack:
        return pack if version == NEXT else rulepack.load(version)

    monkeypatch.setattr(machine, "load", load)
    monkeypatch.setattr(ground, "load", load)
    ground.rules.cache_clear()
    yield pack
    ground.rules.cache_clear()


def activation(pack: RulePack, **changed: str) -> RulesActivated:
    members = {"version": pack.version, "sha256": pack.sha256, **changed}
    return RulesActivated(salt=salt(), rules=RulesRef(**members))


def test_new_rules_decide_from_the_next_entry_on_and_reject_no_history(
    world: World, second: RulePack
):
    world.source("acme/plant/before", location="operator/grid@1")
    world.post("operator", "operator/ledger", [activation(second)])
    with pytest.raises(RuleBroken, match="key area"):
        world.source("acme/plant/after", location="operator/grid@1")
    world.source("acme/plant/after", location="operator/grid@1", key_area="energy")
    world.post("acme", "acme/plant/before", [reading(T0, "P1D", "10")])
    replayed = World(opened=False)
    for logged in world.log:
        replayed.submit(b"\n".join([logged.jws, *logged.lines, b""]))
    assert replayed.pieces() == world.pieces()


def test_each_entry_is_decided_by_the_rules_active_at_its_index(world: World, second: RulePack):
    activated = world.size
    world.post("operator", "operator/ledger", [activation(second)])
    opened = ledger(world.state)
    assert (opened.rules_version, opened.rules_since) == (NEXT, activated)
    versions = [opened.rules_at(index) for index in range(activated + 2)]
    assert versions == [rulepack.CURRENT_VERSION] * (activated + 1) + [NEXT]


def test_what_was_counted_under_old_rules_is_taken_away_under_them(world: World, second: RulePack):
    month_end = "2018-01-31T23:30:00+08:00"
    world.post("acme", POWER, [reading(month_end, "PT1H", "1000", unit="Wh")])
    assert world.months() == {"2018-01": 250_000, "2018-02": 250_000}
    known = world.size
    world.post("operator", "operator/ledger", [activation(second)])
    assert world.total() == 500_000  # a change of rules changes no figure
    world.correct(f"{POWER}@1", body(month_end, "PT1H", "1000", unit="Wh"))
    assert world.months() == {"2018-01": 1_000_000}
    world.correct(f"{POWER}@1", None, f"{POWER}/corrections@1")
    assert world.rows() == {}
    assert world.total(size=known) == 500_000


def test_an_assignment_after_new_rules_counts_all_readings_under_them(
    world: World, second: RulePack
):
    world.post("acme", POWER, [reading(T0, "P1D", "1000", unit="Wh")])
    world.post("operator", "operator/ledger", [activation(second)])
    world.post("acme", POWER, [reading(T1, "P1D", "1000", unit="Wh")])
    assert world.total() == 500_000 + 1_000_000
    world.factor("grid", CO2="0.4", version="2")
    world.post("acme", "acme/register", [assigned()])
    assert world.total() == 800_000 + 800_000
    for version in (1, 2):
        world.correct(f"{POWER}@{version}", None)
    assert world.rows() == {}


def test_an_amendment_after_new_rules_counts_all_readings_under_them(
    world: World, second: RulePack
):
    world.post("acme", POWER, [reading(T0, "P1D", "1000", unit="Wh")])
    world.post("operator", "operator/ledger", [activation(second)])
    amended = SourceAmended(salt=salt(), source=POWER, from_=T0, reason="moved", key_area="energy")
    world.post("acme", "acme/register", [amended])
    assert world.total() == 1_000_000
    world.correct(f"{POWER}@1", None)
    assert world.rows() == {}


def test_rules_must_be_those_that_the_release_ships(world: World, second: RulePack):
    for wrong in ({"sha256": "0" * 64}, {"version": "999"}):
        with pytest.raises((RuleBroken, InvalidInput)):
            world.post("operator", "operator/ledger", [activation(second, **wrong)])


def test_rules_that_are_in_force_are_not_activated_again(world: World):
    with pytest.raises(RuleBroken, match="already in force"):
        world.post(
            "operator", "operator/ledger", [activation(rulepack.load(rulepack.CURRENT_VERSION))]
        )


def test_rules_that_do_not_know_the_areas_time_zone_are_refused(second: RulePack):
    world = World("Europe/Berlin")
    with pytest.raises(BadValue, match="unknown time zone"):
        world.post("operator", "operator/ledger", [activation(second)])
