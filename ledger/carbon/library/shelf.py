"""The shelf of factors that ship with the product: values with their sources, ready to publish.

Each file beside this one holds factors of a kind, a factor a line, and the documents they are from,
each with its mark: p read in a primary text, s in a secondary one, k general knowledge of the field.
Every value names its document. A fuel that is `burnt` has no CO2 of its own: it follows, exactly,
from calorific value × carbon content × share oxidised × 44/12. Nothing of this counts anywhere until
a factor-publisher publishes it; from then on the event counts and not the shelf.
Source: accounting rules, sections 2, 3 and 9.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

from ledger.carbon.events import Document, FactorPublished, Number, Ratio
from ledger.carbon.exact import number_of
from ledger.carbon.rulepack import CURRENT_VERSION, RulePack, load
from ledger.errors import InvalidInput, NotFound

CO2_PER_CARBON: Final = Fraction(44, 12)
CALORIFIC: Final = {"mass": "ncv_gj_per_t", "volume": "ncv_gj_per_m3"}
"""Which property is the calorific value of a fuel, by the dimension of the factor's unit."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document that values are from, and how it was read: p, s or k."""

    source: str
    title: str
    mark: Literal["p", "s", "k"]
    number: str | None = None


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number and the name of the document it is from."""

    value: Number
    source: str


class Shelved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A factor before anybody has published it. `values` are gases in kg per unit and properties."""

    id: str
    version: str
    title: str
    activity: str
    unit: str
    kind: str
    region: str
    year: int
    valid: tuple[str, str]
    values: dict[str, Value]
    burnt: bool = False

    @property
    def name(self) -> str:
        """`<id>@<version>`."""
        return f"{self.id}@{self.version}"


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    sources: tuple[Origin, ...]
    factors: tuple[Shelved, ...]


class Shelf:
    """All factors of the library, by `<id>@<version>`, and the documents that they are from."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.factors: dict[str, Shelved] = {}
        self.origins: dict[str, Origin] = {}
        self.files: dict[str, tuple[str, tuple[str, ...]]] = {}
        """File name to its title and its factors."""
        for name, data in sorted(files.items()):
            file = msgspec.json.decode(data, type=_File)
            self.origins.update({one.source: one for one in file.sources})
            self.factors.update({one.name: one for one in file.factors})
            self.files[name.removesuffix(".json")] = (
                file.title,
                tuple(one.name for one in file.factors),
            )

    def find(self, name: str) -> list[Shelved]:
        """The factors of a file, of an id, or the one of `<id>@<version>`. Raises NotFound."""
        if name in self.files:
            return [self.factors[one] for one in self.files[name][1]]
        found = [one for one in self.factors.values() if name in (one.name, one.id)]
        if not found:
            raise NotFound(
                f"factor {name} in the library",
                expected="a file (" + ", ".join(self.files) + "), an id, or <id>@<version>",
                found=name,
                advice="See: carbon-ledger factor library list",
            )
        return found

    def sources_of(self, factor: Shelved) -> list[Origin]:
        """The documents that its values are from, each once, the first value's first."""
        names = dict.fromkeys(value.source for value in factor.values.values())
        return [self.origins[name] for name in names]

    def document(self, factor: Shelved) -> Document:
        """What the published factor names as its source."""
        origins = self.sources_of(factor)
        title = "; ".join(f"{one.title} [{one.mark}]" for one in origins)
        return Document(title=title, sha256=None, number=origins[0].number)

    def event(self, factor: Shelved, salt: str, pack: RulePack | None = None) -> FactorPublished:
        """The event that publishes it. Raises InvalidInput where a burnt fuel lacks a value."""
        known = pack or load(CURRENT_VERSION)
        gases = {n: v.value for n, v in factor.values.items() if n in known.gases}
        properties = {n: v.value for n, v in factor.values.items() if n not in known.gases}
        if factor.burnt:
            gases["CO2"] = number_of(_burnt(known, factor, properties))
        return FactorPublished(
            salt=salt,
            id=factor.id,
            version=factor.version,
            activity=factor.activity,
            unit=factor.unit,
            kind=factor.kind,
            region=factor.region,
            year=factor.year,
            valid=factor.valid,
            gases_kg_per_unit=gases,
            properties=properties,
            source=self.document(factor),
        )


@cache
def shelf() -> Shelf:
    """The library of this release."""
    folder = resources.files("ledger.carbon") / "library"
    return Shelf({p.name: p.read_bytes() for p in folder.iterdir() if p.name.endswith(".json")})


def fraction(number: Number) -> Fraction:
    """A number of an event, exactly."""
    if isinstance(number, Ratio):
        return Fraction(int(number.num), int(number.den))
    return Fraction(number)


def _burnt(pack: RulePack, factor: Shelved, properties: dict[str, Number]) -> Fraction:
    """Kilograms of CO2 per unit: GJ × kg C per GJ (a tC/TJ is a kg/GJ) × oxidised × 44/12."""
    unit = pack.unit(factor.unit)
    calorific = CALORIFIC.get(unit.dimension, "")
    lacking = [n for n in (calorific, "carbon_tc_per_tj", "oxidation") if n not in properties]
    if lacking:
        raise InvalidInput(
            f"{factor.name} of the library",
            expected="calorific value, carbon content and share oxidised",
            found="no " + ", ".join(lacking),
        )
    gj = fraction(properties[calorific]) * pack.ratio(
        factor.unit, pack.properties[calorific].per or factor.unit
    )
    carbon_kg = gj * fraction(properties["carbon_tc_per_tj"]) * fraction(properties["oxidation"])
    return carbon_kg * CO2_PER_CARBON
