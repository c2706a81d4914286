"""The synthetic park: every event is accepted, and the same seed gives the same milligrams."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec
import pytest

from ledger import machine
from ledger.carbon.events import (
    ActivityRecorded,
    EmissionMeasured,
    ProfileRecorded,
    SourceRegistered,
)
from ledger.carbon.rows import EntryRows, LineRow
from ledger.carbon.rulepack import CURRENT_VERSION, load
from ledger.demo.calendar import MONTHS
from ledger.demo.park import AREA, RESIDENTS, SUB_AREAS, Park
from ledger.fold.state import Memory
from ledger.log.batch import MAX_EVENTS
from ledger.log.canonical import MAX_LINE_BYTES, encode_struct
from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.parties.events import Jwk, LedgerOpened, PartyRegistered, RulesRef

KEY_AREAS = {
    "planning",
    "digital-governance",
    "energy",
    "recycling",
    "industry",
    "construction",
    "mobility",
    "lifestyle",
}
LOG = log_vkey("ledger.example/log", PrivateKey.from_seed(bytes(32)).public)
FROZEN_TYPES = {
    "LedgerOpened": 1,
    "FactorPublished": 28,
    "PartyRegistered": 57,
    "AreaFactRecorded": 12,
    "SiteRegistered": 59,
    "SourceRegistered": 212,
    "ProfileRecorded": 6_075,
    "ActivityRecorded": 37_361,
    "EmissionMeasured": 36,
}
FROZEN_READINGS = 790_757
FROZEN_MG = {
    "CO2": 1_060_283_871_287_700,
    "CH4_bio": 1_621_281_764_550,
    "CH4_fossil": 154_538_559_500,
    "N2O": 93_455_328_400,
    "NF3": 890_929_412,
    "SF6": 141_995_549,
    "HFC-134a": 930_499_600,
}


def salts() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"{next(numbers):032x}"


def key(number: int) -> PrivateKey:
    return PrivateKey.from_seed(number.to_bytes(32, "big"))


class Folded:
    """A park folded in memory, event by event, as the ledger would; signatures apart."""

    def __init__(self, park: Park) -> None:
        self.park = park
        self.readings = self.batches = 0
        self.types: Counter[str] = Counter()
        self.lines: dict[tuple[str, int], LineRow] = {}
        self.masses: Counter[tuple[str, int, str, str, str]] = Counter()
        self._state = Memory()
        self._versions: Counter[str] = Counter()
        salt = salts()
        self._open(salt())
        self._post("operator/factors", park.factors(salt))
        for number, party in enumerate(park.parties, start=3):
            registered = PartyRegistered(
                salt=salt(),
                name=party.name,
                roles=(party.role,),
                key=Jwk(**key(number).public.jwk),
                proof=possession_proof(key(number), LOG, party.party),
            )
            self._post(f"{party.party}/keys", [registered])
            self._post(f"{party.party}/factors", park.own_factors(party, salt))
            self._post(party.register, park.sites(party, salt))
        self._post("operator/register", park.facts(salt))
        for party in park.parties:
            self._post(party.register, park.sources(party, salt))
        for month in park.months():
            for batch in park.month(month, salt):
                self._post(batch.stream, batch.events)
                self.readings += sum(len(getattr(e, "quantities", (e,))) for e in batch.events)

    def total_mg(self, gas: str) -> int:
        """Scope 1 and Scope 2 location-based, removals apart."""
        return sum(mass_mg for line, mass_mg in self.counted(gas))

    def counted(self, gas: str) -> Iterable[tuple[LineRow, int]]:
        for (stream, line, _, role, of), mass_mg in self.masses.items():
            row = self.lines[stream, line]
            counts = (row.scope, role) in {(1, "direct"), (2, "location")}
            if counts and of == gas and not row.activity.startswith("removal."):
                yield row, mass_mg

    def _open(self, salt: str) -> None:
        operator, recovery = key(1), key(2)
        opened = LedgerOpened(
            salt=salt,
            origin="ledger.example/log",
            log=LOG,
            operator="operator",
            key=Jwk(**operator.public.jwk),
            proof=possession_proof(operator, LOG, "operator"),
            recovery_key=Jwk(**recovery.public.jwk),
            recovery_proof=possession_proof(recovery, LOG, "operator"),
            area=AREA,
            timezone="Asia/Shanghai",
            rules=RulesRef(version=CURRENT_VERSION, sha256=load(CURRENT_VERSION).sha256),
            continues=None,
        )
        self._post("operator/ledger", [opened])

    def _post(self, stream: str, events: Iterable[msgspec.Struct]) -> None:
        listed = tuple(events)
        if not listed:
            return
        assert len(listed) <= MAX_EVENTS
        entry = machine.Entry(
            index=self.batches,
            kid=key(1).public.thumbprint,
            stream=stream,
            first=self._versions[stream] + 1,
            types=tuple(type(event).__name__ for event in listed),
            events=listed,
            positions=tuple(range(len(listed))),
            count=len(listed),
            log=LOG,
        )
        rows = EntryRows()
        machine.fold(self._state, entry, rows)
        for mass_key, (mass_mg, _) in rows.masses.items():
            self.masses[mass_key] += mass_mg
        self.lines.update({(row.stream, row.line): row for row in rows.lines})
        self.types.update(entry.types)
        self._versions[stream] += len(listed)
        self.batches += 1


@pytest.fixture(scope="module")
def folded() -> Folded:
    return Folded(Park())


def test_every_event_of_the_default_park_is_accepted(folded: Folded) -> None:
    assert folded.types == FROZEN_TYPES
    assert folded.readings == FROZEN_READINGS


def test_the_default_park_gives_the_same_milligrams_on_every_machine(folded: Folded) -> None:
    assert {gas: folded.total_mg(gas) for gas in FROZEN_MG} == FROZEN_MG


def test_every_key_area_has_companies_that_emit(folded: Folded) -> None:
    roles = {party.party: party.role for party in folded.park.parties}
    by_area: Counter[str] = Counter()
    for row, mass_mg in folded.counted("CO2"):
        if roles[row.party] == "company":
            by_area[row.key_area] += mass_mg
    assert set(by_area) == KEY_AREAS
    assert min(by_area.values()) > 1_000 * 10**9  # each more than a thousand tonnes


def test_a_park_of_a_million_tonnes_is_of_a_plausible_size(folded: Folded) -> None:
    assert 0.5e15 < folded.total_mg("CO2") < 2e15


def test_residents_are_guarded_groups_that_add_up_to_150_000_people() -> None:
    park = Park()
    groups = [party for party in park.parties if party.role == "aggregate"]
    people = [int(group.site_name.split()[-2]) for group in groups]
    assert len(groups) == SUB_AREAS
    assert sum(people) == RESIDENTS
    assert min(people) > 5_000


def test_forty_companies_by_default_and_any_number_from_eight() -> None:
    assert Counter(party.role for party in Park().parties) == {
        "company": 40,
        "public-body": 5,
        "aggregate": 12,
    }
    for count in (8, 31, 75):
        assert sum(party.role == "company" for party in Park(companies=count).parties) == count
    with pytest.raises(ValueError, match="at least 8"):
        Park(companies=7)


def test_the_smallest_park_still_covers_all_key_areas() -> None:
    companies = [party for party in Park(companies=8).parties if party.role == "company"]
    assert {party.kind.key_area for party in companies} == KEY_AREAS


def test_everything_says_that_it_is_synthetic() -> None:
    assert "Synthetic" in AREA
    for party in Park().parties:
        assert party.party.startswith("synthetic-")
        assert party.name.startswith("Synthetic ")


def test_streams_do_not_repeat() -> None:
    park = Park(companies=60)
    streams = [party.stream(source) for party in park.parties for source in party.kind.sources]
    assert len(streams) == len(set(streams))


def test_a_larger_park_has_the_figures_of_the_smaller_one() -> None:
    small = {b.stream: b.events for b in Park(companies=8).month("2025-02", lambda: "0" * 32)}
    large = {b.stream: b.events for b in Park(companies=12).month("2025-02", lambda: "0" * 32)}
    assert small.items() <= large.items()


def test_another_seed_gives_another_park() -> None:
    one, other = (
        next(iter(Park(seed, 8).month("2025-02", lambda: "0" * 32))).events for seed in (1, 2)
    )
    assert one != other


def test_a_month_is_the_same_whichever_months_were_made_before() -> None:
    park = Park(companies=8)
    in_order = [tuple(park.month(month, lambda: "0" * 32)) for month in MONTHS]
    assert tuple(Park(companies=8).month(MONTHS[-1], lambda: "0" * 32)) == in_order[-1]


def test_events_are_lines_that_the_ledger_reads_back() -> None:
    park, met = Park(companies=8), set()
    salt = salts()
    events = [event for batch in park.month("2025-02", salt) for event in batch.events]
    registered = [*park.sites(park.parties[4], salt), *park.sources(park.parties[4], salt)]
    for event in [*events, *park.factors(salt), *registered]:
        line = encode_struct(event)
        assert len(line) < MAX_LINE_BYTES
        assert machine.read_event(line) == event
        met.add(type(event))
    assert {ActivityRecorded, EmissionMeasured, ProfileRecorded, SourceRegistered} <= met


def test_all_ways_of_metering_occur() -> None:
    park = Park(companies=8)
    events = [
        event
        for month in MONTHS
        for batch in park.month(month, lambda: "0" * 32)
        for event in batch.events
    ]
    profiles = [event for event in events if isinstance(event, ProfileRecorded)]
    singles = [event for event in events if isinstance(event, ActivityRecorded)]
    assert {len(profile.quantities) for profile in profiles} >= {24, 96, 744, 2_976}
    assert any(None in profile.quantities for profile in profiles)
    assert any(profile.estimated for profile in profiles)
    assert any(single.register for single in singles)
    assert any(single.reference and single.evidence for single in singles)
