"""The synthetic park: invented parties and a year of their readings, the same for the same seed.

Pure: a seed, a number of companies and a way to make salts go in, events come out. Everything
that is drawn comes from generators seeded with the park's seed and the name of the thing, so a
stream's months can be made in any order, and a larger park contains the smaller one's figures.

    park = Park(seed=1)
    park.parties                            whom the operator registers, with their roles
    park.factors(salt)                      what the operator publishes
    park.facts(salt)                        what the operator states of the area
    park.sites(party, salt)                 places of a party
    park.sources(party, salt)               what it measures there
    park.month("2025-03", salt)             a month's batches of all streams

Nothing here is about anybody: every name says that it is synthetic.
Source: issue of the demo; accounting rules, sections 3 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import Final

from ledger.carbon.events import FactorPublished, SiteRegistered, SourceRegistered
from ledger.carbon.organisation.events import AreaFactRecorded
from ledger.carbon.organisation.months import month_after
from ledger.demo import feeds
from ledger.demo.calendar import MONTHS
from ledger.demo.factors import FACTORS
from ledger.demo.feeds import Reading
from ledger.demo.roster import AGAIN, COMPANIES, PUBLIC_BODIES, Kind, residents
from ledger.demo.sources import Profile, Readings, Receipts, Source

AREA: Final = "Synthetic park"
DEFAULT_SEED: Final = 2028
DEFAULT_COMPANIES: Final = 40
LEAST_COMPANIES: Final = 8
RESIDENTS: Final = 150_000
SUB_AREAS: Final = 12

Salt = Callable[[], str]
"""Gives 32 hexadecimal digits, other ones each time."""


@dataclass(frozen=True, slots=True)
class Party:
    """An invented party: its name on the ledger, its name for people, what it measures."""

    party: str
    name: str
    kind: Kind
    site_name: str
    size: float = 1.0
    people: int = 0
    """How many live there; 0 but for residents."""

    @property
    def role(self) -> str:
        """Its one role."""
        return self.kind.role

    @property
    def register(self) -> str:
        """The stream of its sites and sources."""
        return f"{self.party}/register"

    def stream(self, source: Source) -> str:
        """The stream of one of its sources."""
        return f"{self.party}/{source.site}/{source.segment}"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one party signs in one go: events of one stream, in order."""

    party: str
    stream: str
    events: tuple[Reading, ...]


