"""Write the numbers of all rule packs that the browser's verifier needs, as a module.

    python tests/oracles/make_browser_rules.py > ledger/browser/verify/rules.js

A test holds the module current.
"""

from __future__ import annotations

import json
import sys
from importlib import resources

from ledger.carbon import rulepack

VERSIONS = sorted(
    entry.name for entry in resources.files("ledger.carbon").joinpath("packs").iterdir()
)
HEAD = """\
// Numbers of the rule packs: units, properties, gases. Written from ledger/carbon/packs by
// tests/oracles/make_browser_rules.py; a test holds it current. Source: reference, rules.
//
// A unit is [dimension, numerator, denominator] in the dimension's own unit, a property [name, per, unit].

"""


def module() -> str:
    """The text of the module."""
    packs = ",\n".join(f"  {json.dumps(version)}: {_pack(version)}" for version in VERSIONS)
    return f"{HEAD}export const RULES = {{\n{packs},\n}};\n"


def _pack(version: str) -> str:
    pack = rulepack.load(version)
    value = {
        "sha256": pack.sha256,
        "gwps": sorted(pack.gwp),
        "price_years": pack.price_years,
        "currencies": sorted(pack.currencies),
        "properties": [
            (p.property, p.per, p.unit) for p in pack.properties.values() if p.per and p.unit
        ],
        "units": {
            u.unit: (u.dimension, u.num) if u.den == "1" else (u.dimension, u.num, u.den)
            for u in pack.units.values()
        },
        "gases": {g.gas: _gas(pack, g) for g in pack.gases.values()},
    }
    rows = []
    for name, member in value.items():
        if name in {"units", "gases"}:
            assert isinstance(member, dict)
            inner = ",\n".join(f"      {_js(key)}: {_js(item)}" for key, item in member.items())
            rows.append(f"    {name}: {{\n{inner},\n    }}")
        elif name == "properties":
            assert isinstance(member, list)
            inner = ",\n".join(f"      {_js(item)}" for item in member)
            rows.append(
                f"    {name}: [{inner and chr(10)}{inner}{inner and ',' + chr(10) + '    '}]"
            )
        else:
            rows.append(f"    {name}: {_js(member)}")
    return "{\n" + ",\n".join(rows) + ",\n  }"


def _gas(pack: rulepack.RulePack, gas: rulepack.Gas) -> dict[str, object]:
    potentials = {
        name: str(table.values[gas.gas])
        for name, table in sorted(pack.gwp.items())
        if gas.gas in table.values
    }
    found: dict[str, object] = {"kind": gas.kind}
    if gas.gwp is not None:
        found["gwp"] = gas.gwp
    elif potentials:
        found["potentials"] = potentials
    return found


def _js(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(module())
