"""Writes what follows from the rule packs, and checks that the rest is in its one layout.

    python tests/oracles/make_pack.py            # write
    python tests/oracles/make_pack.py --check    # exit 1 and name every file that would change

`gases.json`, `units.json`, `activities.json`, `properties.json` and `regions.json` are kept by hand:
this tool only lays them out, one item a line, so that a change reads as a change of its line. It
makes two files:

- `timezones.json`, from the `tzdata` package and nothing of this machine. The pack names the
  release it was made from; with another release installed that file is left as it is, since a
  published pack never changes.
- `docs/reference/rules.md`, the newest pack as a page.

The start of a month is the first instant whose local date is the 1st. Where midnight does not
exist that is the end of the gap; where it exists twice, its first passing. The pack stores UTC
midnight less that instant. Source: accounting rules, sections 1 to 3; formats, section 13.
"""

from __future__ import annotations

import json
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ledger.carbon import rulepack
from ledger.carbon.rulepack import Activity, Placement, RulePack, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
PACKS = ROOT / "ledger/carbon/packs"
PACK = PACKS / "1"
"""The first pack, released and frozen."""
LAID_OUT = (
    "activities.json",
    "gases.json",
    "properties.json",
    "regions.json",
    "units.json",
)
PAGE = ROOT / "docs/reference/rules.md"
ZONES = resources.files("tzdata") / "zoneinfo"  # never the machine's own copy
FIRST, LAST = "2000-01", "2049-12"


def main(arguments: Sequence[str]) -> int:
    """Write or check every file. Returns the exit status."""
    files = list(_files())
    if "--check" in arguments:
        wrong = [path for path, text in files if not path.exists() or path.read_text() != text]
        for path in wrong:
            sys.stdout.write(f"{path.relative_to(ROOT)} is not what make_pack.py writes\n")
        return 1 if wrong else 0
    for path, text in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for version in rulepack.versions():
        sys.stdout.write(f"rule pack {version}: {_pack(version, {}).sha256}\n")
    return 0


def layout(value: Mapping[str, object]) -> str:
    """JSON with sorted members, every item of an array on a line of its own, ended by LF."""
    members = [f"{_line(name)}:{_spread(value[name])}" for name in sorted(value)]
    return "{\n" + ",\n".join(members) + "\n}\n"


def zone_file() -> str:
    """`timezones.json` from the installed tzdata."""
    zones = [msgspec.to_builtins(_zone(name)) for name in zone_names()]
    source = {"mark": "p", "title": installed()}
    return layout({"first": FIRST, "last": LAST, "source": source, "zones": zones})


def installed() -> str:
    """Title of the release of the time zone database that is installed."""
    release = (ZONES / "tzdata.zi").read_text(encoding="utf-8").split()[2]  # "# version 2026f"
    return f"IANA time zone database {release}, zones of zone.tab and zone1970.tab, and UTC"


def time_zone(name: str) -> zoneinfo.ZoneInfo:
    """A zone as the installed release has it."""
    with ZONES.joinpath(*name.split("/")).open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key=name)


def zone_names() -> list[str]:
    """Names of all zones that belong to a place today, and UTC; sorted."""
    names = {"UTC"}
    for table in ("zone.tab", "zone1970.tab"):
        lines = (ZONES / table).read_text(encoding="utf-8").splitlines()
        names.update(line.split("\t")[2] for line in lines if line and not line.startswith("#"))
    return sorted(names)


def page(pack: RulePack) -> str:
    """`docs/reference/rules.md`: the pack as tables."""
    return "\n".join(_page(pack))


def _files() -> Iterator[tuple[Path, str]]:
    texts: dict[str, str] = {}
    for version in rulepack.versions():
        folder = PACKS / version
        texts = {
            name: layout(json.loads((folder / name).read_text()))
            for name in LAID_OUT
            if (folder / name).exists()
        }
        zones = folder / "timezones.json"
        if not zones.exists() or json.loads(zones.read_text())["source"]["title"] == installed():
            texts[zones.name] = zone_file()
        for name, text in texts.items():
            yield folder / name, text
    yield PAGE, page(_pack(rulepack.versions()[-1], texts))


def _pack(version: str, texts: Mapping[str, str]) -> RulePack:
    files = {path.name: path.read_bytes() for path in (PACKS / version).glob("*.json")}
    return RulePack(version, files | {name: text.encode() for name, text in texts.items()})


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _spread(value: object) -> str:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "[\n" + ",\n".join(_item(item) for item in value) + "\n]"
    return _line(value)


def _item(item: Mapping[str, object]) -> str:
    """One item on one line, but for the values of a GWP set: one gas a line."""
    values = item.get("values")
    if not isinstance(values, dict):
        return _line(item)
    rest = _line({name: member for name, member in item.items() if name != "values"})
    lines = ",\n".join(f"  {_line(gas)}:{_line(values[gas])}" for gas in values)
    return rest[:-1] + ',"values":{\n' + lines + "\n}}"


