"""Vectors of what parties state in `P/register`: one canonical line, header and leaf of each type.

One chain of a company's register, version after version, so that each names the one before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from ledger.log import canonical, event
from ledger.log.hashes import ZEROS_HEX
from tests.vectors.shape import Case, File, file_of, spell

STREAM = "acme/register"
YEAR = ["2026-01", "2027-01"]
DOCUMENT = sha256(b"a document").hexdigest()
GAS, POWER = "acme/7-plant/gas", "acme/7-plant/power"

STATEMENTS: dict[str, dict[str, Any]] = {
    "BoundarySet": {
        "approach": "operational",
        "from": "2026-01",
        "reason": "what we run",
        "sites": [["7-plant", "1"], ["hall", {"den": "3", "num": "1"}]],
    },
    "SiteTransferred": {"from": "2026-06", "reason": "sold", "site": "hall", "to": "mill"},
    "BaseYearRestated": {
        "reason": "a site was bought",
        "size": 1000,
        "threshold_percent": "7.5",
        "year": 2023,
    },
    "LineDeclared": {
        "included_in": "scope3.1",
        "line": "scope3.4",
        "notation": "IE",
        "period": YEAR,
        "reason": "the supplier's price holds the transport",
    },
    "CompanyFactRecorded": {
        "evidence": [DOCUMENT],
        "fact": "revenue",
        "period": YEAR,
        "unit": "10^4CNY@2026",
        "value": "1234.5",
    },
    "AreaFactRecorded": {
        "fact": "population",
        "period": YEAR,
        "sub_area": "north/quarter",
        "supersedes": "operator/register@7",
        "unit": "person",
        "value": "12000",
    },
    "MeterInstalled": {
        "at": "2026-01-01T00:00:00+08:00",
        "digits": 5,
        "meter": "m1",
        "multiplier": "40",
        "register": "99950",
        "source": POWER,
    },
    "MeterRemoved": {
        "at": "2026-02-01T00:00:00+08:00",
        "meter": "m1",
        "reason": "worn out",
        "register": "30",
        "source": POWER,
    },
    "SupplyMatched": {
        "from": "2026-01",
        "interval": "hour",
        "reason": "合同 7",
        "source": POWER,
        "supply": "acme/7-plant/sun",
    },
    "TransferRecorded": {
        "evidence": [DOCUMENT],
        "factors": {"direct": "acme/steam@1"},
        "kind": "energy",
        "month": "2026-01",
        "quantity": "90000",
        "reference": "bill 7",
        "stream": GAS,
        "to": "mill",
        "unit": "GJ",
    },
    "TransferAcknowledged": {
        "month": "2026-01",
        "quantity": "89999.5",
        "stream": "mill/plant/heat",
        "transfer": "acme/register@10",
        "unit": "GJ",
    },
    "TransferWithdrawn": {
        "month": "2026-01",
        "reason": "never delivered",
        "transfer": "acme/register@10",
    },
    "TargetSet": {
        "base_mg": "17768920000000",
        "base_size": 1000,
        "base_year": 2023,
        "credits_percent": "10",
        "gases": ["CO2"],
        "gwp": "AR5",
        "neutral_year": 2028,
        "path": [[2026, "9000000000000"], [2028, "0"]],
        "reason": "neutral by 2028",
        "target": "neutral-2028",
        "view": "park",
    },
}


def statements() -> File:
    """The vector file."""
    accepted: list[Case] = []
    previous = ZEROS_HEX
    for version, kind in enumerate(STATEMENTS, start=1):
        accepted.append(_case(kind, kind, previous, version))
        previous = accepted[-1]["leaf"]
    return file_of(
        "Events of a register, one of each type, from data and place to header and leaf hash; the "
        "refused data is of no such event.",
        accepted,
        [
            {"name": name, "type": kind, "data": spell(_line(kind, changed))}
            for name, (kind, changed) in _DEFECTS.items()
        ],
    )


_DEFECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "sites-out-of-order": ("BoundarySet", {"sites": [["hall", "1"], ["7-plant", "1"]]}),
    "site-twice": ("BoundarySet", {"sites": [["hall", "1"], ["hall", "0"]]}),
    "no-site": ("BoundarySet", {"sites": []}),
    "share-as-integer": ("BoundarySet", {"sites": [["hall", 1]]}),
    "share-of-one-half-as-0.50": ("BoundarySet", {"sites": [["hall", "0.50"]]}),
    "unknown-approach": ("BoundarySet", {"approach": "hopeful"}),
    "day-for-a-month": ("SiteTransferred", {"from": "2026-06-01"}),
    "thirteenth-month": ("SiteTransferred", {"from": "2026-13"}),
    "default-spelled-out": ("AreaFactRecorded", {"sub_area": None}),
    "threshold-as-integer": ("BaseYearRestated", {"threshold_percent": 5}),
    "empty-set-spelled-out": ("CompanyFactRecorded", {"evidence": []}),
    "unknown-notation": ("LineDeclared", {"notation": "NA"}),
    "line-in-capitals": ("LineDeclared", {"line": "III.1.2"}),
    "period-that-ends-as-it-begins": ("LineDeclared", {"period": ["2026-01", "2026-01"]}),
    "null-for-an-absent-member": ("LineDeclared", {"included_in": None}),
    "negative-value": ("CompanyFactRecorded", {"value": "-1"}),
    "evidence-twice": ("CompanyFactRecorded", {"evidence": [DOCUMENT, DOCUMENT]}),
    "no-digits": ("MeterInstalled", {"digits": 0}),
    "time-without-an-offset": ("MeterInstalled", {"at": "2026-01-01T00:00:00"}),
    "unknown-interval": ("SupplyMatched", {"interval": "day"}),
    "unknown-member": ("SupplyMatched", {"comment": "x"}),
    "unknown-kind": ("TransferRecorded", {"kind": "gift"}),
    "market-factor": ("TransferRecorded", {"factors": {"market": "acme/steam@1"}}),
    "transfer-without-version": ("TransferAcknowledged", {"transfer": "acme/register"}),
    "unknown-view": ("TargetSet", {"view": "everything"}),
    "path-out-of-order": ("TargetSet", {"path": [[2028, "0"], [2026, "1"]]}),
    "path-without-a-year": ("TargetSet", {"path": []}),
    "year-as-text": ("TargetSet", {"path": [["2026", "1"]]}),
    "amount-with-a-point": ("TargetSet", {"base_mg": "1.5"}),
}


def _case(name: str, kind: str, previous: str, version: int) -> Case:
    data = _line(kind)
    data_hash = sha256(data).hexdigest()
    return {
        "name": name,
        "data": spell(data),
        "previous": previous,
        "stream": STREAM,
        "type": kind,
        "version": version,
        "data_sha256": data_hash,
        "header": event.header(data_hash, previous, STREAM, kind, version).decode(),
        "leaf": event.event_leaf(data, previous, STREAM, kind, version).hex(),
    }


def _line(kind: str, changed: Mapping[str, object] = MappingProxyType({})) -> bytes:
    salt = sha256(f"test salt {kind}".encode()).hexdigest()[:32]
    return canonical.encode({**STATEMENTS[kind], **changed, "salt": salt, "type": kind})
