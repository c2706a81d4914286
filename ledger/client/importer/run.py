"""Import a file: check all of it, then post it in signed batches, each reading exactly once.

Rules: a refused row is named and left out, and the others are posted, as long as few are refused; a
file of which more than a quarter is refused is not posted at all, so a wrong map never posts the
part of a file that happens to fit it. The caller may say `none` or `any` instead. What was posted
before, from this or another file, by this home or another, is recognised by its content and left
alone, so an import can be run again after any interruption. A file is read as a stream, twice.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Literal

import msgspec

from ledger.carbon import rulepack
from ledger.carbon.info import SourceInfo
from ledger.client.connection import Connection
from ledger.client.importer.clock import Clock
from ledger.client.importer.imported_file import ImportedFile, Progress
from ledger.client.importer.journal import Journal
from ledger.client.importer.known import Known
from ledger.client.importer.mapfile import ImportMap
from ledger.client.importer.posting import MAX_LEFT_OUT, Posting
from ledger.client.importer.result import ImportResult
from ledger.client.importer.table import Table
from ledger.client.writer import Writer
from ledger.errors import BadFile, LedgerError, NotFound, OtherHistory
from ledger.log.names import parse_stream

Tolerate = Literal["none", "few", "any"]
"""How many refused rows are left out of a file that is posted."""

FEW = 4
"""One row in so many may be refused, and the others are posted."""

__all__ = ["ImportResult", "Progress", "Tolerate", "import_file"]


async def import_file(
    connection: Connection,
    writer: Writer | None,
    stream: str,
    path: Path,
    mapping: ImportMap,
    *,
    dry_run: bool = False,
    tolerate: Tolerate = "few",
    progress: Progress | None = None,
) -> ImportResult:
    """Import the file into a source's stream; without a writer, as a dry run only.

    Refused rows are in the result; `tolerate` says how many may be left out before nothing of the
    file is posted. Raises BadFile for a file or map that cannot be used, NotFound without a source, and
    what the ledger raises, with the line of the file.
    """
    if writer is None and not dry_run:
        raise AssertionError("posting takes a writer")
    parse_stream(stream)
    file = await prepare(connection, stream, path, mapping, progress)
    if writer is None:
        return file.check()
    journal = Journal(writer.outbox.folder)
    try:
        with nullcontext() if dry_run else journal.lock(stream):
            if not dry_run:
                await writer.resume()
                journal.reconcile(stream, writer.outbox)
                await _require_all_there(connection, journal, stream, writer)
            checked = file.check()
            if dry_run:
                known = Known(journal, file)
                known.all_of_the_file()
                return msgspec.structs.replace(
                    checked, skipped=known.events, readings_skipped=known.readings
                )
            if checked.refused_count > _bearable(tolerate, checked.rows):
                return checked
            return await Posting(
                connection,
                writer,
                journal,
                file,
                most_left_out=min(_bearable(tolerate, checked.rows), MAX_LEFT_OUT),
            ).post(checked)
    finally:
        journal.close()


async def _require_all_there(
    connection: Connection, journal: Journal, stream: str, writer: Writer
) -> None:
    """Raise OtherHistory if the ledger has lost what it had acknowledged to this home."""
    acknowledged = journal.last_version(stream)
    head = await connection.head(stream)
    version = 0 if head is None else head.version
    if version < acknowledged:
        raise OtherHistory(
            f"the ledger has lost events of {stream} that it had acknowledged",
            expected=f"version {acknowledged} or later",
            found=f"version {version}",
            advice=f"Keep the receipts in {writer.outbox.folder}: they prove it. Tell the operator. "
            "Nothing was posted",
        )


def _bearable(tolerate: Tolerate, rows: int) -> int:
    """How many refused rows may be left out of a file of so many."""
    return {"none": 0, "few": rows // FEW, "any": rows}[tolerate]


async def prepare(
    connection: Connection,
    stream: str,
    path: Path,
    mapping: ImportMap,
    progress: Progress | None = None,
) -> ImportedFile:
    """The file as readings of the source; raises BadFile where it or its map cannot be used."""
    status = await connection.status()
    source = await connection.source(stream)
    if source is None:
        raise NotFound(
            f"no source {stream}",
            expected="a registered source",
            advice=f"Register it first: carbon-ledger source add {stream}",
        )
    mapping = _spelled(mapping, status.rules_version)
    ratio = _unit_ratio(mapping, source, status.rules_version)
    clock = Clock(mapping, status.timezone, source.interval_s)
    said_s = clock.interval.seconds
    if mapping.form == "profile" and mapping.time is not None and not said_s:
        raise BadFile("interval of the map", expected="hours, minutes or seconds in a profile")
    if source.interval_s is not None and said_s and said_s != source.interval_s:
        raise BadFile(
            "interval of the map",
            expected=f"that of the source, {source.interval_s} s",
            found=f"{said_s} s",
            advice="Leave it out of the map, or amend the source.",
        )
    Table(path, mapping.file, mapping.columns)  # Whether it can be read at all.
    with path.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    return ImportedFile(stream, path, mapping, source, clock, ratio, sha256, progress or _silent)


def _spelled(mapping: ImportMap, rules_version: str) -> ImportMap:
    """The map with its unit in the one spelling of the rules, where this program knows them."""
    if rules_version not in rulepack.versions():
        return mapping
    unit = rulepack.load(rules_version).spelling(mapping.quantity.unit)
    written = msgspec.structs.replace(mapping.quantity, unit=unit)
    return msgspec.structs.replace(mapping, quantity=written)


def _unit_ratio(mapping: ImportMap, source: SourceInfo, rules_version: str) -> Fraction | None:
    """Units of the source in one of the map, if this program knows the ledger's rules."""
    if rules_version not in rulepack.versions():
        return None  # A newer ledger than this program: the ledger itself decides.
    try:
        return rulepack.load(rules_version).ratio(mapping.quantity.unit, source.unit)
    except LedgerError as error:
        raise BadFile(
            f"unit in [quantity] of the map: {error.what}",
            expected=error.expected or f"a unit that becomes {source.unit}",
            found=error.found or mapping.quantity.unit,
            advice=error.advice,
        ) from error


def _silent(_done: int, _total: int, _rows: int) -> None:
    """Show nothing."""