def _zone(name: str) -> Zone:
    zone = time_zone(name)
    months: list[str] = []
    offsets_s: list[int] = []
    for year in range(int(FIRST[:4]), int(LAST[:4]) + 1):
        for month in range(1, 13):
            offset_s = _offset_s(zone, datetime(year, month, 1))  # noqa: DTZ001  (a local date)
            if not offsets_s or offsets_s[-1] != offset_s:
                months.append(f"{year:04d}-{month:02d}")
                offsets_s.append(offset_s)
    return Zone(zone=name, months=tuple(months), offsets_s=tuple(offsets_s))


def _offset_s(zone: zoneinfo.ZoneInfo, midnight: datetime) -> int:
    """UTC midnight less the first instant whose local date is that of `midnight`, in seconds."""
    # fold=0: before a gap, and the first of two passings (PEP 495)
    start = midnight.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = (start - timedelta(seconds=1)).astimezone(zone)
    if start.astimezone(zone).date() != midnight.date() or before.date() == midnight.date():
        raise ValueError(f"{zone.key}: month {midnight:%Y-%m} does not start at its midnight")
    return round((midnight.replace(tzinfo=UTC) - start).total_seconds())


def _page(pack: RulePack) -> Iterator[str]:
    yield f"# Rules, version {pack.version}"
    yield ""
    yield "This page is written by `tests/oracles/make_pack.py` from the files in"
    yield f"`ledger/carbon/packs/{pack.version}/`. A ledger names its pack by version and SHA-256:"
    yield "`carbon-ledger status` shows both. Earlier packs stand beside it and decide what was"
    yield "appended under them."
    yield ""
    yield "A published pack never changes; a correction is a new version. Marks of a source: `p` read"
    yield "in a primary or official text, `s` in a secondary one, `k` general knowledge of the field."
    yield ""
    yield from _page_activities(pack)
    yield from _page_kinds(pack)
    yield from _page_properties(pack)
    yield from _page_regions(pack)
    yield from _page_gases(pack)
    yield from _page_units(pack)
    yield from _page_calendar(pack)


def _page_activities(pack: RulePack) -> Iterator[str]:
    yield "## Activities"
    yield ""
    yield f"Source [{pack.catalogue_source.mark}]: {pack.catalogue_source.title}."
    yield ""
    yield "A source says which of these it measures, in a unit of one of the dimensions. Under *may"
    yield "stand as*, `3 (5, 12) → ISO 4` means Scope 3 in category 5 or 12, ISO 14064-1 category 4;"
    yield "*memo* is outside every scope. *Removal*: its masses stand in the column of removals."
    yield "*Factors also of* names activities whose published factors serve this one too."
    yield ""
    areas = pack.key_areas
    yield "Key areas: " + ", ".join(f"`{area}`" for area in areas) + "; *all* means all eight."
    yield ""
    families: dict[str, list[Activity]] = {}
    for one in pack.activities.values():
        families.setdefault(one.activity.split(".")[0], []).append(one)
    for family, members in families.items():
        yield f"### {family}"
        yield ""
        yield "| activity | what it is | dimensions | may stand as | roles | GPC | key areas |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for one in members:
            title = one.title + (". *Removal*" if one.removal else "")
            if one.factors_from:
                title += ". *Factors also of* " + ", ".join(
                    f"`{name}`" for name in one.factors_from
                )
            yield _row(
                f"`{one.activity}`",
                title,
                ", ".join(one.dimensions),
                "; ".join(_placement(placement) for placement in one.placements),
                ", ".join(one.roles),
                ", ".join(one.gpc),
                "all" if one.key_areas == areas else ", ".join(one.key_areas),
            )
        yield ""


def _placement(placement: Placement) -> str:
    if placement.scope is None:
        return "memo"
    categories = ", ".join(str(number) for number in placement.categories)
    return f"{placement.scope}{f' ({categories})' if categories else ''} → ISO {placement.iso}"


def _page_kinds(pack: RulePack) -> Iterator[str]:
    yield "## Kinds of factors"
    yield ""
    yield "Kinds are not interchangeable: each fills only its roles. A *regional* kind is refused for a"
    yield "site outside its region. What a company publishes is unverified until a certifier confirms it."
    yield ""
    yield "| kind | what it is | roles | who publishes | regional |"
    yield "| --- | --- | --- | --- | --- |"
    for kind in pack.kinds.values():
        who = (
            "factor-publisher; a company for its own streams"
            if kind.company
            else "factor-publisher"
        )
        where = "yes" if kind.regional else ""
        yield _row(f"`{kind.kind}`", kind.title, ", ".join(kind.roles), who, where)
    yield ""
    yield "## Flows"
    yield ""
    yield (
        "Within a balance group: "
        + ", ".join(
            f"`{flow}` {'adds' if sign > 0 else 'subtracts'}" for flow, sign in pack.flows.items()
        )
        + "."
    )
    yield ""


