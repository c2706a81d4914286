"""Kinds `inventory-line`, `company-total`, `company-part`, `area-total`: figures of a seal's lists.

The operator has committed to them, and the file shows that; nothing is derived from readings.
Source: specification, bundles, steps 7 to 10.
"""

from __future__ import annotations

from typing import cast

from ledger.errors import ProofFailed
from ledger.log import seals
from ledger.log.bundle_kinds import (
    AreaSubject,
    CompanyProof,
    CompanySubject,
    LineProof,
    LineSubject,
    PartSubject,
    Select,
    as_value,
)
from ledger.log.bundle_proof import OpenedBundle
from ledger.log.names import party_of
from ledger.log.seals import LineName
from ledger.provenance.seal import (
    Sealed,
    check_companies,
    check_company,
    check_line,
    check_lines,
    months_text,
    open_sealed,
)
from ledger.provenance.trusted import Trusted
from ledger.provenance.verdict import LATER_SEAL, SEALED, Finding

IN_COMPANIES = "the party's line is in the sealed list of companies"
SEAL_SIGNED = "the seal stands in the operator's own stream, signed with a key that was valid there"


def inventory_line(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """One line of a party's sealed inventory. Raises ProofFailed, with its defect."""
    subject = cast("LineSubject", opened.subject)
    seal = open_sealed(opened, trusted, subject.seal)
    company = check_company(seal, cast("CompanyProof", opened.further.company), subject.party)
    shown = cast("LineProof", opened.further.line)
    line = check_line(company, shown) if shown.line.as_line().name == subject.line else None
    if line is None:
        raise ProofFailed(
            "the line of another place",
            expected=subject.line.key().decode(),
            found=shown.line.as_line().name.key().decode(),
            defect="subject",
        )
    claim = cast("dict[str, object]", as_value(shown.line))
    del claim["salt"]
    about = {"party": subject.party, **_named(subject.line)}
    checked = (SEAL_SIGNED, IN_COMPANIES, "the line is in the party's sealed inventory")
    return _finding(opened, seal, claim, about, checked)


def _named(line: LineName) -> dict[str, str]:
    """Which line it is, for people."""
    value = cast("dict[str, object]", as_value(line))
    value.pop("subtract", None)  # said beside the mass
    words = {"line": "line of the source", "role": "role of factor", "stream": "source"}
    return {words.get(name, name): str(said) for name, said in value.items()}


def company_total(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """A party's sealed sums. Raises ProofFailed, with its defect."""
    subject = cast("CompanySubject", opened.subject)
    seal = open_sealed(opened, trusted, subject.seal)
    company = check_company(seal, cast("CompanyProof", opened.further.company), subject.party)
    claim: dict[str, object] = {"party": subject.party, "sums": as_value(company.sums)}
    about = {"party": subject.party}
    return _finding(opened, seal, claim, about, (SEAL_SIGNED, IN_COMPANIES))


def company_part(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """The sum of some lines of a party's sealed inventory. Raises ProofFailed, with its defect."""
    subject = cast("PartSubject", opened.subject)
    seal = open_sealed(opened, trusted, subject.seal)
    company = check_company(seal, cast("CompanyProof", opened.further.company), subject.party)
    lines = check_lines(company, opened.further.lines or ())
    _check_covered(seal, subject)
    sums: dict[str, dict[str, int]] = {}
    chosen = [line for line in lines if subject.select.matches(line.name)]
    for line in chosen:
        row = sums.setdefault(line.name.column, {})
        mass_mg = -line.mass_mg if line.name.subtract else line.mass_mg
        row[line.name.gas] = row.get(line.name.gas, 0) + mass_mg
    masses = {
        column: {gas: str(mass_mg) for gas, mass_mg in sorted(row.items()) if mass_mg}
        for column, row in sorted(sums.items())
        if any(row.values())
    }
    claim: dict[str, object] = {
        "masses": masses,
        "party": subject.party,
        "select": as_value(subject.select),
    }
    about = {
        "party": subject.party,
        "selected": f"{len(chosen)} of {len(lines)} lines of the seal: {_selected(subject.select)}",
    }
    checked = (
        SEAL_SIGNED,
        IN_COMPANIES,
        "the lines are the party's whole sealed inventory, each once, and add up to its sums",
        "the masses below are the sum of the selected lines",
    )
    return _finding(opened, seal, claim, about, checked)


def _check_covered(seal: Sealed, subject: PartSubject) -> None:
    """What is selected is of the seal's months and the party's own; raises ProofFailed."""
    select, (first, end) = subject.select, seal.event.period
    if select.months is not None and not (first <= select.months[0] and select.months[1] <= end):
        raise ProofFailed(
            "months that the seal is not about",
            expected=f"months from {first} until before {end}",
            found=f"from {select.months[0]} until before {select.months[1]}",
            advice="Of what the seal does not cover nothing follows.",
            defect="subject",
        )
    if select.stream is not None and party_of(select.stream) != subject.party:
        raise ProofFailed(
            "a source of another party",
            expected=f"one of {subject.party}",
            found=select.stream,
            defect="subject",
        )


def _selected(select: Select) -> str:
    """Which lines are selected, in words."""
    parts = ["all scopes"] if (select.scope, select.category) == (None, None) else []
    if select.category is None and select.scope in (None, 2):
        parts.append(f"Scope 2 by {select.method}")
    elif select.scope is not None:
        parts.append(f"Scope {select.scope}")
    if select.category is not None:
        parts.append(f"category {select.category} of Scope 3")
    if select.months is not None:
        parts.append(months_text(*select.months))
    if select.stream is not None:
        parts.append(f"from {select.stream}")
    return ", ".join(parts)


def area_total(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """A seal's totals and the sum over all companies. Raises ProofFailed, with its defect."""
    subject = cast("AreaSubject", opened.subject)
    seal = open_sealed(opened, trusted, subject.seal)
    companies = check_companies(seal, opened.further.companies or ())
    claim: dict[str, object] = {
        "companies": len(companies),
        "companies_sums": as_value(seals.add_up([one.sums for one in companies])),
        "period": list(seal.event.period),
        "totals": as_value(seal.event.totals),
        "view": seal.event.view,
    }
    checked = (
        SEAL_SIGNED,
        "the list of companies is the sealed one, whole, each party once",
        "the companies' sums below are the sum over that list",
    )
    return _finding(opened, seal, claim, {}, checked)


def _finding(
    opened: OpenedBundle,
    seal: Sealed,
    claim: dict[str, object],
    about: dict[str, str],
    checked: tuple[str, ...],
) -> Finding:
    return Finding(
        strength=SEALED,
        claim=claim,
        area=seal.area,
        about={**about, **seal.about(opened)},
        checked=checked,
        not_excluded=(LATER_SEAL,),
        covers=seal.event.size,
        disputed=seal.flags.disputed,
        recovered=seal.flags.recovered,
        notes=seal.flags.notes,
    )
