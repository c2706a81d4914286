"""A rule pack: every number and name that accounting rules rest on, as data with its source.

A pack is a folder of JSON files that never change once published; its version and hash
stand in the log (`LedgerOpened`, `RulesActivated`), so a replay uses for each entry the numbers
that were in force there. The hash is SHA-256 over one line `<sha-256 of the file>  <name>` per
file, sorted by name, each ended by LF: what `sha256sum` prints.

Packs ship inside this package, as the code does; reading them is the one look outside that a pure
part takes. Source: accounting rules, opening and sections 1 to 3; formats, section 13.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable
from difflib import get_close_matches
from fractions import Fraction
from functools import cache, cached_property
from importlib import resources
from typing import TypeVar, cast

import msgspec

from ledger.errors import BadValue, InvalidInput

T = TypeVar("T")

CURRENT_VERSION = "2"

ROLES = ("direct", "location", "market", "upstream", "lifecycle")


_MONEY = re.compile(r"(?:10\^(?P<power>[3-9]))?(?P<currency>[A-Z]{3})@(?P<year>[0-9]{4})")


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a rule comes from: `mark` is p (primary), s (secondary) or k (general knowledge)."""

    title: str
    mark: str


class Gas(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One gas of the closed list.

    `kind`: `ghg` counts in totals, `biogenic` and `memo` stand in columns of their own, `co2e` is
    an amount that exists only as CO2 equivalent of the GWP set `gwp`.
    """

    gas: str
    kind: str
    title: str
    aliases: tuple[str, ...] = ()
    gwp: str | None = None


class Unit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One unit: `num`/`den` base units of its dimension, integers in lowest terms.

    `source` stands where it is not that of the whole file. Units of money have a `basis`, currency
    and price year: what has another basis is another thing, whatever the dimension.
    """

    unit: str
    dimension: str
    num: str
    den: str = "1"
    aliases: tuple[str, ...] = ()
    source: Source | None = None
    basis: str | None = None

    @property
    def ratio(self) -> Fraction:
        """Base units in one of this unit, exactly."""
        return Fraction(int(self.num), int(self.den))


class Currency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A currency, counted at the prices of a year: `CNY@2023`, `10^4CNY@2023`."""

    currency: str
    title: str


class Placement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an activity may stand: a scope (null for a memo), Scope 3 categories, ISO category."""

    scope: int | None
    iso: int | None = None
    categories: tuple[int, ...] = ()


class Activity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One activity of the catalogue and what a source of it may be.

    `removal` says that its masses are taken out of the air and stand in a column of their own.
    `factors_from` names activities whose factors serve this one too, so that a city's grid factor
    is published once and not once per use.
    """

    activity: str
    title: str
    dimensions: tuple[str, ...]
    placements: tuple[Placement, ...]
    roles: tuple[str, ...]
    gpc: tuple[str, ...] = ()
    key_areas: tuple[str, ...] = ()
    removal: bool = False
    factors_from: tuple[str, ...] = ()


class FactorKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of factor: the roles it may fill, and whether a company may publish it.

    A `regional` kind holds for its region alone, as a grid's average does.
    """

    kind: str
    title: str
    roles: tuple[str, ...]
    company: bool = False
    regional: bool = False


class Property(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a factor may say of its fuel or good beside its gases.

    Where it converts, one `per` is as many `unit` as its value says: `ncv_gj_per_t` 42.652 makes
    42.652 GJ of 1 t. Without `per` and `unit` it is kept and shown, and converts nothing.
    """

    property: str
    title: str
    unit: str | None = None
    per: str | None = None


class Region(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A region that ISO 3166 has no code for, such as a regional grid, by the codes it is made of."""

    region: str
    title: str
    members: tuple[str, ...]
    aliases: tuple[str, ...] = ()


class GwpSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Global warming potentials over 100 years, decimal strings by gas."""

    gwp: str
    values: dict[str, str]
    source: Source


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time zone: how many seconds before UTC midnight its months start.

    `offsets_s` hold from their month of `months` on, until the next.

    A month starts at the first instant whose local date is the 1st. So this is the offset east of
    UTC of that midnight; where midnight does not exist, the offset before the gap; where it exists
    twice, that of its first passing.
    """

    zone: str
    months: tuple[str, ...]
    offsets_s: tuple[int, ...]


class _GasFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    gases: tuple[Gas, ...]
    gwp: tuple[GwpSet, ...]


class _UnitFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    units: tuple[Unit, ...]
    source: Source
    currencies: tuple[Currency, ...] = ()
    price_years: tuple[int, int] = (0, -1)


class _ActivityFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    activities: tuple[Activity, ...]
    kinds: tuple[FactorKind, ...]
    flows: dict[str, int]
    key_areas: tuple[str, ...]
    source: Source


class _ZoneFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    zones: tuple[Zone, ...]
    first: str
    last: str
    source: Source


class _PropertyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    properties: tuple[Property, ...]
    source: Source


class _RegionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    regions: tuple[Region, ...]
    source: Source


FILES = ("activities.json", "gases.json", "timezones.json", "units.json")
"""What every pack has; a pack may have more, which `part` reads."""


class RulePack:
    """The rules of one version, looked up by name. Every look-up of an unknown name raises."""

    def __init__(self, version: str, files: dict[str, bytes]) -> None:
        if not set(FILES) <= set(files):
            raise InvalidInput(
                f"rule pack {version} is incomplete",
                expected=", ".join(FILES),
                found=", ".join(sorted(files)),
            )
        lines = [
            f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())
        ]
        self.version = version
        self.files = files
        self.sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
        gases = msgspec.json.decode(files["gases.json"], type=_GasFile)
        units = msgspec.json.decode(files["units.json"], type=_UnitFile)
        catalogue = msgspec.json.decode(files["activities.json"], type=_ActivityFile)
        zones = msgspec.json.decode(files["timezones.json"], type=_ZoneFile)
        self.gases = {gas.gas: gas for gas in gases.gases}
        self.gas_aliases = {alias: gas.gas for gas in gases.gases for alias in gas.aliases}
        self.gwp = {one.gwp: one for one in gases.gwp}
        self.units = {unit.unit: unit for unit in units.units}
        self.currencies = {one.currency: one for one in units.currencies}
        self.price_years = units.price_years
        self.unit_aliases = {alias: unit.unit for unit in units.units for alias in unit.aliases}
        self.activities = {one.activity: one for one in catalogue.activities}
        self.kinds = {kind.kind: kind for kind in catalogue.kinds}
        self.flows = catalogue.flows
        self.key_areas = catalogue.key_areas
        self.zones = {zone.zone: zone for zone in zones.zones}
        self.catalogue_source, self.unit_source = catalogue.source, units.source
        self.zone_source = zones.source
        self.first_month, self.last_month = zones.first, zones.last
        self._calendars: dict[str, Calendar] = {}
        self._parts: dict[str, object] = {}

    def part(self, name: str, form: type[T]) -> T:
        """A file that not every pack has, such as `views.json`, read once. Raises InvalidInput."""
        if name not in self._parts:
            if name not in self.files:
                raise InvalidInput(
                    f"rule pack {self.version} has no {name}",
                    expected="rules that know it, from pack 2 on",
                    found=f"pack {self.version}",
                    advice="The operator activates newer rules with RulesActivated.",
                )
            self._parts[name] = msgspec.json.decode(self.files[name], type=form)
        return cast("T", self._parts[name])

    @cached_property
    def properties(self) -> dict[str, Property]:
        """What a factor may say beside its gases, by name; empty before pack 2."""
        if "properties.json" not in self.files:
            return {}
        return {one.property: one for one in self.part("properties.json", _PropertyFile).properties}

    @cached_property
    def regions(self) -> dict[str, Region]:
        """Regions made of others, by name; empty before pack 2."""
        if "regions.json" not in self.files:
            return {}
        return {one.region: one for one in self.part("regions.json", _RegionFile).regions}

    def gas(self, name: str) -> Gas:
        """The gas of this exact name. Raises BadValue, with the right spelling of an alias."""
        found = self.gases.get(name)
        if found is None:
            raise BadValue(
                "unknown gas",
                expected="one of " + ", ".join(sorted(self.gases)),
                found=name,
                advice=_alias_advice(self.gas_aliases.get(name)),
            )
        return found

    def unit(self, name: str) -> Unit:
        """The unit of this exact name. Raises BadValue, with the right spelling of an alias."""
        found = self.units.get(name) or self._money(name)
        if found is None:
            raise BadValue(
                "unknown unit",
                expected=_near(name, self.units),
                found=name,
                advice=f"Money is of the prices of a year: {name}@2026."
                if name.rpartition("^")[2].lstrip("3456789") in self.currencies
                else _alias_advice(self.unit_aliases.get(name)),
            )
        return found

    def spelling(self, unit: str) -> str:
        """The one spelling of a unit that people write otherwise; any other name as it is."""
        return self.unit_aliases.get(unit, unit)

    def ratio(self, unit: str, into: str) -> Fraction:
        """How many `into` are in one `unit`, exactly. Raises BadValue across dimensions."""
        one, other = self.unit(unit), self.unit(into)
        if one.dimension != other.dimension:
            raise BadValue(
                "unit of another dimension",
                expected=f"a unit of {other.dimension}, such as {into}",
                found=f"{unit}, a unit of {one.dimension}",
                advice="Give the quantity in a unit of the source's dimension.",
            )
        if one.basis != other.basis:
            raise BadValue(
                "money of another currency or price year",
                expected=f"a unit of {other.basis}",
                found=unit,
                advice="No rule here says what one is in the other: state the amount in "
                f"{other.basis}, or use a factor per {one.basis}.",
            )
        return one.ratio / other.ratio

    def _money(self, name: str) -> Unit | None:
        """The unit of money that this names, None if it names none."""
        found = _MONEY.fullmatch(name)
        if found is None or found["currency"] not in self.currencies:
            return None
        first, last = self.price_years
        if not first <= int(found["year"]) <= last:
            return None
        basis = f"{found['currency']}@{found['year']}"
        num = str(10 ** int(found["power"] or 0))
        return Unit(unit=name, dimension="currency", num=num, basis=basis)

    def activity(self, name: str) -> Activity:
        """The activity of this name. Raises BadValue."""
        found = self.activities.get(name)
        if found is None:
            family = name.partition(".")[0]
            near = [known for known in self.activities if known.partition(".")[0] == family]
            raise BadValue(
                "unknown activity",
                expected="one of " + ", ".join(sorted(near or self.activities)),
                found=name,
            )
        return found

    def factor_kind(self, name: str) -> FactorKind:
        """The factor kind of this name. Raises BadValue."""
        found = self.kinds.get(name)
        if found is None:
            raise BadValue(
                "unknown kind of factor",
                expected="one of " + ", ".join(sorted(self.kinds)),
                found=name,
            )
        return found

    def calendar(self, zone: str) -> Calendar:
        """The months of one time zone. Raises BadValue for a zone the pack does not know."""
        known = self._calendars.get(zone)
        if known is None:
            if zone not in self.zones:
                raise BadValue(
                    "unknown time zone",
                    expected="a name of the IANA time zone database, such as Asia/Shanghai",
                    found=zone,
                )
            known = Calendar(self.zones[zone], self.first_month, self.last_month)
            self._calendars[zone] = known
        return known


class Calendar:
    """Month boundaries of one time zone, from the pack's first to its last month."""

    def __init__(self, zone: Zone, first: str, last: str) -> None:
        self.zone = zone.zone
        self.months: list[str] = []
        self.starts_s: list[int] = []
        month, offset_s, change = first, 0, 0
        while month <= last:
            while change < len(zone.months) and zone.months[change] <= month:
                offset_s = zone.offsets_s[change]
                change += 1
            self.months.append(month)
            self.starts_s.append(_utc_month_start_s(month) - offset_s)
            month = _next_month(month)
        self.end_s = _utc_month_start_s(month) - offset_s

    def position(self, at_s: int) -> int:
        """Which month an instant (epoch seconds) lies in, as an index into `months`.

        Raises BadValue outside the pack's years.
        """
        if not self.starts_s[0] <= at_s < self.end_s:
            raise BadValue(
                "time outside the calendar of the rules",
                expected=f"a time from {self.months[0]} to {self.months[-1]} in {self.zone}",
                found=f"{at_s} seconds after 1970",
            )
        return bisect_right(self.starts_s, at_s) - 1

    def ends_s(self, position: int) -> int:
        """Where a month ends: the start of the next, in epoch seconds."""
        return self.starts_s[position + 1] if position + 1 < len(self.starts_s) else self.end_s

    def bounds_s(self, month: str) -> tuple[int, int]:
        """[start, end) of a month, such as `2018-01`, in epoch seconds.

        Raises BadValue outside the pack's years.
        """
        first = self.months[0]
        position = 12 * (int(month[:4]) - int(first[:4])) + int(month[5:]) - int(first[5:])
        if not 0 <= position < len(self.months):
            raise BadValue(
                "month outside the calendar of the rules",
                expected=f"a month from {first} to {self.months[-1]}",
                found=month,
            )
        return self.starts_s[position], self.ends_s(position)

    def month_of(self, at_s: int) -> str:
        """The month, such as `2018-01`, that an instant (epoch seconds) lies in."""
        return self.months[self.position(at_s)]


@cache
def load(version: str) -> RulePack:
    """The pack of that version, as shipped. Raises InvalidInput for one this release has not."""
    folder = resources.files("ledger.carbon") / "packs" / version
    if not version.isdigit() or not folder.is_dir():
        raise InvalidInput(
            "rules that this release does not know",
            expected="rule pack " + ", ".join(versions()),
            found=version,
            advice="Install a release of carbon-ledger that knows these rules.",
        )
    return RulePack(
        version,
        {one.name: one.read_bytes() for one in folder.iterdir() if one.name[-5:] == ".json"},
    )


def versions() -> tuple[str, ...]:
    """The versions of all packs that this release ships, oldest first."""
    folder = resources.files("ledger.carbon") / "packs"
    return tuple(sorted((p.name for p in folder.iterdir() if p.name.isdigit()), key=int))


def _near(name: str, known: Iterable[str]) -> str:
    """Those that are spelled much like it, or a few to show what is meant."""
    names = sorted(known)
    close = get_close_matches(name, names, n=6, cutoff=0.5)
    return "one of " + ", ".join(close or names[:12]) + ("" if close else ", …")


def _alias_advice(canonical: str | None) -> str:
    if canonical:
        return f"It is written {canonical} here."
    return "docs/reference/rules.md lists the names of all units."


def _next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def _utc_month_start_s(month: str) -> int:
    """Days from civil (H. Hinnant's algorithm), in seconds; exact for every Gregorian month."""
    year, number = int(month[:4]), int(month[5:])
    year -= number <= 2  # years begin in March in this algorithm
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * ((number + 9) % 12) + 2) // 5
    of_era = of_era * 365 + of_era // 4 - of_era // 100 + of_year
    return (era * 146_097 + of_era - 719_468) * 86_400
