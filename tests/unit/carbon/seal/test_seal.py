"""A seal says what follows from the log at its size, or is refused: each wrong member by its name."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from ledger.carbon import rulepack
from ledger.carbon.seal.draft import draft_seal
from ledger.carbon.seal.lists import SealLists, seal_lists
from ledger.carbon.seal.pieces import SEAL, UNSEEN, SealPiece
from ledger.carbon.seal.rules import decide
from ledger.errors import BadValue, LedgerError, NotAuthorised, NotCanonical, RuleBroken
from ledger.fold.event import Place
from ledger.log import seals
from ledger.log.seals import Amounts
from ledger.parties.events import RulesRef
from tests.unit.carbon.area.park import STEAM, worked_park
from tests.unit.world import World, months, reading, salt

JANUARY, FEBRUARY = "2026-01-05T00:00:00+08:00", "2026-02-05T00:00:00+08:00"


@pytest.fixture
def world() -> World:
    """Two companies and a certifier: 8 kWh in January and 3 kWh in February, 0.5 kg a kWh."""
    world = World()
    world.party("acme")
    world.party("bolt")
    world.party("judge", "certifier")
    world.factor("grid", CO2="0.5")
    for party in ("acme", "bolt"):
        world.source(f"{party}/plant/power", location="operator/grid@1")
    world.post("acme", "acme/plant/power", [reading(JANUARY, "P1D", "8")])
    world.post("bolt", "bolt/plant/power", [reading(FEBRUARY, "P1D", "3")])
    return world


def kept(world: World, seal: str) -> SealPiece:
    found = world.state.get(SEAL, seal)
    assert found is not None
    return found


def lists(world: World, view: str = "companies", period: str = "2026") -> SealLists:
    ground = world.ground(months(period), world.size)
    assert ground.known is not None
    return seal_lists(ground, rulepack.load(ground.known.rules), view)


def post(world: World, **changed: object) -> None:
    """Post a seal of the year that is right but for what is changed."""
    right = draft_seal(world.ground(months("2026"), world.size), "companies", "AR6", salt())
    world.post("operator", "operator/seals", [msgspec.structs.replace(right, **changed)])


def co2(**amounts: int) -> dict[str, Amounts]:
    members = {"biogenic": 0, "emitted": 0, "removed": 0, **amounts}
    return {"CO2": Amounts(**{name: str(value) for name, value in members.items()})}


def test_a_seal_that_follows_from_the_log_is_kept_under_its_name(world: World) -> None:
    size = world.size
    piece = kept(world, world.seal("companies", "2026"))
    assert (piece.index, piece.size, piece.view, piece.version) == (size, size, "companies", 1)
    assert piece.totals == co2(emitted=5_500_000)
    assert piece.companies_count == 2


def test_a_seal_of_an_earlier_size_says_what_was_known_then(world: World) -> None:
    size = world.size - 1
    world.party("late")
    piece = kept(world, world.seal(size=size))
    assert piece.totals == co2(emitted=4_000_000)
    assert piece.companies_count == 2


def test_a_seal_of_a_month_holds_that_month_alone(world: World) -> None:
    assert kept(world, world.seal(period="2026-02")).totals == co2(emitted=1_500_000)


def test_a_second_seal_covers_the_first_one_s_stream(world: World) -> None:
    first = kept(world, world.seal())
    second = kept(world, world.seal())
    assert second.totals == first.totals
    assert second.heads_count == first.heads_count + 1


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("totals", {}),
        ("totals", co2(emitted=5_500_001)),
        ("totals", co2(emitted=5_500_000, removed=1)),
        ("heads_root", "0" * 64),
        ("heads_count", 1),
        ("companies_root", "0" * 64),
        ("companies_count", 3),
    ],
)
def test_another_figure_root_or_count_is_refused(world: World, member: str, value: object) -> None:
    with pytest.raises(RuleBroken, match=f"{member} of a seal"):
        post(world, **{member: value})


@pytest.mark.parametrize(
    ("changed", "error", "what"),
    [
        ({"rules": RulesRef(version="1", sha256="0" * 64)}, RuleBroken, "rules of a seal"),
        ({"rules": RulesRef(version="2", sha256="0" * 64)}, RuleBroken, "rules of a seal"),
        ({"gwp": "AR9"}, BadValue, "GWP set"),
        ({"view": "gpc-basic", "totals": {}}, RuleBroken, "totals of a seal"),
        ({"view": "village"}, LedgerError, "view"),
        ({"period": ("2026-01", "2026-03")}, RuleBroken, "totals|companies_root"),
        ({"period": ("2026-02", "2026-02")}, BadValue, "month"),
        ({"period": ("1826-01", "1827-01")}, LedgerError, "1826"),
    ],
)
def test_another_view_period_or_rule_is_refused(
    world: World, changed: dict[str, object], error: type[LedgerError], what: str
) -> None:
    world.post("bolt", "bolt/plant/power", [reading("2026-03-05T00:00:00+08:00", "P1D", "1")])
    with pytest.raises(error, match=what):
        post(world, **changed)


def test_a_size_that_the_log_has_not_had_is_refused(world: World) -> None:
    for size in (0, world.size + 1):
        with pytest.raises(RuleBroken, match="size of a seal"):
            post(world, size=size)


def test_a_seal_is_the_operator_s_alone(world: World) -> None:
    right = draft_seal(world.ground(months("2026"), world.size), "companies", "AR6", salt())
    for signer, stream in (("acme", "acme/seals"), ("acme", "operator/seals")):
        with pytest.raises(NotAuthorised):
            world.post(signer, stream, [right])
    with pytest.raises(NotAuthorised, match="out of place"):
        world.post("operator", "operator/register", [right])


def test_a_file_of_a_few_entries_takes_a_seal_for_the_operator_s_word(world: World) -> None:
    """Whether the lists are right is not asked where they are not at hand; all else is."""
    wrong = world.ground(months("2026"), world.size)
    right = draft_seal(wrong, "companies", "AR6", salt())
    world.state.ground = lambda _period, _size: UNSEEN
    place = Place(world.size, 0, "operator/seals", 1, "operator", "")
    decide(world.state, place, msgspec.structs.replace(right, totals={}))
    with pytest.raises(BadValue, match="GWP set"):
        decide(world.state, place, msgspec.structs.replace(right, gwp="AR9"))


# --- what a dishonest operator would like to seal ------------------------------------------------


def dropped(found: SealLists) -> SealLists:
    """A company is left out, and so is what it emitted."""
    rest = found.companies[:-1]
    return msgspec.structs.replace(
        found, companies=rest, totals=seals.add_up([one.sums for one in rest])
    )


def doubled(found: SealLists) -> SealLists:
    """One company has two lines; its figure is shared out between them."""
    first = found.companies[0]
    half = msgspec.structs.replace(first, sums=co2(emitted=2_000_000))
    return msgspec.structs.replace(found, companies=(half, half, *found.companies[1:]))


def miscounted(found: SealLists) -> SealLists:
    """A company's sums are smaller than its lines."""
    first = msgspec.structs.replace(found.companies[0], sums=co2(emitted=1))
    rest = (first, *found.companies[1:])
    totals = seals.add_up([one.sums for one in rest])
    return msgspec.structs.replace(found, companies=rest, totals=totals)


