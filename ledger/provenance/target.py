"""Kind `target-progress`: a sealed year beside what a target of the area allows.

Source: specification, bundles, step 12.
"""

from __future__ import annotations

from typing import cast

from ledger.carbon.area.events import TargetSet
from ledger.carbon.gwp import co2e
from ledger.carbon.rulepack import load
from ledger.errors import ProofFailed, refusing
from ledger.log.bundle_kinds import TargetSubject
from ledger.log.bundle_proof import OpenedBundle
from ledger.provenance.seal import Sealed, open_sealed
from ledger.provenance.sealed_figures import SEAL_SIGNED
from ledger.provenance.trusted import Trusted
from ledger.provenance.verdict import LATER_SEAL, LATER_TARGET, SEALED, Finding


def target_progress(opened: OpenedBundle, trusted: Trusted) -> Finding:
    """What a year emitted and what the target allows in it. Raises ProofFailed, with its defect."""
    subject = cast("TargetSubject", opened.subject)
    seal = open_sealed(opened, trusted, subject.seal, subject.target)
    item = opened.place(subject.target)[1]
    target = cast("TargetSet", item.said)
    year = _check_fits(seal, item.stream, target)
    allowed = [amount for until, amount in target.path if until <= year]
    sums = {
        gas: int(amounts.emitted)
        for gas, amounts in seal.event.totals.items()
        if not target.gases or gas in target.gases
    }
    with refusing("rule"):
        emitted = co2e(load(seal.event.rules.version), target.gwp, sums)
    return Finding(
        strength=SEALED,
        claim={
            "allowed_mg": allowed[-1] if allowed else target.base_mg,
            "base_mg": target.base_mg,
            "emitted_mg": str(emitted.mg),
            "year": year,
        },
        area=seal.area,
        about={
            "target": f"{target.target}, set in {subject.target}",
            "GWP set": target.gwp,
            "gases": ", ".join(target.gases) or "all",
            **seal.about(opened),
        },
        checked=(
            SEAL_SIGNED,
            "the target stands in the operator's register and aims in the view of the seal",
            "the figure below is the CO2 equivalent of the sealed totals",
        ),
        not_excluded=(LATER_SEAL, LATER_TARGET),
        covers=seal.event.size,
        disputed=seal.flags.disputed,
        recovered=seal.flags.recovered,
        notes=seal.flags.notes,
    )


def _check_fits(seal: Sealed, stream: str, target: TargetSet) -> int:
    """The year that both are about; raises ProofFailed."""
    first, end = seal.event.period
    year = int(first[:4])
    expected = f"{seal.operator}/register", seal.event.view, (f"{year:04}-01", f"{year + 1:04}-01")
    found = stream, target.view, (first, end)
    if found != expected:
        raise ProofFailed(
            "the target and the seal are not about the same",
            expected=f"a target of {expected[0]} in the view {expected[1]}, and a calendar year",
            found=f"one of {stream} in {target.view}, from {first} until before {end}",
            defect="subject",
        )
    return year
