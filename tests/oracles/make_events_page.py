"""Writes `docs/reference/events.md` from the event types that the program knows.

    python tests/oracles/make_events_page.py            # write
    python tests/oracles/make_events_page.py --check    # exit 1 if the page would change

Members, their types and which may be absent come from `ledger.machine.EVENTS`, what a type is for
from its docstring. What a member means, and who posts where, stands here; a member without a meaning,
or a meaning without a member, stops the tool.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec
from msgspec import inspect as types

from ledger.carbon import events as carbon
from ledger.carbon.area import events as area
from ledger.carbon.organisation import catalogue
from ledger.carbon.organisation import events as organisation
from ledger.carbon.redaction import events as redaction
from ledger.carbon.rulepack import CURRENT_VERSION, load
from ledger.fold.event import RegionCode
from ledger.log import values
from ledger.log.seals import Amounts
from ledger.machine import _PLACES as PLACES
from ledger.machine import EVENTS
from ledger.parties.events import Continued, Jwk, RulesRef, Signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/events.md"

HEAD: Final = """# Events

For whoever writes or reads events. This page is made from the program by
`python tests/oracles/make_events_page.py`, and a test holds it current. JSON Schemas:
[`schemas/events/`](../../schemas/events/). How the bytes are written: [canonical JSON](../specification/canonical-json.md)
and [events](../specification/events-and-chain.md).

The data of an event is one JSON object. Besides the members below, every event has `type`, the name of its type,
and `salt`, 32 random hexadecimal digits, different within a batch. A member marked *may be absent* is absent
when it equals its default: writing the default is another spelling, and refused. Arrays that are sets are
sorted and without repeats. Intervals are half-open: the first end belongs to them, the second does not.

## Who may post what, where

The first segment of a stream is its author's party, but for `P/keys`. The segments `corrections`, `factors`,
`keys`, `ledger`, `redactions`, `register` and `seals` stand only as below; a source stream has none of them, and at
most 188 characters. "A key of P" is one that is valid at that place of the log, whose scope covers the stream and
whose types, if it names any, include the event's.

"""

FACTS: Final = """
## Facts

What `CompanyFactRecorded` and `AreaFactRecorded` may state under the current rules: of whom, and in a unit of
which dimension. Money is written with its currency and price year, such as `CNY@2025`.