def _page_properties(pack: RulePack) -> Iterator[str]:
    yield "## Properties of factors"
    yield ""
    yield "A factor says these of its fuel or good beside its gases. Where a quantity's unit is of"
    yield "another dimension than the factor's, they convert it exactly, the fewest that connect the two;"
    yield "without them the conversion is refused."
    yield ""
    yield "| property | what it is | its unit |"
    yield "| --- | --- | --- |"
    for one in pack.properties.values():
        unit = f"`{one.unit}` per `{one.per}`" if one.per else "kept and shown, converts nothing"
        yield _row(f"`{one.property}`", one.title, unit)
    yield ""


def _page_regions(pack: RulePack) -> Iterator[str]:
    yield "## Regions"
    yield ""
    yield "Countries and subdivisions are those of ISO 3166. These are made of some of them:"
    yield ""
    yield "| region | what it is | members | other spellings |"
    yield "| --- | --- | --- | --- |"
    for one in pack.regions.values():
        members = ", ".join(f"`{member}`" for member in one.members)
        yield _row(f"`{one.region}`", one.title, members, ", ".join(one.aliases))
    yield ""


def _page_gases(pack: RulePack) -> Iterator[str]:
    yield "## Gases"
    yield ""
    yield "GWP over 100 years. A dash: the set has no value, and a view shows that mass apart. `ghg`"
    yield "counts in totals; `biogenic` and `memo` stand in columns of their own, outside every scope"
    yield "total; `co2e` is used where an amount exists in no other form."
    yield ""
    for one in pack.gwp.values():
        yield f"- {one.gwp} [{one.source.mark}]: {one.source.title}"
    yield ""
    yield _row("gas", "what it is", "kind", *pack.gwp, "other spellings")
    yield _row(*["---"] * (4 + len(pack.gwp)))
    for gas in pack.gases.values():
        values = [one.values.get(gas.gas, "-") for one in pack.gwp.values()]
        yield _row(f"`{gas.gas}`", gas.title, gas.kind, *values, ", ".join(gas.aliases))
    yield ""


def _page_units(pack: RulePack) -> Iterator[str]:
    yield "## Units"
    yield ""
    yield f"Source [{pack.unit_source.mark}], where a unit names no other: {pack.unit_source.title}."
    yield "Ratios are exact integers; from one dimension into another only a factor's properties convert. A quantity of"
    yield "fuel in `energy` is on its net calorific value, in `energy-gross` on its gross one. Gas in"
    yield "`volume` is at the conditions of its factor; in `gas-volume` they are named. A coal equivalent"
    yield "such as `kgce` is heat content: what a programme counts per kWh (0.1229 kgce) is a factor."
    yield ""
    dimensions: dict[str, str] = {}
    for unit in pack.units.values():
        dimensions.setdefault(unit.dimension, unit.unit)
    for dimension, base in dimensions.items():
        yield f"### {dimension}"
        yield ""
        yield f"| unit | in `{base}` | other spellings | source |"
        yield "| --- | --- | --- | --- |"
        for unit in pack.units.values():
            if unit.dimension == dimension:
                ratio = unit.num if unit.den == "1" else f"{unit.num} / {unit.den}"
                source = f"{unit.source.title} [{unit.source.mark}]" if unit.source else ""
                yield _row(f"`{unit.unit}`", ratio, ", ".join(unit.aliases), source)
        yield ""
    yield from _page_money(pack)


def _page_money(pack: RulePack) -> Iterator[str]:
    if not pack.currencies:
        return
    first, last = pack.price_years
    yield "### currency"
    yield ""
    yield f"An amount of money has the year of its prices, {first} to {last}: `CNY@2023`, or with a power"
    yield "of ten from 3 to 9 before it, `10^4CNY@2023` (万元). Nothing converts between currencies or"
    yield "price years."
    yield ""
    for one in pack.currencies.values():
        yield f"- `{one.currency}`: {one.title}"
    yield ""


def _page_calendar(pack: RulePack) -> Iterator[str]:
    yield "## Calendar"
    yield ""
    yield f"Source [{pack.zone_source.mark}]: {pack.zone_source.title}."
    yield ""
    yield f"{len(pack.zones)} time zones, months {pack.first_month} to {pack.last_month}. A month starts"
    yield "at the first instant whose local date is the 1st: where midnight does not exist, at the end"
    yield "of the gap; where it exists twice, at its first passing."
    yield ""
    yield ", ".join(f"`{name}`" for name in pack.zones)
    yield ""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
