"""A report as one JSON object: members as in `reports.table`, amounts and decimals as strings."""

from __future__ import annotations

import msgspec

from ledger.carbon.reports.table import Report

_ENCODER = msgspec.json.Encoder(order="sorted")


def write_json(report: Report) -> bytes:
    """The report in one line of UTF-8 that ends with LF."""
    return _ENCODER.encode(report) + b"\n"