| fact | what it is | unit of | of | source |
| --- | --- | --- | --- | --- |
"""

AUTHORS: Final = (
    ("ledger", "`<operator>/ledger`", "the operator, with an admin key"),
    (
        "keys",
        "`P/keys`",
        (
            "@1, `PartyRegistered` alone in its batch: the operator, with an admin key. After that an "
            "admin key of P posts key events (`EntriesConfirmed` only if no disputed entry has "
            "authorised it, or the key that authorised it); the operator only `KeyRevoked` and `KeyRecovered`. In "
            "the operator's own, which begins with any key event, the recovery key may post "
            "`KeyAuthorized` and `KeyRevoked`"
        ),
    ),
    ("register", "`P/register`", "a key of P"),
    (
        "factors",
        "`P/factors`",
        "a key of P: a `factor-publisher` any kind; a company only `supplier` and `measured`",
    ),
    ("source", "`P/…`, any other, which `SourceRegistered` has named", "a key of P"),
    ("corrections", "a source stream followed by `/corrections`", "a key of P"),
    ("seals", "`<operator>/seals`", "a key of the operator"),
    (
        "redactions",
        "`P/redactions`",
        "a key of P: `DataRedacted`; the operator, in its own, `RedactionConfirmed`",
    ),
)
WHERE: Final = {
    "ledger": "`<operator>/ledger`",
    "keys": "`P/keys`",
    "register": "`P/register`",
    "factors": "`P/factors`",
    "source": "a source stream",
    "corrections": "`/corrections` of a source stream",
    "seals": "`<operator>/seals`",
    "redactions": "`P/redactions`",
}
ONLY: Final = {
    "LedgerOpened": ", as @1 and entry 0 of the log",
    "PartyRegistered": ", as @1 and alone in its batch",
    "RedactionConfirmed": ", of the operator alone",
}

NAMES: Final = {
    values.DECIMAL: "decimal",
    values.QUANTITY: "decimal ≥ 0",
    values.AMOUNT: "amount",
    values.TIME: "time",
    values.DAY: "day",
    values.MONTH: "month",
    **{
        get_args(kind)[1].pattern: name
        for kind, name in (
            (values.HashHex, "hash"),
            (values.NameText, "name"),
            (values.PartyName, "party"),
            (values.SegmentName, "segment"),
            (values.StreamName, "stream"),
            (values.EventRef, "event"),
            (values.EventTypeName, "event type"),
            (values.ScopeItem, "scope item"),
            (values.MemberName, "member name"),
            (values.KeyId, "thumbprint"),
            (carbon.FactorRef, "factor ref"),
            (carbon.ActivityName, "activity"),
            (carbon.PositiveInteger, "whole number > 0"),
            (carbon.WholeNumber, "whole number ≥ 0"),
            (organisation.FactName, "fact"),
            (organisation.LineName, "line"),
            (area.GwpName, "GWP set"),
            (redaction.Above0, "decimal > 0"),
            (redaction.AmountAbove0, "amount > 0"),
        )
    },
    get_args(RegionCode)[1].pattern: "region",
}
VALUES: Final = (
    ("decimal ≥ 0", "a string such as `3.17`: at most 18 digits before the point and 12 behind it"),
    ("amount", "a string of at most 30 digits: a whole number, here of milligrams"),
    ("time", "`2026-01-01T00:15:00+08:00`, or with `Z`; no fraction of a second"),
    ("day", "`2026-01-01`"),
    ("month", "`2026-01`, in the area's time zone"),
    ("hash", "SHA-256, 64 lower-case hexadecimal digits"),
    ("name", "1 to 200 characters, without control and bidirectional-control characters"),
    ("party, segment, stream, event, scope item", "[names](../specification/names.md)"),
    ("region", "ISO 3166: `CN`, `CN-JS`"),
    ("thumbprint", "RFC 7638, SHA-256, base64url: names a key"),
    ("factor ref", "`<publisher>/<id>@<version>`"),
    ("activity", "a name of the [catalogue](rules.md)"),
    ("fact", "a name of the [catalogue](#facts)"),
    (
        "line",
        (
            "an activity, `scope3.1` to `scope3.15`, a GPC line in small letters such as `iii.1.2`, or "
            "`indicator.` and a guiding indicator"
        ),
    ),
    ("GWP set", "`AR4`, `AR5` or `AR6`"),
    ("number", 'a decimal ≥ 0, or `{"den":…,"num":…}` where no decimal is exact'),
    ("text", "any string"),
)

MEANING: Final = {
    "approach": "by which it is decided what the company answers for",
    "base_mg": "the view's figure for the base year, in milligrams of CO2e",
    "base_size": "the log size as of which the base is known",
    "base_year": "what is compared with",
    "credits_percent": "what credits may take off at most, in per cent of the base",
    "fact": "which fact",
    "gases": "which gases it counts; absent: all",
    "gwp": "by which gases are added up",
    "included_in": "where it is, with IE",
    "interval": "within which delivery and use are matched",
    "line": "the line of the inventory that has no figure",
    "month": "the month in which it was handed over",
    "neutral_year": "the year in which the balance is 0 or less",
    "notation": "not occurring, not estimated, included elsewhere, confidential",
    "path": "later years in order, each with the most that it may have, in milligrams of CO2e",
    "sites": "each with its share, from 0 to 1",
    "sub_area": "a site of a guarded aggregate",
    "supply": "the source stream that delivers; null ends the matching",
    "target": "its name, by which it is set again",
    "threshold_percent": "a change above this asks for a restatement",
    "transfer": "the event that recorded it",
    "value": "how much",
    "view": "the view that it is about",
    "activity": "what is measured",
    "area": "the area that is accounted",
    "at": "after this there are no readings",
    "balance_group": "its streams are netted with each other",
    "category": "of Scope 3",
    "confirm": "why a value outside the plausible range is right",
    "digits": "of the register, before it begins again at 0",
    "emission": "the new body, of an `EmissionMeasured`",
    "estimated": "whether it was estimated",
    "event": "the event that is meant",
    "event_types": "the types that it may say; absent: all",
    "evidence": "documents behind it",
    "factor": "the factor",
    "factors": "the factor of each role, where it differs from the source's",
    "flow": "within the balance group",
    "from": "from when on",
    "gases_kg_per_unit": "kilograms of each gas per unit",
    "gpc": "line of the GPC table",
    "id": "its name",
    "inside": "whether it lies inside the area",
    "interval_s": "seconds between readings",
    "key": "the new public key",
    "key_area": "one of the eight key areas",
    "kind": "what kind of thing it is",
    "lei": "legal entity identifier; its check digits are checked",
    "log": "the log's verifier key",
    "masses_mg": "milligrams of each gas",
    "meter": "its number",
    "method": "how it was measured",
    "multiplier": "of the register",
    "name": "a name for people",
    "number": "of the document",
    "operator": "the party that runs the ledger",
    "origin": "of the log",
    "part_of": "the source that this sub-meter is a part of",
    "period": "from, until",
    "plausible": "least and greatest quantity that need no reason",
    "profile": "the new body, of a `ProfileRecorded`",
    "proof": "JWS: that somebody holds the key",
    "properties": "net calorific value, density and the like",
    "quality": "high, medium, low",
    "quantities": "in order; null is a gap",
    "quantity": "how much, in the unit",
    "reason": "why",
    "recovery_key": "kept offline; recovers the operator's keys",
    "recovery_proof": "JWS: that somebody holds the recovery key",
    "reference": "number of the bill or receipt",
    "region": "where",
    "register": "what a cumulative meter showed at both ends",
    "replaces": "keys that are revoked by this",
    "role": "of the factor",
    "roles": "of the party",
    "rollover": "how often the register passed 0",
    "rules": "the rule pack",
    "scope": "which scope; null: outside all",
    "sha256": "of the document; null when only its title is known",
    "site": "the site, a segment of the party's own",
    "source": "the source stream",
    "start": "of the first reading",
    "stream": "the source stream",
    "supersedes": "the latest correction before this one",
    "timezone": "where the area's months begin",
    "title": "of the document",
    "to": "what it showed at the end",
    "unit": "of the quantity",
    "uncertainty_percent": "half-width of the 95 % interval",
    "uscc": "unified social credit code; its check digits are checked",
    "valid": "activity dates, from, until",
    "version": "which of several",
    "year": "of its data",
    "admin": "may authorise and revoke keys of the party",
    "read": "may read the party's private data",
    "compromised_from": "entries from this index on are disputed",
    "continues": "the end of an earlier log that this one goes on from, or null",
    "signed": "the newest checkpoint that the earlier log had signed, where it is of more entries",
    "heads_count": "how many streams the earlier log had",
    "heads_root": "root over the heads of its streams",
    "root": "its root",
    "size": "its size",
    "companies_count": "how many lines the list of companies has",
    "companies_root": "root over the list of companies",
    "totals": "the view's figures, in milligrams by gas",
    "biogenic": "of biogenic origin, in a column of its own",
    "emitted": "what was emitted",
    "removed": "what was removed, in a column of its own",
    "crv": "`Ed25519`",
    "kty": "`OKP`",
    "x": "the public key, base64url",
    "num": "numerator, in lowest terms",
    "den": "denominator",
    "covered_s": "seconds that its readings cover, of a continuous source",
    "data_hash": "hash of the event's data, which stays in its place",
    "deltas": "what it added to masses, in order of line, month, role and gas",
    "effects": "what later decisions need to know of it",
    "gas": "the gas",
    "legal_basis": "on which legal basis",
    "periods": "where that time has gaps, its stretches instead: at least two, in order, neighbours merged",
    "readings": "how many readings, of those that begin in the month",
    "reference_sha256": "SHA-256 of its reference's UTF-8, of a discrete source",
    "who": "who asked for it; not by a person's name",
    "zeroed": "products above zero that rounded to 0 mg",
}
SPECIAL: Final = {
    ("KeyRevoked", "key"): "the key that is revoked",
    ("EntriesConfirmed", "key"): "the key that was declared compromised",
    ("EntriesConfirmed", "entries"): "indexes of disputed entries, from, until",
    ("KeyAuthorized", "scope"): "streams, or prefixes that end in `/`, in which it may post",
    ("SourceRegistered", "kind"): "`continuous`: readings may not overlap; `discrete`: receipts",
    ("SourceRegistered", "factors"): "the usual factor of each role; may be empty",
    ("FactorPublished", "kind"): "of factor, such as `grid-average`; kinds are not interchangeable",
    ("FactorPublished", "source"): "the document that it was taken from",
    ("ProfileRecorded", "estimated"): "positions of estimated readings, from 0",
    ("ActivityCorrected", "activity"): "the new body, of an `ActivityRecorded`",
    ("register", "from"): "what it showed at the beginning",
    ("SourceAmended", "source"): "the source that changes",
    ("AreaFactRecorded", "period"): "from the first month until the month after the last",
    ("AreaFactRecorded", "supersedes"): "the statement that was in force before this one",
    ("BaseYearRestated", "size"): "the log size as of which its figures are known",
    ("BaseYearRestated", "year"): "the base year",
    ("BoundarySet", "from"): "the first month in which it holds",
    ("CompanyFactRecorded", "period"): "from the first month until the month after the last",
    ("CompanyFactRecorded", "supersedes"): "the statement that was in force before this one",
    ("FootprintSealed", "gwp"): "in which equivalents of these figures are shown",
    ("FootprintSealed", "heads_count"): "how many lines the list of heads has",
    ("FootprintSealed", "heads_root"): "root over the list of heads",
    ("FootprintSealed", "period"): "from the first month until the month after the last",
    ("FootprintSealed", "rules"): "the rule pack that was in force at `size`",
    ("FootprintSealed", "size"): "the log size that it covers, at most the index of its entry",
    ("LineDeclared", "period"): "from the first month until the month after the last",
    ("MeterInstalled", "at"): "when it begins to count",
    ("MeterInstalled", "register"): "what it shows then",
    ("MeterRemoved", "at"): "when it ceases to count",
    ("MeterRemoved", "register"): "what it shows then, where its last reading ended",
    ("SiteTransferred", "from"): "the first month in which the other party answers for it",
    ("SiteTransferred", "to"): "the party that takes it over",
    ("SupplyMatched", "from"): "the first month in which it holds",
    ("SupplyMatched", "source"): "the source stream that uses it",
    ("TargetSet", "supersedes"): "the statement of the target that was in force before this one",
    ("TransferAcknowledged", "stream"): "the receiver's source stream that it went to",
    ("TransferAcknowledged", "supersedes"): "the acknowledgement that this one replaces",
    (
        "TransferRecorded",
        "factors",
    ): "what a unit emitted, and what the park deducts for one exported",
    ("TransferRecorded", "kind"): "bought energy handed on, energy that was made, or carbon",
    ("TransferRecorded", "stream"): "the sender's source stream that it came from",
    ("TransferRecorded", "supersedes"): "the transfer of that month that this one replaces",
    ("TransferRecorded", "to"): "the party that received it; null: it left the area",
    ("DataRedacted", "activity"): "what it added to activity, in order of line and month",
    ("DataRedacted", "event"): "the reading whose data goes",
    ("RedactedActivity", "estimated"): "how many of them are estimates",
    ("RedactedActivity", "line"): "number of the source's line",
    ("RedactedActivity", "month"): "in which it was used",
    ("RedactedActivity", "quality"): "readings of each grade",
    ("RedactedActivity", "quantity"): "in the source's unit",
    ("Effects", "period"): "the time that its readings cover, from, until",
    ("Effects", "unit"): "in which the event itself was recorded; absent: in the source's",
    ("RedactedMass", "biogenic"): "milligrams in the column of biogenic CO2",
    ("RedactedMass", "emitted"): "milligrams in the column of emissions",
    ("RedactedMass", "line"): "number of the source's line",
    ("RedactedMass", "memo"): "milligrams of a gas outside every scope",
    ("RedactedMass", "removed"): "milligrams in the column of removals",
    ("RedactedMass", "month"): "in which it was emitted",
    ("RedactionConfirmed", "event"): "the `DataRedacted`",
    ("RegisterEnds", "from"): "what it showed at the beginning",
    ("rules", "sha256"): "of the rule pack",
    ("rules", "version"): "of the rule pack",
    ("FactorPublished", "year"): "of its data; another than that of its use is normal",
}


def main(arguments: Sequence[str]) -> int:
    """Write or check the page. Returns the exit status."""
    text = page()
    if "--check" in arguments:
        if PAGE.exists() and PAGE.read_text() == text:
            return 0
        sys.stdout.write(f"{PAGE.relative_to(ROOT)} is not what make_events_page.py writes\n")
        return 1
    PAGE.write_text(text)
    return 0


def page() -> str:
    """The page."""
    used: set[str] = set()
    parts = [HEAD, "| stream | author | types |\n| --- | --- | --- |\n"]
    for place, stream, author in AUTHORS:
        names = [event.__name__ for event in EVENTS if PLACES[event.__name__] == place]
        links = ", ".join(f"[`{name}`](#{name.lower()})" for name in names)
        parts.append(f"| {stream} | {author} | {links} |\n")
    parts.append("\n## Values\n\n| value | how it is written |\n| --- | --- |\n")
    parts += [f"| {name} | {text} |\n" for name, text in VALUES]
    for event in EVENTS:
        where = WHERE[PLACES[event.__name__]] + ONLY.get(event.__name__, "")
        parts.append(f"\n## {event.__name__}\n\n{_first_line(event)}\n\nStands in {where}.\n\n")
        parts += _table(event, event.__name__, used)
    parts.append("\n## Parts of events\n")
    for name, kind in (
        ("A public key", Jwk),
        ("Rules", RulesRef),
        ("The end of an earlier log", Continued),
        ("A signed checkpoint", Signed),
        ("A number that no decimal gives exactly", carbon.Ratio),
        ("The document of a factor", carbon.Document),
        ("Readings of a register", carbon.RegisterReading),
        ("Amounts of a gas", Amounts),
        ("Masses of a redacted reading", redaction.RedactedMass),
        ("Activity of a redacted reading", redaction.RedactedActivity),
        ("Effects of a redacted reading", redaction.Effects),
        ("The register of a redacted reading", redaction.RegisterEnds),
    ):
        parts.append(f"\n### {name}\n\n{_first_line(kind)}\n\n")
        parts += _table(
            kind,
            {carbon.RegisterReading: "register", RulesRef: "rules"}.get(kind, kind.__name__),
            used,
        )
    parts.append(FACTS)
    for fact in catalogue.facts(load(CURRENT_VERSION)).values():
        cells = (f"`{fact.fact}`", fact.title, ", ".join(fact.dimensions), ", ".join(fact.about))
        parts.append(f"| {' | '.join(cells)} | {fact.source.title} [{fact.source.mark}] |\n")
    left = MEANING.keys() - used
    if left:
        raise AssertionError(f"meanings of no member: {', '.join(sorted(left))}")
    return "".join(parts)


def _first_line(kind: type[msgspec.Struct]) -> str:
    text = (kind.__doc__ or "").strip()
    return " ".join(text.split())


def _table(kind: type[msgspec.Struct], name: str, used: set[str]) -> Iterator[str]:
    yield "| member | type | may be absent | meaning |\n| --- | --- | --- | --- |\n"
    info = types.type_info(kind)
    assert isinstance(info, types.StructType)
    for field in sorted(info.fields, key=lambda field: field.encode_name):
        member = field.encode_name
        if member == "salt":
            continue
        meaning = SPECIAL.get((name, member)) or MEANING.get(member)
        if meaning is None:
            raise AssertionError(f"{name}.{member} has no meaning")
        used.add(member)
        written = _type(field.type)
        if not field.required:
            written = written.removesuffix(" or null")  # absent then, and never null
        yield f"| `{member}` | {written} | {_default(field)} | {meaning} |\n"


def _default(field: types.Field) -> str:
    if field.required:
        return ""
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory() if callable(field.default_factory) else None
    if default is None:
        return "yes"
    if isinstance(default, bool):
        return f"yes: {str(default).lower()}"
    return f"yes: `{default}`" if isinstance(default, str | int) else "yes: empty"


def _type(kind: Any) -> str:
    match kind:
        case types.Metadata():
            pattern = (kind.extra_json_schema or {}).get("pattern")
            return _type(kind.type) if pattern is None else NAMES[pattern]
        case types.StrType():
            if kind.pattern is not None:
                return NAMES[kind.pattern]
            return "text" if kind.max_length is None else f"text, at most {kind.max_length}"
        case types.IntType():
            if kind.ge == 0:
                return "integer ≥ 0"
            return "integer" if kind.le is None else f"integer, {kind.ge} to {kind.le}"
        case types.BoolType():
            return "true or false"
        case types.NoneType():
            return "null"
        case types.LiteralType():
            return " or ".join(f"`{value}`" for value in kind.values)
        case types.TupleType():
            return f"[{', '.join(_type(item) for item in kind.item_types)}]"
        case types.VarTupleType():
            return f"array of {_type(kind.item_type)}"
        case types.DictType():
            keys = "gas or name"
            if isinstance(kind.key_type, types.LiteralType):
                keys = "grade" if "H" in kind.key_type.values else "role"
            return f"object: {keys} → {_type(kind.value_type)}"
        case types.StructType():
            return PARTS[kind.cls]
        case types.UnionType():
            return _union(kind)
    raise AssertionError(kind)


PARTS: Final = {
    Jwk: "[public key](#a-public-key)",
    RulesRef: "[rules](#rules)",
    Continued: "[end of a log](#the-end-of-an-earlier-log)",
    Signed: "[checkpoint](#a-signed-checkpoint)",
    carbon.Ratio: "[ratio](#a-number-that-no-decimal-gives-exactly)",
    carbon.Document: "[document](#the-document-of-a-factor)",
    carbon.RegisterReading: "[register reading](#readings-of-a-register)",
    Amounts: "[amounts](#amounts-of-a-gas)",
    redaction.RedactedMass: "[masses](#masses-of-a-redacted-reading)",
    redaction.RedactedActivity: "[activity](#activity-of-a-redacted-reading)",
    redaction.Effects: "[effects](#effects-of-a-redacted-reading)",
    redaction.RegisterEnds: "[register](#the-register-of-a-redacted-reading)",
    carbon.ActivityBody: "[`ActivityRecorded`](#activityrecorded) without `type` and `salt`",
    carbon.ProfileBody: "[`ProfileRecorded`](#profilerecorded) without `type` and `salt`",
    carbon.EmissionBody: "[`EmissionMeasured`](#emissionmeasured) without `type` and `salt`",
}


def _union(kind: types.UnionType) -> str:
    parts = [_type(one) for one in kind.types if not isinstance(one, types.NoneType)]
    if PARTS[carbon.Ratio] in parts:
        parts = ["number"]
    if any(isinstance(one, types.NoneType) for one in kind.types):
        parts.append("null")
    return " or ".join(parts)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