class Park:
    """All parties of one seed and size, and what they say in a year."""

    def __init__(
        self,
        seed: int = DEFAULT_SEED,
        companies: int = DEFAULT_COMPANIES,
        operator: str = "operator",
    ) -> None:
        if companies < LEAST_COMPANIES:
            raise ValueError(f"a park has at least {LEAST_COMPANIES} companies, not {companies}")
        self.seed = seed
        self.operator = operator
        self.parties = (
            *_companies(seed, companies),
            *(_party(seed, kind, 1) for kind in PUBLIC_BODIES),
            *_residents(seed),
        )

    def factors(self, salt: Salt) -> tuple[FactorPublished, ...]:
        """What the operator publishes, in one batch."""
        return tuple(factor.published(salt()) for factor in FACTORS)

    def facts(self, salt: Salt) -> tuple[AreaFactRecorded, ...]:
        """How many people live in each sub-area, as the operator states it, in one batch."""
        return tuple(
            AreaFactRecorded(
                salt=salt(),
                fact="population",
                period=(MONTHS[0], month_after(MONTHS[-1])),
                value=str(party.people),
                unit="person",
                sub_area=f"{party.party}/{site}",
            )
            for party in self.parties
            if party.people
            for site in sorted({source.site for source in party.kind.sources})
        )

    def own_factors(self, party: Party, salt: Salt) -> tuple[FactorPublished, ...]:
        """What the party publishes for its own streams; mostly nothing."""
        return tuple(factor.published(salt()) for factor in party.kind.own_factors)

    def sites(self, party: Party, salt: Salt) -> tuple[SiteRegistered, ...]:
        """The party's sites, in one batch: the first of its register."""
        events = []
        for site in sorted({source.site for source in party.kind.sources}):
            inside = site != "branch"
            events.append(
                SiteRegistered(
                    salt=salt(),
                    site=site,
                    region="CN-JS" if inside else "CN-SH",
                    inside=inside,
                    name=party.site_name if inside else f"{party.name}, branch outside the area",
                )
            )
        return tuple(events)

    def sources(self, party: Party, salt: Salt) -> tuple[SourceRegistered, ...]:
        """The party's sources, in one batch."""
        return tuple(self._source(party, source, salt()) for source in party.kind.sources)

    def month(self, month: str, salt: Salt) -> Iterator[Batch]:
        """The batches of a month, party by party; each stream's months must come in order."""
        for party in self.parties:
            for source in party.kind.sources:
                stream = party.stream(source)
                rng = Random(f"{self.seed} {stream} {month}")
                size = replace(source, year=source.year * party.size)
                events = tuple(feeds.readings(size, party.size, month, rng, salt))
                if events:
                    yield Batch(party.party, stream, events)

    def months(self) -> tuple[str, ...]:
        """The months of the park's year."""
        return MONTHS

    def _source(self, party: Party, source: Source, salt: str) -> SourceRegistered:
        feed = source.feed
        return SourceRegistered(
            salt=salt,
            stream=party.stream(source),
            site=source.site,
            activity=source.activity,
            unit=source.unit,
            scope=source.scope,
            category=source.category,
            key_area=source.key_area or party.kind.key_area,
            kind="discrete" if isinstance(feed, Receipts) else "continuous",
            interval_s=feed.interval_s if isinstance(feed, Profile | Readings) else None,
            factors={role: self._ref(party, ref) for role, ref in sorted(source.factors.items())},
            gpc=source.gpc,
            uncertainty_percent="0.5" if isinstance(feed, Profile | Readings) else "2",
            name=f"{party.name}: {source.segment}",
        )

    def _ref(self, party: Party, factor: str) -> str:
        own = factor.removeprefix("own:")
        if own != factor:
            found = next(known for known in party.kind.own_factors if known.id == own)
            return f"{party.party}/{found.id}@{found.version}"
        found = next(known for known in FACTORS if known.id == factor)
        return f"{self.operator}/{found.id}@{found.version}"


def _companies(seed: int, count: int) -> tuple[Party, ...]:
    kinds = [*COMPANIES[:count]]
    while len(kinds) < count:
        kinds.append(AGAIN[(len(kinds) - len(COMPANIES)) % len(AGAIN)])
    met: dict[str, int] = {}
    parties = []
    for kind in kinds:
        met[kind.slug] = met.get(kind.slug, 0) + 1
        parties.append(_party(seed, kind, met[kind.slug]))
    return tuple(parties)


def _party(seed: int, kind: Kind, number: int) -> Party:
    party = f"synthetic-{kind.slug}-{number:02d}"
    name = f"Synthetic {kind.title} {number:02d}"
    size = 0.75 + 0.5 * Random(f"{seed} {party}").random()
    return Party(party, name, kind, f"{name}, works", size)


def _residents(seed: int) -> tuple[Party, ...]:
    """Sub-areas of different size that add up to all residents."""
    rng = Random(f"{seed} residents")
    weights = [0.6 + 0.8 * rng.random() for _ in range(SUB_AREAS)]
    bounds = [
        int(RESIDENTS * sum(weights[:at]) / sum(weights) + 0.5) for at in range(SUB_AREAS + 1)
    ]
    parties = []
    for number, (below, upto) in enumerate(pairwise(bounds), start=1):
        people = upto - below
        parties.append(
            Party(
                f"synthetic-residents-{number:02d}",
                f"Synthetic residents, sub-area {number:02d}",
                residents(people),
                f"Sub-area {number:02d}, {people} residents",
                people=people,
            )
        )
    return tuple(parties)
