"""Writes `docs/reference/factors.md`: how factors come in and are used, and the library as tables.

    python tests/oracles/make_factors_page.py            # write
    python tests/oracles/make_factors_page.py --check    # exit 1 if the page would change

The text stands here; the tables come from the library's own files, so that no value stands twice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.carbon.events import Number, Ratio
from ledger.carbon.library.shelf import Shelf, shelf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/reference/factors.md"

HEAD: Final = """# Factors

For whoever publishes factors or reads a figure that rests on one. This page is made by
`python tests/oracles/make_factors_page.py`, and a test holds it current.

A factor says how many kilograms of each gas a unit of an activity stands for, and which document
says so. It is published once and never changes; a new value is a new version. Numbers are exact:
decimals, or fractions where no decimal of 12 places is exact.

## What a factor fits

- **Kind and role.** The [rules](rules.md) say which kind may fill which role. A residual mix is no
  grid average, and fossil generation is neither.
- **Activity.** A factor is for one activity and for those that take its factors: diesel of a boiler
  serves lorries and machines.
- **Region.** A grid's average, a residual mix, a default of heat and a loss hold in their region: that
  of the site, its country, or a regional grid that the site lies in. Elsewhere they are refused.
  Other kinds may come from elsewhere, and that is shown.
- **Time.** It is used on the days that its publisher allows (`valid`), in the area's time zone.
  Data of another year is normal and shown with its lag: *data of 2023, 3 years earlier*.
- **Unit.** Within a dimension the rules convert. From litres into kilograms or from tonnes into
  gigajoules only the fuel itself can say, so the number is a property of the factor
  (`density_kg_per_l`, `ncv_gj_per_t`, … in the [rules](rules.md)). Properties chain. Without one the
  conversion is refused, with the name of the property that is missing. Money has a currency and a
  price year, and nothing converts it.

`carbon-ledger factor used PARTY --month MONTH` lists the factors of all sources of a party and what
must be said beside their figures.

## Who publishes what

Averages are published by a party with the role `factor-publisher`. A company publishes the kinds
`supplier` and `measured`, for its own streams. They are *unverified* until a certifier posts
`FactorConfirmed` (`carbon-ledger factor confirm`); what was known before stays readable as of then.
Nobody confirms a factor of their own.

## A new year's factor

China publishes the factors of a year about two years late. Publish the new version, then give it to
the sources: `carbon-ledger source assign-factor STREAM location=… --from 2025-01-01 --reason …`. It
counts for recorded periods too, as a difference at that entry, so the old figure stays readable with
`--as-of`.

## Heat and power of one plant

`carbon-ledger factor chp` shares what a plant emitted between heat and power, and publishes two
`supplier` factors whose title names the method.

| method | heat takes | numbers |
| --- | --- | --- |
| `energy-content` | H / (H + P) of all, by the energy that leaves the plant | |
| `efficiency` | (H/ηh) / (H/ηh + P/ηp) of all, by the fuel that plants apart would take | `--heat-efficiency`, `--power-efficiency` |
| `exergy` | by the work it could do, 1 - T0/T of its energy | `--heat-k`, `--ambient-k` |
| `heat-default` | so many kg CO2 per GJ; power takes the rest | `--heat-rate` |
| `power-default` | the rest; power takes so many kg CO2 per kWh | `--power-rate` |

8 660 t CO2, 100 000 GJ of steam at 60 kg/GJ and 10 GWh of power leave the power 0.266 kg/kWh. Every gas
is shared alike, in exact fractions, and the two always add up to what was emitted.

## Tables

`carbon-ledger factor import FILE` reads a table as a whole. Each row is in a factor or is refused
with its line and the reason; `--dry-run` posts nothing, `--json` lists every refused row. After an
interruption run it again: what is published already is left as it is, and a factor that is
published with other numbers is refused. The document of each factor is the file, by its SHA-256.

`--format china-grid`
: Columns `data_year`, `level`, `code`, `name`, `kind`, `value`, `unit`, `notice`, `published`. Regional grids
  get the region of the rules. A value in CO2e names no GWP set there: say it with `--gwp`. Allowed for
  five years from the data's, or `--until` a day.

`--format desnz`
: The UK government's conversion factors. "kg CO2e of CH4" is divided by the potential of AR5, as a
  fraction. The rows per gas are taken and their total is refused, or there is only the total, as
  `CO2e_AR5`. "Outside of scopes" is `CO2_bio` beside the fuel it is about. Where a product stands
  twice the Kyoto row is taken. A pure gas is one kilogram of itself; a blend, whose composition is not
  said, stays `CO2e_AR5`. Refused are electricity per distance (charging is recorded in energy), things
  without any emission, products outside the list of gases, and kWh that are neither net nor gross.

`--format gwp`
: Potentials are rules and are never imported: the table is compared with them.

`--map MAP.toml`
: Any other table:

```toml
[document]
title = "Factors of our suppliers"
number = "2026-03"            # may be left out

[factor]                      # the same for all rows
activity = "fuel.diesel"
kind = "combustion"
region = "CN"
version = "1"
valid = ["2026-01-01", "2027-01-01"]

[columns]                     # from a column; its cell wins over [factor]
id = "code"
unit = "per"
year = "year"

[gases]                       # gas = column, in kg per unit; an empty cell: no such gas
CO2 = "kg CO2"

[properties]                  # may be left out
density_kg_per_l = "density"
```

Members of `[factor]` and `[columns]`: `id`, `version`, `activity`, `unit`, `kind`, `region`, `year`, `valid_from`,
`valid_until`, `uncertainty_percent`; `valid` in `[factor]` alone.

## The library

These ship with the program and count nowhere until somebody publishes them:
`carbon-ledger factor library publish china-grid diesel@1`. Marks: `p` read in a primary text, `s` in a
secondary one, `k` general knowledge of the field that nobody has read there yet: check before you
publish. CO2 of a fuel follows from its values, exactly: calorific value × carbon content × share
oxidised × 44/12.
"""


def main(arguments: Sequence[str]) -> int:
    """Write or check the page. Returns the exit status."""
    text = page()
    if "--check" in arguments:
        return int(PAGE.read_text() != text)
    PAGE.write_text(text)
    return 0


def page() -> str:
    """The page as it should be."""
    return HEAD + "\n".join(_library(shelf())) + "\n"


def _library(known: Shelf) -> Iterator[str]:
    for file, (title, names) in known.files.items():
        factors = [known.factors[name] for name in names]
        origins = dict.fromkeys(v.source for one in factors for v in one.values.values())
        numbers = {name: str(at) for at, name in enumerate(origins, start=1)}
        yield ""
        yield f"### {title}"
        yield ""
        yield f"File `{file}`."
        yield ""
        yield "| factor | activity | values, with their source | unit | kind | region |"
        yield "| --- | --- | --- | --- | --- | --- |"
        for one in factors:
            values = "; ".join(
                f"{name} {_number(value.value)} ({numbers[value.source]})"
                for name, value in one.values.items()
            )
            cells = (f"`{one.name}`", one.activity, values, one.unit, one.kind, one.region)
            yield "| " + " | ".join(cells) + " |"
        yield ""
        for name, at in numbers.items():
            origin = known.origins[name]
            number = f", {origin.number}" if origin.number else ""
            yield f"({at}) [{origin.mark}] {origin.title}{number}  "


def _number(number: Number) -> str:
    return f"{number.num}/{number.den}" if isinstance(number, Ratio) else number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