def relined(found: SealLists) -> SealLists:
    """A company's lines are others, with the same sum."""
    line = found.lines["acme"][0]
    later = msgspec.structs.replace(line, name=msgspec.structs.replace(line.name, month="2026-02"))
    lines = (later, *found.lines["acme"][1:])
    first = msgspec.structs.replace(
        found.companies[0], lines_root=seals.root(one.encode() for one in lines).hex()
    )
    return msgspec.structs.replace(found, companies=(first, *found.companies[1:]))


def headless(found: SealLists) -> SealLists:
    """A stream is left out of the heads: as if its events had never been."""
    return msgspec.structs.replace(found, heads=found.heads[:-1])


@pytest.mark.parametrize("trick", [dropped, doubled, miscounted, relined, headless])
def test_lists_that_agree_with_each_other_and_not_with_the_log_are_refused(
    world: World, trick: Callable[[SealLists], SealLists]
) -> None:
    false = trick(lists(world))
    assert false != lists(world)
    with pytest.raises(RuleBroken, match="of a seal"):
        world.seal(
            totals=false.totals,
            heads_root=false.heads_root,
            heads_count=len(false.heads),
            companies_root=false.companies_root,
            companies_count=len(false.companies),
        )


def test_figures_by_a_swapped_factor_are_refused(world: World) -> None:
    """The same park under a friendlier factor gives other lists, and none of them is this log's."""
    friendly = World()
    for party in ("acme", "bolt"):
        friendly.party(party)
    friendly.party("judge", "certifier")
    friendly.factor("grid", CO2="0.25")
    for party, at, quantity in (("acme", JANUARY, "8"), ("bolt", FEBRUARY, "3")):
        friendly.source(f"{party}/plant/power", location="operator/grid@1")
        friendly.post(party, f"{party}/plant/power", [reading(at, "P1D", quantity)])
    false = lists(friendly)
    assert false.totals == co2(emitted=2_750_000)
    with pytest.raises(RuleBroken, match="totals of a seal"):
        world.seal(totals=false.totals, companies_root=false.companies_root)


def test_an_amount_below_zero_cannot_be_written(world: World) -> None:
    negative = {"CO2": Amounts(biogenic="0", emitted="-5", removed="0")}
    with pytest.raises((BadValue, NotCanonical)):
        post(world, totals=negative)


def test_a_figure_below_zero_is_sealed_by_nobody() -> None:
    """More is taken off for energy that left than was emitted: the transfer is wrong."""
    world = worked_park()
    world.transfer("a/plant/gas", None, "2026-01", "5000000", "GJ", direct=STEAM)
    assert lists(world, "companies").totals
    with pytest.raises(RuleBroken, match="emitted CO2 of the view park"):
        lists(world, "park")
