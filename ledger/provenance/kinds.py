"""The table of kinds: who derives the claim of each. A kind is a line here and a file beside it.

A function takes what the file proves and whom its reader trusts, derives the claim again and
returns what it found, or raises with the defect. It takes no number from the subject.
Source: specification, bundles, "Kinds".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from ledger.log.bundle_kinds import (
    AreaSubject,
    CompanySubject,
    CurrentSubject,
    EventSubject,
    FigureSubject,
    InventorySubject,
    LineSubject,
    PartSubject,
    TargetSubject,
)
from ledger.log.bundle_proof import OpenedBundle
from ledger.provenance.company_inventory import company_inventory
from ledger.provenance.current import current_event
from ledger.provenance.event import event
from ledger.provenance.figure import figure
from ledger.provenance.sealed_figures import (
    area_total,
    company_part,
    company_total,
    inventory_line,
)
from ledger.provenance.target import target_progress
from ledger.provenance.trusted import Trusted
from ledger.provenance.verdict import Finding

DERIVES: Final[dict[type[msgspec.Struct], Callable[[OpenedBundle, Trusted], Finding]]] = {
    EventSubject: event,
    CurrentSubject: current_event,
    LineSubject: inventory_line,
    CompanySubject: company_total,
    PartSubject: company_part,
    AreaSubject: area_total,
    TargetSubject: target_progress,
    InventorySubject: company_inventory,
    FigureSubject: figure,
}
"""By the type of the subject."""
