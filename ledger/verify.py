"""Checks a proof from a carbon ledger, alone: this one file, Python 3.11 or later, and `cryptography`.

    python verify.py FILE --log-key VKEY [--witness [ROLE=]VKEY]… [--replayed [ROLE=]VKEY]…
                     [--policy POLICY] [--json]

FILE is a bundle: a claim, and the log entries that it stands on. VKEY is the public key of the
ledger's log, which you must have from somebody you trust, and not from whoever gave you the file.
Nothing is asked of any server, and no number is taken from the file's own word for it.

**What is checked**, each step by the section of this file that has its name:

1. the file has exactly the one form that it can have, to the last byte;
2. the log has signed its checkpoint; of the witnesses that you name, who has signed it as well;
3. every entry is in the log of that checkpoint, at its place, or in an earlier log whose end that one's
   first entry names; every event is in its entry, unchanged; the events of one stream follow each other
   without a second one of the same number;
4. the file holds what the claim stands on, and nothing else;
5. every entry is signed by a key that was valid at that place of the log, for that stream and that
   kind of event, given to its party by somebody who might; keys of low or mixed order are refused;
6. the claim follows: for an event, the milligrams of each gas, from quantity, unit, factors over
   time, corrections and the months of the area's time zone, in exact arithmetic; for a sealed
   figure, that it is in the lists to which the operator has committed, and that these add up.

The first step that fails refuses the whole file, and names the defect. There is no "partly right".

**What it does not show.** A file cannot show that nothing later changes the claim, unless it is of
kind `current-event`; that others were not shown another history, unless a witness that you trust has
signed; that an earlier log, which this one continues, ended as its operator says; or that a meter told
the truth. The verdict says so each time.

**What it leaves to an audit of the whole ledger**: that a reading does not overlap another one, that a
receipt was not used twice, and that the register of a meter goes on where it ended; which activities
a source may name, in which scope, line and unit, and whether a factor's activity is the source's; the
codes of legal entities; all rules about boundaries, transfers, facts and meters; and whether a sealed
figure is what the events below the seal come to. Of kinds `company-inventory` and `figure`, for which all
events would be folded, it says "not derived here" and gives no verdict.

Exit status: 0 it holds, 1 it does not, 2 the call was wrong or this program cannot tell.
Source: docs/specification (canonical-json, names, keys, events-and-chain, batches, log-and-proofs,
checkpoints-and-receipts, witnesses, seals, bundles, figures) and docs/reference (events, rules).
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = Any
"""A value as a JSON reader gives it; what it is, the forms below have checked."""


class Refused(Exception):
    """The file does not hold. `defect` is its name in the specification of bundles."""

    def __init__(self, defect: str, why: str) -> None:
        super().__init__(f"{defect}: {why}")
        self.defect = defect
        self.why = why


class OtherLog(Refused):
    """The file is of another log than that whose key the caller gave."""


class NotDerived(Exception):
    """This program cannot tell: the call was wrong, or the claim is of a kind that it leaves out."""


def refuse(defect: str, why: str) -> NoReturn:
    """Refuse the whole file."""
    raise Refused(defect, why)


def demand(right: object, what: str) -> None:
    """Raise ValueError unless something is right: a defect that `refusing` names."""
    if not right:
        raise ValueError(what)


@contextmanager
def refusing(defect: str, where: str) -> Iterator[None]:
    """Refuse the whole file for whatever is found wrong inside."""
    try:
        yield
    except (ValueError, KeyError) as error:
        raise Refused(defect, f"{where}: {error}") from error


# --- canonical JSON: each value has one spelling (specification, canonical-json) -------------------

MAX_INTEGER = 2**53 - 1
MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def canonical(value: Json) -> bytes:
    """The one spelling of a value that `read_json` has accepted."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8")


def read_json(line: bytes, depth: int) -> dict[str, Json]:
    """The object that these bytes spell; raises ValueError for every other spelling of it."""
    try:
        value = json.loads(line.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
        if type(value) is not dict:
            raise ValueError("the top level is an object")
        _check_values(value, depth)
        again = canonical(value)
    except RecursionError as error:
        raise ValueError("too deep") from error
    demand(again == line, "not in its one spelling")
    return value


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no integer")


def _check_values(value: Json, depth: int) -> None:
    kind = type(value)
    if kind is dict or kind is list:
        demand(depth > 0, "too deep")
        for name in value if kind is dict else ():
            if MEMBER.fullmatch(name) is None:
                raise ValueError(f"{name[:80]!r} is not a member's name")
        for item in value.values() if kind is dict else value:
            _check_values(item, depth - 1)
    elif kind is str:
        demand("\0" not in value, "a string has U+0000")
    elif kind is int:
        demand(abs(value) <= MAX_INTEGER, "an integer is too large")


# --- forms of single values (specification, names) ------------------------------------------------

PARTY = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
SEGMENT = r"[a-z0-9](?:(?:[a-z0-9_-]|\.(?!\.)){0,61}[a-z0-9])?"
STREAM = rf"(?=[^@]{{3,200}}(?:@|\Z)){PARTY}(?:/{SEGMENT})+"
QUANTITY = r"(?:0|[1-9][0-9]{0,17}|(?:0|[1-9][0-9]{0,17})\.[0-9]{0,11}[1-9])"
CONTROLS = "\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_PATTERNS = {
    "party": PARTY,
    "segment": SEGMENT,
    "stream": STREAM,
    "event": rf"{STREAM}@[1-9][0-9]{{0,15}}",
    "scopeitem": rf"(?=.{{2,200}}\Z){PARTY}(?:/|(?:/{SEGMENT})+/?)",
    "type": r"[A-Z][A-Za-z]{2,63}",
    "key": r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]",
    "hash": r"[0-9a-f]{64}",
    "salt": r"[0-9a-f]{32}",
    "quantity": QUANTITY,
    "above0": rf"(?!0\Z)(?:{QUANTITY})",
    "amount": r"(?:0|[1-9][0-9]{0,29})",
    "positiveamount": r"[1-9][0-9]{0,29}",
    "month": r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])",
    "name": f"[^{CONTROLS}]{{1,200}}",
    "text": r"(?s:.*)",
    "unit": r"(?s:.{1,32})",
    "activity": r"(?=.{1,64}\Z)[a-z0-9]+(?:[.-][a-z0-9]+)*",
    "fact": r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:-[a-z0-9]+)*",
    "line": r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*",
    "region": r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?",
    "member": MEMBER.pattern,
    "gwp": r"AR[4-9]",
    "ref": rf"{PARTY}/{SEGMENT}@{SEGMENT}",
    "whole": r"(?:0|[1-9][0-9]{0,17})",
    "positive": r"[1-9][0-9]{0,17}",
}
FORMS = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:Z|[+-](?:(?!00:00)(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZEROS = "0" * 64


def is_form(name: str, value: Json) -> bool:
    """Whether a value is a string of this form, as a whole."""
    return type(value) is str and FORMS[name].fullmatch(value) is not None


def is_count(value: Json, least: int = 0, most: int = MAX_INTEGER) -> bool:
    """Whether a value is an integer of this range; true and false are none."""
    return type(value) is int and least <= value <= most


@lru_cache(maxsize=65536)
def seconds(text: str) -> int:
    """A time as seconds since 1970; raises ValueError unless it is one in its one spelling."""
    demand(TIME.fullmatch(text), "not a time")
    since = datetime.fromisoformat(text) - EPOCH  # refuses days that the calendar does not have
    return since.days * 86400 + since.seconds


def reads(read: Callable[[str], object], value: Json) -> bool:
    """Whether a value is a string that this reader takes."""
    try:
        return type(value) is str and read(value) is not None
    except ValueError:
        return False


def day(text: str) -> date:
    """A day that the calendar has, in its one spelling; raises ValueError."""
    found = date.fromisoformat(text)
    demand(found.isoformat() == text, "not the one spelling of a day")
    return found


def from_base64(text: str, *, url: bool = False) -> bytes:
    """The bytes of base64 in its one spelling; raises ValueError. `url`: base64url without padding."""
    padding = "=" * (-len(text) % 4) if url else ""
    data = base64.b64decode(text + padding, b"-_" if url else b"+/", validate=True)
    demand(text == to_base64(data, url=url), "not the one spelling of base64")
    return data


def to_base64(data: bytes, *, url: bool = False) -> str:
    """The one spelling of bytes in base64, or in base64url without padding."""
    return (
        base64.urlsafe_b64encode(data).decode().rstrip("=")
        if url
        else base64.b64encode(data).decode()
    )


def party_of(stream: str) -> str:
    """The party that a stream belongs to: its first segment."""
    return stream.partition("/")[0]


# --- forms of objects, and what events say (reference, events; specification, bundles) ------------------------
#
# By place of their stream: type and members. `?` may be absent, and is where it would say its default.
# `a|b` one of these, `1..15` a number, `{form}` a set, `[form]` a list, `form/null` that or null.

PLACES = {
    "ledger": {
        "LedgerOpened": "area:name continues:earlier/null key:jwk log:text operator:party origin:text"
        " proof:text recovery_key:jwk recovery_proof:text rules:rules timezone:text",
        "RulesActivated": "rules:rules",
    },
    "keys": {
        "PartyRegistered": "key:jwk lei?:text name:name proof:text region?:region roles:{text}",
        "KeyAuthorized": "admin?:true event_types?:types key:jwk proof:text read?:true scope:scope",
        "KeyRevoked": "compromised_from:index/null key:key reason:name",
        "KeyRecovered": "evidence:{hash} key:jwk proof:text reason:name replaces?:{key}",
        "EntriesConfirmed": "entries:range key:key reason:name",
    },
    "register": {
        "SiteRegistered": "inside?:false name?:name region:region site:segment",
        "SourceRegistered": "activity:activity balance_group?:segment category?:1..15 factors:roles"
        " flow?:closing|opening|out gpc?:text interval_s?:1..31622400 key_area:text"
        " kind:continuous|discrete name?:name part_of?:stream plausible?:quantities"
        " scope:1..3/null site:segment stream:stream uncertainty_percent?:quantity unit:unit",
        "SourceAmended": "category?:1..15 from:time gpc?:text interval_s?:1..31622400"
        " key_area?:text name?:name part_of?:stream plausible?:quantities reason:name"
        " site?:segment source:stream uncertainty_percent?:quantity",
        "SourceClosed": "at:time reason:name source:stream",
        "FactorConfirmed": "evidence?:{hash} factor:ref reason:name",
        "FactorAssigned": "factor:ref from:time reason:name"
        " role:direct|lifecycle|location|market|upstream source:stream",
        "BoundarySet": "approach:equity|financial|operational from:month reason:name sites:shares",
        "SiteTransferred": "from:month reason:name site:segment to:party",
        "BaseYearRestated": "reason:name size:index threshold_percent:quantity year:1900..2200",
        "LineDeclared": "included_in?:name line:line notation:C|IE|NE|NO period:months reason:name",
        "CompanyFactRecorded": "evidence?:{hash} fact:fact period:months supersedes?:event"
        " unit:unit value:quantity",
        "AreaFactRecorded": "evidence?:{hash} fact:fact period:months sub_area?:stream"
        " supersedes?:event unit:unit value:quantity",
        "MeterInstalled": "at:time digits:1..18 meter:segment multiplier:quantity"
        " register:quantity source:stream",
        "MeterRemoved": "at:time meter:segment reason:name register:quantity source:stream",
        "SupplyMatched": "from:month interval:hour|month reason:name source:stream"
        " supply:stream/null",
        "TransferRecorded": "evidence?:{hash} factors?:prices kind:carbon-carrier|energy|pass-through"
        " month:month quantity:quantity reference?:name stream:stream supersedes?:event"
        " to:party/null unit:unit",
        "TransferAcknowledged": "month:month quantity:quantity stream:stream supersedes?:event"
        " transfer:event unit:unit",
        "TransferWithdrawn": "month:month reason:name transfer:event",
        "TargetSet": "base_mg:amount base_size:index base_year:1900..2200 credits_percent:number"
        " gases?:{member} gwp:gwp neutral_year:1900..2200 path:path reason:name supersedes?:event"
        " target:segment view:companies|gpc-basic|gpc-basic-plus|park|territorial",
    },
    "factors": {
        "FactorPublished": "activity:activity gases_kg_per_unit:numbers id:segment kind:text"
        " properties?:numbers+ region:region source:document uncertainty_percent?:quantity unit:unit"
        " valid:days version:segment year:1900..2200",
    },
    "source": {
        "ActivityRecorded": "confirm?:name estimated?:true evidence?:{hash} factors?:roles+"
        " period:times quality?:H|L|M quantity:quantity reference?:name register?:reading unit?:unit",
        "ProfileRecorded": "confirm?:name estimated?:positions evidence?:{hash} factors?:roles+"
        " interval_s:1..31622400 quality?:H|L|M quantities:gaps reference?:name start:time"
        " unit?:unit",
        "EmissionMeasured": "confirm?:name estimated?:true evidence?:{hash} masses_mg:masses"
        " method:name period:times quality?:H|L|M reference?:name",
    },
    "corrections": {
        "ActivityCorrected": "activity?:activitybody emission?:emissionbody event:event"
        " profile?:profilebody reason:name supersedes?:event",
        "ActivityWithdrawn": "event:event reason:name supersedes?:event",
    },
    "redactions": {
        "DataRedacted": "activity?:activities data_hash:hash deltas:[delta] effects:effects"
        " event:event legal_basis:name who:name",
        "RedactionConfirmed": "event:event reason:name",
    },
    "seals": {
        "FootprintSealed": "companies_count:index companies_root:hash gwp:gwp heads_count:index"
        " heads_root:hash period:months rules:rules size:index totals:sums"
        " view:companies|gpc-basic|gpc-basic-plus|park|territorial",
    },
}
PLACE = " path:[base64hash] position:index"
LINE_KEY = (
    "category?:1..15 column:biogenic|emitted|memo|removed gas:member line:index"
    " method?:location|market month:month role:segment scope:1..3 stream:stream subtract?:true"
)
BODIES = {
    "activity": "ActivityRecorded",
    "profile": "ProfileRecorded",
    "emission": "EmissionMeasured",
}
PARTS = {
    "jwk": "crv:text kty:text x:text",
    "rules": "sha256:hash version:segment",
    "document": "number?:name sha256:hash/null title:name",
    "reading": "digits:1..18 from:quantity meter:segment multiplier:quantity rollover?:1..9"
    " to:quantity",
    "earlier": "heads_count:index heads_root:hash log:text root:hash signed?:end_signed size:index",
    "end_signed": "root:hash size:index",
    "delta": "biogenic:amount emitted:amount gas:member line?:some memo?:positiveamount"
    " month:month removed:amount role:direct|lifecycle|location|market|upstream zeroed?:some",
    "use": "covered_s?:some estimated?:some"
    " line?:some month:month quality?:grades quantity?:above0"
    " readings?:some",
    "effectmembers": "period?:times periods?:periods reference_sha256?:hash register?:ends unit?:unit",
    "ends": "from:quantity meter:segment to:quantity",
    "amounts": "biogenic:amount emitted:amount removed:amount",
    "ratio": "den:positive num:whole",
    "seen": "root:hash size:index",
    "shown": "data:data path:[base64hash] position:index previous:hash",
    "hidden": "data_hash:hash path:[base64hash] position:index previous:hash type:type",
    "entry": "events:events index:place jws:text path:[base64hash]",
    "companyline": "lines_count:index lines_root:hash party:party streams_root:hash sums:sums",
    "company": "line:companyline" + PLACE,
    "linekey": LINE_KEY,
    "wholeline": LINE_KEY + " mass_mg:positiveamount salt:salt",
    "lineproof": "line:wholeline" + PLACE,
    "head": "head:hash stream:stream version:some",
    "headplace": "line:head" + PLACE,
    "headshown": "line:head stream:stream" + PLACE,
    "headabsent": "after:headplace/null before:headplace/null stream:stream",
    "select": "category?:1..15 method:location|market months?:months scope?:1..3 stream?:stream",
} | {f"{name}body": PLACES["source"][kind] for name, kind in BODIES.items()}
FACTOR_ROLES = ("direct", "lifecycle", "location", "market", "upstream")


def _map(form: str, keys: Sequence[str] = (), least: int = 0) -> Callable[[Json], bool]:
    """An object whose values have a form; with `keys`, of no other names."""
    return lambda value: (
        type(value) is dict
        and len(value) >= least
        and all((not keys or k in keys) and fits(form, v) for k, v in value.items())
    )


def _list(
    form: str, by: Callable[[Json], Json] | None = None, least: int = 0
) -> Callable[[Json], bool]:
    """An array of values of a form (of one of two forms), ascending where `by` tells by what."""
    forms = form.split(" or ")
    return lambda value: (
        type(value) is list
        and len(value) >= least
        and all(any(fits(one, v) for one in forms) for v in value)
        and (by is None or all(by(a) < by(b) for a, b in pairwise(value)))
    )


def _set(form: str, least: int = 1) -> Callable[[Json], bool]:
    """A set: an array in order, each once."""
    return _list(form, lambda item: item, least)


def _pair(form: str, other: str = "", *, rising: bool = False) -> Callable[[Json], bool]:
    """An array of two."""
    return lambda value: (
        type(value) is list
        and len(value) == 2
        and fits(form, value[0])
        and fits(other or form, value[1])
        and (not rising or value[0] < value[1])
    )


CHECKS: dict[str, Callable[[Json], bool]] = {
    "object": lambda v: type(v) is dict,
    "true": lambda v: v is True,
    "false": lambda v: v is False,
    "index": is_count,
    "place": lambda v: type(v) is int,  # below 0 in an earlier log
    "some": lambda v: is_count(v, 1),
    "time": lambda v: reads(seconds, v),
    "day": lambda v: reads(day, v),
    "number": lambda v: fits("ratio" if type(v) is dict else "quantity", v),
    "range": _pair("index", rising=True),
    "times": _pair("time"),
    "days": _pair("day"),
    "months": _pair("month", rising=True),
    "quantities": _pair("quantity"),
    "types": _set("type", 0),
    "scope": _set("scopeitem", 0),
    "positions": _set("index"),
    "roles": _map("ref", FACTOR_ROLES),
    "roles+": _map("ref", FACTOR_ROLES, 1),
    "prices": _map("ref", ("direct", "location"), 1),
    "numbers": _map("number"),
    "numbers+": _map("number", least=1),
    "masses": _map("amount"),
    "sums": _map("amounts"),
    "grades": _map("index", ("H", "L", "M"), 1),
    "share": _pair("segment", "number"),
    "shares": _list("share", lambda pair: pair[0], 1),
    "step": _pair("1900..2200", "amount"),
    "path": _list("step", lambda pair: pair[0], 1),
    "activities": _list("use", least=1),
    "periods": _list("times", least=2),
    "effects": lambda v: fits("effectmembers", v) and not {"period", "periods"} <= v.keys(),
    "gaps": lambda v: _list("quantity/null", None, 1)(v) and len(v) <= 4000,
    "base64hash": lambda v: type(v) is str and len(v) == 44 and len(from_base64(v)) == 32,
    "short": lambda v: len(canonical(v)) <= 65536,
    "data": lambda v: fits("object", v) and is_form("type", v.get("type")) and fits("short", v),
    "events": _list("shown or hidden", lambda event: event["position"], 1),
    "entries": _list("entry", lambda entry: entry["index"]),
    "companies": _list("companyline", lambda line: line["party"]),
    "heads": _list("headshown or headabsent", lambda proof: proof["stream"]),
}


def fits(form: str, value: Json) -> bool:
    """Whether a value has a form of the tables above."""
    if form in FORMS:
        return is_form(form, value)
    if form in CHECKS:
        return CHECKS[form](value)
    if form in PARTS:
        return type(value) is dict and not wrong_member(PARTS[form], value)
    if form.endswith("/null"):
        return value is None or fits(form[:-5], value)
    if form[0] in "{[":
        return (_set if form[0] == "{" else _list)(form[1:-1])(value)
    if ".." in form:
        least, _, most = form.partition("..")
        return is_count(value, int(least), int(most))
    return type(value) is str and value in form.split("|")


@lru_cache(maxsize=256)
def _schema(text: str) -> dict[str, tuple[str, bool]]:
    """Form of each member, and whether it may be absent."""
    parts = (item.partition(":") for item in text.split())
    return {name.rstrip("?"): (form, name.endswith("?")) for name, _, form in parts}


def wrong_member(text: str, value: dict[str, Json]) -> str:
    """The first member that is missing, too many or out of form; empty if there is none."""
    schema = _schema(text)
    for name in value:
        if name not in schema:
            return name
    for name, (form, optional) in schema.items():
        if not (fits(form, value[name]) if name in value else optional):
            return name
    return ""


SCHEMAS = {kind: text for types in PLACES.values() for kind, text in types.items()}
PLACE_OF_TYPE = {kind: place for place, types in PLACES.items() for kind in types}


def wrong_data(data: dict[str, Json]) -> str:
    """The first member by which data are not of their type's schema; empty if there is none."""
    kind = data["type"]
    if kind not in SCHEMAS:
        return "type"
    wrong = wrong_member("salt:salt type:type " + SCHEMAS[kind], data)
    if kind == "ActivityCorrected" and len(BODIES.keys() & data.keys()) != 1:
        return "activity, emission or profile"
    profile = {} if wrong else data.get("profile", data)
    if "quantities" in profile:
        quantities, estimated = profile["quantities"], profile.get("estimated", [])
        if any(at >= len(quantities) or quantities[at] is None for at in estimated):
            return "estimated"
    return wrong


RESERVED = ("corrections", "factors", "keys", "ledger", "redactions", "register", "seals")


@lru_cache(maxsize=4096)
def place_of(stream: str) -> str:
    """What kind of stream this is; empty for one that cannot be."""
    segments = stream.split("/")[1:]
    if len(segments) == 1 and segments[0] in RESERVED and segments[0] != "corrections":
        return segments[0]
    place = "source"
    if segments[-1] == "corrections" and len(segments) > 1:
        segments, place = segments[:-1], "corrections"
    long = place == "source" and len(stream) > 188
    return "" if long or set(segments) & set(RESERVED) else place


# --- the Merkle tree (specification, log-and-proofs; RFC 9162, section 2.1.3) ----------------------


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node."""
    return sha256(b"\1" + left + right).digest()


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which a path leads from a leaf; raises ValueError for a path of another length."""
    demand(index < size, "the index is not below the size")
    found, at, last = leaf, index, size - 1
    for beside in path:
        demand(last > 0, "the path is too long")
        if at & 1 or at == last:
            found = node_hash(beside, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        at, last = at >> 1, last >> 1
    demand(last == 0, "the path is too short")
    return found


def root_of_list(lines: Iterable[bytes]) -> str:
    """Root over a whole list of lines, in hexadecimal."""
    level = [leaf_hash(line) for line in lines]
    if not level:
        return sha256(b"").hexdigest()
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return level[0].hex()


# --- keys and signatures (specification, keys; RFC 8032) -------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


@lru_cache(maxsize=4096)
def is_sound(key: bytes) -> bool:
    """Whether 32 bytes are the canonical encoding of a point of prime order.

    With a point of low order as key, one signature fits every message; libraries take such keys.
    """
    number = int.from_bytes(key, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(key) != 32 or y >= P:
        return False
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return False
    if x & 1 != sign:
        x = P - x
    point = (x, y, 1, x * y % P)
    return not _is_neutral(point) and _is_neutral(_times(L, point))


Point = tuple[int, int, int, int]


def _is_neutral(point: Point) -> bool:
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def _sum(p: Point, q: Point) -> Point:
    """RFC 8032, section 5.1.4; complete, so it doubles as well."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(factor: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    for bit in f"{factor:b}":
        result = _sum(result, result)
        if bit == "1":
            result = _sum(result, point)
    return result


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 key has signed; OpenSSL checks S < L and compares R as bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def thumbprint(x: str) -> str:
    """Name of a public key: RFC 7638 over its JWK, whose member `x` this is."""
    jwk = canonical({"crv": "Ed25519", "kty": "OKP", "x": x})
    return to_base64(sha256(jwk).digest(), url=True)


def is_sound_jwk(jwk: Json) -> bool:
    """Whether a public key inside an event is one of Ed25519, and sound."""
    right = (jwk["crv"], jwk["kty"]) == ("Ed25519", "OKP") and is_form("key", jwk["x"])
    return right and is_sound(from_base64(jwk["x"], url=True))


@dataclass(frozen=True)
class Jws:
    """A signed statement in form; who signed is still to be checked."""

    kid: str
    payload: dict[str, Json]
    message: bytes
    signature: bytes


def read_jws(text: str, typ: str) -> Jws:
    """A compact JWS of this use; raises ValueError."""
    parts = text.split(".")
    demand(len(text) <= 8192 and text.isascii() and len(parts) == 3, "not a JWS")
    header, payload, signature = (from_base64(part, url=True) for part in parts)
    said = read_json(header, 12)
    right = said == {"alg": "Ed25519", "kid": said.get("kid"), "typ": typ}
    demand(right and is_form("key", said["kid"]), "not the header of such a JWS")
    demand(len(signature) == 64, "not a signature")
    message = text.rpartition(".")[0].encode()
    return Jws(said["kid"], read_json(payload, 12), message, signature)


def is_possessed(proof: str, x: str, log: str, party: str) -> bool:
    """Whether the holder of a new key has signed that it belongs to this party of this log."""
    try:
        jws = read_jws(proof, "carbon-key+jws")
    except ValueError:
        return False
    meant = {"key": thumbprint(x), "log": log, "party": party, "v": 1}
    right = jws.kid == thumbprint(x) and canonical(jws.payload) == canonical(meant)
    return right and is_signed(from_base64(x, url=True), jws.signature, jws.message)


# --- the checkpoint and its witnesses (specification, checkpoints-and-receipts, witnesses) ---------

LOG_KIND, ED25519_WITNESS, ML_DSA_WITNESS = 1, 4, 6
ROLES = ("certifier", "other", "regulator")


@dataclass(frozen=True)
class Vkey:
    """The public name of a signer of notes."""

    name: str
    key_id: bytes
    kind: int
    key: bytes


@lru_cache(maxsize=4096)
def read_vkey(text: str) -> Vkey:
    """A verifier key; raises ValueError."""
    parts, what = text.split("+", 2), f"{text[:80]!r}"
    named = len(parts) == 3 and parts[0] and not any(c.isspace() for c in parts[0])
    demand(named, f"not a verifier key: {what}")
    data = from_base64(parts[2])
    kind, key = data[0] if data else 0, data[1:]
    sizes = {LOG_KIND: 32, ED25519_WITNESS: 32, ML_DSA_WITNESS: 1312}
    demand(len(key) == sizes.get(kind), f"a verifier key of an unknown kind: {what}")
    demand(kind == ML_DSA_WITNESS or is_sound(key), f"not a sound public key: {what}")
    key_id = sha256(parts[0].encode() + b"\n" + data).digest()[:4]
    demand(key_id.hex() == parts[1], f"the key id is not that of the key: {what}")
    return Vkey(parts[0], key_id, kind, key)


@dataclass(frozen=True)
class Log:
    """The log at hand, or an earlier one that a log of the file continues.

    Its entries stand in the file from `opened` on, which is 0, or below in an earlier log. Indexes
    and sizes that its entries name count from there.
    """

    vkey: str
    opened: int
    size: int
    root: str

    @property
    def origin(self) -> str:
        """Its name."""
        return self.vkey.partition("+")[0]

    @property
    def called(self) -> str:
        """What people call it; a name that would not print is spelled out."""
        name = self.origin if self.origin.isprintable() else ascii(self.origin)
        return f"the earlier log {name:.100}" if self.opened else "the log"

    def entry(self, index: int) -> str:
        """What people call the entry of an index."""
        return f"entry {index - self.opened}" + (f" of {self.called}" if self.opened else "")


OTHER_LOG = (
    "you gave the key of %s. If the one continues the other, you need the newer key, from somebody"
    " you trust."
)


def open_checkpoint(note: str, trust: Trust) -> tuple[Log, set[Vkey]]:
    """What the log has signed, and which of the witnesses that the caller trusts have as well."""
    log = trust.log
    with refusing("checkpoint", "the checkpoint"):
        text, _, lines = note.rpartition("\n\n")
        text += "\n"
        demand(lines.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f]", note), "not a note")
        signatures = [_signature_line(line) for line in lines[:-1].split("\n")]
        demand(len(signatures) <= 64, "a note has at most 64 signatures")
        said = text.split("\n")
        form = len(said) == 4 and re.fullmatch(r"0|[1-9][0-9]{0,15}", said[1])
        demand(form, "not three lines: origin, size, root")
        size, root = int(said[1]), from_base64(said[2])
        empty = size == 0 and root != sha256(b"").digest()
        right = len(root) == 32 and size <= MAX_INTEGER and not empty
        demand(right, "not the size and the root of a log")
        if said[0] != log.name:
            named = said[0] if said[0].isprintable() else ascii(said[0])
            raise OtherLog(
                "checkpoint", f"the file is of the log {named:.255}; {OTHER_LOG % log.name}"
            )
        own = [data for *signer, data in signatures if signer == [log.name, log.key_id]]
        signed = len(own) == 1 and is_signed(log.key, own[0], text.encode())
        demand(signed, f"{log.name} has not signed it with the key that you gave")
    cosigned = set[Vkey]()
    for *signer, data in signatures:
        for witness in trust.vkeys:
            if signer == [witness.name, witness.key_id]:
                right = len(data) > 8 and data[0] < 128 and witness not in cosigned
                if not right or not _is_cosigned(witness, data, text, size, root):
                    refuse("cosignature", f"a line of the witness {witness.name} does not verify")
                cosigned.add(witness)
    return Log(trust.log_text, 0, size, root.hex()), cosigned


def _signature_line(line: str) -> tuple[str, bytes, bytes]:
    """Name, key id and the rest of a signature line; raises ValueError."""
    match = re.fullmatch(r"— ([^\s+]+) (.*)", line)
    data = from_base64(match[2]) if match else b""
    if match is None or len(data) < 5:
        raise ValueError("a signature line is not in form")
    return match[1], data[:4], data[4:]


def _is_cosigned(witness: Vkey, data: bytes, text: str, size: int, root: bytes) -> bool:
    time, signature = data[:8], data[8:]
    if witness.kind == ED25519_WITNESS:
        head = f"cosignature/v1\ntime {int.from_bytes(time, 'big')}\n"
        return is_signed(witness.key, signature, (head + text).encode())
    name, origin = witness.name.encode(), text.partition("\n")[0].encode()
    message = b"".join(
        (b"subtree/v1\n\0", bytes([len(name)]), name, time, bytes([len(origin)]), origin)
    )
    message += bytes(8) + size.to_bytes(8, "big") + root
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415  (may be absent)

        key = mldsa.MLDSA44PublicKey.from_public_bytes(witness.key)
    except (ImportError, UnsupportedAlgorithm) as error:
        raise NotDerived(
            "this version of cryptography has no ML-DSA-44; take 48 or later"
        ) from error
    try:
        key.verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


NO_KEY = "this is no log key: a character is missing, changed or too many; copy it again"


@dataclass(frozen=True)
class Trust:
    """Whom the caller trusts."""

    log: Vkey
    log_text: str
    witnesses: dict[str, str] = field(default_factory=dict)
    """Role by name of a witness, replaying ones among them."""
    vkeys: frozenset[Vkey] = frozenset()
    replaying: frozenset[Vkey] = frozenset()
    """Keys whose signature says that the witness has folded the log itself."""
    policy: str = ""

    @staticmethod
    def of(
        log: str, witnesses: Sequence[str] = (), replayed: Sequence[str] = (), policy: str = ""
    ) -> Trust:
        """From verifier keys, those of witnesses with `ROLE=` before them; raises ValueError."""
        try:
            found = read_vkey(log)
        except ValueError:
            raise ValueError(NO_KEY) from None
        demand(found.kind == LOG_KIND, "this is the key of a witness, not of a log")
        roles: dict[str, str] = {}
        vkeys: list[Vkey] = []
        replaying: set[Vkey] = set()
        for at, text in enumerate((*witnesses, *replayed)):
            role, sign, rest = text.partition("=")
            role, rest = (role, rest) if sign and role in ROLES else ("other", text)
            vkey = read_vkey(rest)
            demand(vkey.kind != LOG_KIND, f"the key of {vkey.name} is a log's, not a witness's")
            demand(roles.setdefault(vkey.name, role) == role, f"{vkey.name} has two roles")
            vkeys.append(vkey)
            if at >= len(witnesses):
                replaying.add(vkey)
        _read_policy(policy)
        return Trust(found, log, roles, frozenset(vkeys), frozenset(replaying), policy)


def _read_policy(policy: str) -> dict[str, int]:
    """Least numbers of witnesses by role, `` for all of them; raises ValueError."""
    found: dict[str, int] = {}
    for item in policy.split(",") if policy else ():
        match = re.fullmatch(r"(?:(certifier|other|regulator)=)?([1-9][0-9]?)", item)
        if match is None or (match[1] or "") in found:
            raise ValueError(f"not a policy, such as 2,regulator=1: {policy!r}")
        found[match[1] or ""] = int(match[2])
    return found


def check_policy(trust: Trust, cosigned: set[Vkey]) -> None:
    """Refuse the file unless enough witnesses have signed; keys of replaying ones do not count."""
    names = {vkey.name for vkey in cosigned - trust.replaying}
    for role, least in _read_policy(trust.policy).items():
        met = [name for name in names if role in ("", trust.witnesses[name])]
        if len(met) < least:
            refuse("policy", f"{len(met)} of {least} {role or 'witnesses'} have cosigned")


# --- the file (specification, bundles) --------------------------------------------------------------

KINDS = {
    "event": ("event:event", ""),
    "current-event": ("event:event seal:event", " heads:heads"),
    "inventory-line": ("line:linekey party:party seal:event", " company:company line:lineproof"),
    "company-total": ("party:party seal:event", " company:company"),
    "company-part": ("party:party seal:event select:select", " company:company lines:[wholeline]"),
    "area-total": ("seal:event", " companies:companies"),
    "target-progress": ("seal:event target:event", ""),
}
"""Members of the subject, and what a file of the kind has besides."""
LEFT_OUT = ("company-inventory", "figure")
SEALED_COLUMNS = ("biogenic", "emitted", "removed")


@dataclass(frozen=True)
class Event:
    """An event that is proven to stand where it says; `data` is None where it is withheld."""

    stream: str
    version: int
    kind: str
    leaf: str
    index: int
    log: Log
    data: dict[str, Json] | None

    @property
    def name(self) -> str:
        """Its name. That of a ledger stream, which begins again in each log, means the log at hand."""
        earlier = self.log.opened and place_of(self.stream) == "ledger"
        return f"{self.stream}@{self.version}" + (f" of {self.log.called}" if earlier else "")

    @property
    def said(self) -> dict[str, Json]:
        """The data of an event that is shown."""
        return self.data or {}

    @property
    def party(self) -> str:
        """The party of its stream."""
        return party_of(self.stream)


@dataclass(frozen=True)
class Entry:
    """An entry that is proven to be in the log; its signature is still to be checked."""

    index: int
    log: Log
    jws: Jws
    stream: str
    events: tuple[Event, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.log.entry(self.index)

    @property
    def said(self) -> dict[str, Json]:
        """What its author has signed."""
        return self.jws.payload

    @property
    def chain(self) -> tuple[str, int]:
        """In what its versions count on: its stream, but that of the ledger anew in each log."""
        return self.stream, self.log.opened if place_of(self.stream) == "ledger" else 0


RECEIPT = re.compile(rb"(?:[\w-]+\.[\w-]+\.[\w-]+\n)?c2sp\.org/tlog-proof@v1\n", re.ASCII)
"""How a receipt begins; an outbox keeps it behind the signed statement that it is for."""
NOTE = re.compile(rb"[a-z0-9][!-~]{0,254}\n(?:0|[1-9][0-9]{0,15})\n[A-Za-z0-9+/]{43}=\n\n")
"""How a checkpoint begins."""


def read_bundle(data: bytes) -> dict[str, Json]:
    """The file, in form. Nothing is proven yet."""
    if RECEIPT.match(data) or NOTE.match(data):
        raise NotDerived(
            "this is a receipt (or a checkpoint), not a proof: receipts are checked by"
            " carbon-ledger verify, checkpoints compared by carbon-ledger audit --against"
        )
    try:
        value = json.loads(data)
        kind = value.get("kind") if type(value) is dict else None
    except (ValueError, RecursionError):
        kind = None
    if kind in LEFT_OUT:
        raise NotDerived(
            f"kind {kind}: not derived here; carbon-ledger verify folds whole histories"
        )
    with refusing("form", "the file"):
        value = read_json(data.removesuffix(b"\n"), 16)
        demand(data.endswith(b"\n"), "a bundle is one line and LF")
        demand(type(kind) is str and kind in KINDS, f"kind {kind!r:.40} is not known")
        of_subject, further = KINDS[str(kind)]
        members = "checkpoint:text entries:entries kind:text subject:object v:1..1" + further
        wrong = wrong_member(members, value) or wrong_member(of_subject, value["subject"])
        demand(not wrong, f"the member {wrong} is not as it must be")
    return value


# --- what the file proves before anybody asks who signed (steps 2 to 4) -----------------------------

STATEMENT = (
    "count:1..10000 first:some head:hash log:text previous:hash root:hash seen:seen/null"
    " signed_at:time stream:stream v:1..1"
)


def check_path(
    leaf: bytes, index: int, size: int, path: Json, root: str, defect: str, what: str
) -> None:
    """Refuse unless a path of the file leads from a leaf at its place to this root."""
    with refusing(defect, what):
        found = root_of_path(leaf, index, size, [from_base64(one) for one in path]).hex()
        demand(found == root, "it is not there as the file shows it")


def open_entries(values: Sequence[Json], log: Log) -> list[Entry]:
    """All entries, each proven to be in its log: log by log, from the one at hand back."""
    waiting, found = list(values), list[Entry]()
    while True:
        here = list[Json]()
        while waiting and waiting[-1]["index"] >= log.opened:
            here.append(waiting.pop())
        opened = [open_entry(value, log) for value in reversed(here)]
        found = opened + found
        if not waiting:
            return found
        log = continued_by(log, opened)


def continued_by(log: Log, entries: Sequence[Entry]) -> Log:
    """The log that one continues of which these entries are in the file, as its entry 0 says."""
    there = bool(entries) and entries[0].index == log.opened
    data = entries[0].events[0].said if there else {}
    opens = data.get("type") == "LedgerOpened" and not wrong_data(data)
    end = data["continues"] if opens else None
    if end is None:
        refuse("opening", f"no entry 0 of {log.called} is shown that continues an earlier one")
    return Log(end["log"], log.opened - end["size"], end["size"], end["root"])


def open_entry(value: Json, log: Log) -> Entry:
    """An entry that is in the log, with its events."""
    index, leaf = value["index"], leaf_hash(value["jws"].encode())
    own_index, name = index - log.opened, log.entry(index)
    check_path(leaf, own_index, log.size, value["path"], log.root, "log-path", name)
    with refusing("statement", name):
        jws = read_jws(value["jws"], "carbon-batch+jws")
        said = jws.payload
        wrong = wrong_member(STATEMENT, said)
        demand(not wrong, f"{wrong} is not as it must be")
        demand(said["first"] + said["count"] - 1 <= MAX_INTEGER, "too many versions")
        demand((said["previous"] == ZEROS) == (said["first"] == 1), "previous and first")
        demand(said["signed_at"].endswith("Z"), "signed_at")
        demand(read_vkey(said["log"]).kind == LOG_KIND, "log")
    if said["log"] != log.vkey:
        refuse("other-log", f"{name} is signed for {said['log']!r}")
    if said["seen"] is not None and said["seen"]["size"] > own_index:
        refuse("statement", f"{name} names a checkpoint that was later than itself")
    events = tuple(_open_event(item, index, log, said) for item in value["events"])
    leaves = {-1: said["previous"]}
    for item, event in zip(value["events"], events, strict=True):
        if item["previous"] != leaves.get(item["position"] - 1, item["previous"]):
            refuse("chain", f"{event.name} does not follow the event before it")
        leaves[item["position"]] = event.leaf
    if leaves.get(said["count"] - 1, said["head"]) != said["head"]:
        refuse("chain", f"the head of {name} is not its last event")
    return Entry(index, log, jws, said["stream"], events)


def _open_event(item: Json, index: int, log: Log, said: dict[str, Json]) -> Event:
    stream, version, shown = said["stream"], said["first"] + item["position"], item.get("data")
    kind = item["type"] if shown is None else shown["type"]
    header = {
        "data": item["data_hash"] if shown is None else sha256(canonical(shown)).hexdigest(),
        "previous": item["previous"],
        "stream": stream,
        "type": kind,
        "v": 1,
        "version": version,
    }
    leaf = leaf_hash(canonical(header))
    event = Event(stream, version, kind, leaf.hex(), index, log, shown)
    place = item["position"], said["count"], item["path"]
    check_path(leaf, *place, said["root"], "event-path", event.name)
    return event


def check_streams(entries: Sequence[Entry]) -> None:
    """Refuse versions that stand twice, and batches that do not go on where the last one ended."""
    before: dict[tuple[str, int], dict[str, Json]] = {}
    for entry in entries:
        said, last = entry.said, before.get(entry.chain)
        before[entry.chain] = said
        follows = last["first"] + last["count"] if last else 0
        if said["first"] < follows:
            refuse("chain", f"{entry.name} has versions of {entry.stream} again")
        if last and said["first"] == follows and said["previous"] != last["head"]:
            refuse("chain", f"{entry.name} does not follow the entry before it in its stream")


# --- what an event stands on (specification, bundles) -----------------------------------------------

Tag = tuple[str, str]
"""What an event stands on or is about: `source`, `factor`, `site`, `people`, `meter`, `reading`,
`statement` or `party`, and its name."""


def body_of(kind: str, data: dict[str, Json]) -> tuple[str, dict[str, Json]]:
    """Kind and body of a reading, or of the one that a correction brings."""
    for member, other in BODIES.items():
        if kind == "ActivityCorrected" and member in data:
            return other, data[member]
    return kind, data


STANDS_ON = {
    "SourceRegistered": "site=site people=site source=part_of",
    "SourceAmended": "source=source site=site people=site source=part_of",
    "SourceClosed": "source=source",
    "FactorAssigned": "source=source factor=factor",
    "FactorConfirmed": "factor=factor",
    "SiteTransferred": "site=site party=to",
    "CompanyFactRecorded": "statement=supersedes",
    "AreaFactRecorded": "site=sub_area statement=supersedes",
    "TargetSet": "statement=supersedes",
    "MeterInstalled": "source=source",
    "MeterRemoved": "source=source meter=meter",
    "SupplyMatched": "source=source source=supply",
    "TransferRecorded": "source=stream statement=supersedes party=to",
    "TransferAcknowledged": "source=stream statement=transfer statement=supersedes",
    "TransferWithdrawn": "statement=transfer",
    "RedactionConfirmed": "statement=event",
    "ActivityCorrected": "reading=event",
    "ActivityWithdrawn": "reading=event",
}
SPEAKS_OF = {
    "SourceRegistered": "source=stream",
    "SourceAmended": "source=source",
    "SourceClosed": "source=source",
    "FactorAssigned": "source=source",
    "SiteRegistered": "site=site",
    "MeterInstalled": "meter=meter",
    "ActivityCorrected": "reading=event",
    "ActivityWithdrawn": "reading=event",
}


def _tags(event: Event, table: dict[str, str]) -> Iterator[Tag]:
    """What members of an event name, each in full."""
    for item in table.get(event.kind, "").split():
        tag, _, member = item.partition("=")
        name = event.said.get(member)
        if name is not None and tag in ("site", "people") and "/" not in name:
            name = f"{event.party}/{name}"
        if name is not None:
            yield tag, f"{event.said['source']} {name}" if tag == "meter" else name


def needs(event: Event) -> Iterator[Tag]:
    """What an event stands on directly, but for trust."""
    yield from _tags(event, STANDS_ON)
    place = place_of(event.stream)
    if place in ("source", "corrections"):
        yield "source", event.stream.removesuffix("/corrections")
    if place == "source":
        yield "reading", event.name
    for site, _ in event.said["sites"] if event.kind == "BoundarySet" else ():
        yield "site", f"{event.party}/{site}"
    for ref in body_of(event.kind, event.said)[1].get("factors", {}).values():
        yield "factor", ref


def about(event: Event) -> Iterator[Tag]:
    """What an event says something about, so that whatever stands on that stands on it."""
    data, tags = event.said, list(_tags(event, SPEAKS_OF))
    yield from tags
    if event.kind == "FactorPublished":
        yield "factor", f"{event.party}/{data['id']}@{data['version']}"
    elif place_of(event.stream) == "source":
        yield "reading", event.name
        if "register" in data:
            yield "meter", f"{event.stream} {data['register']['meter']}"
    elif not tags:
        yield "statement", event.name
        if event.kind == "AreaFactRecorded" and data["fact"] == "population" and "sub_area" in data:
            yield "people", data["sub_area"]


def check_trust_whole(entries: Iterable[Entry]) -> None:
    """Refuse a file in which an event of keys or of rules is withheld, or left out in the midst."""
    ends: dict[tuple[str, int], int] = {}
    for entry in entries:
        if place_of(entry.stream) in ("keys", "ledger"):
            first = ends.get(entry.chain, 0) + 1
            ends[entry.chain] = last = first + len(entry.events) - 1
            whole = entry.said["first"] == first and entry.events[-1].version == last
            if not whole or any(event.data is None for event in entry.events):
                refuse("left-out", f"events of {entry.stream} from {entry.stream}@{first} on")


def check_nothing_else(
    shown: Iterable[Event], operators: Iterable[str], roots: Sequence[str], whole: Sequence[str]
) -> None:
    """Refuse a file that shows an event on which none of its `roots` stands.

    `whole` are the streams that belong to the file whatever their events are about.
    """
    events = {event.name: event for event in shown}
    said = defaultdict[Tag, list[str]](list)
    for event in events.values():
        for tag in about(event) if event.data is not None else ():
            said[tag].append(event.name)
    waiting = [*roots, *(name for name, event in events.items() if event.stream in whole)]
    wanted: set[str] = set()
    parties = {*operators, *(event.party for event in events.values() if event.data is None)}
    while waiting:
        name = waiting.pop()
        if name in wanted or name not in events:
            continue
        wanted.add(name)
        event = events[name]
        parties.add(event.party)
        for tag in needs(event) if event.data is not None else ():
            parties.update({tag[1]} if tag[0] == "party" else ())
            waiting += said[tag]
    for name, event in events.items():
        trust = place_of(event.stream) in ("keys", "ledger") and event.party in parties
        if not (trust or name in wanted or event.data is None):
            refuse("foreign", f"{name} is in the file, and {roots[0]} does not stand on it")


def check_ends_with(subject: Event, events: Iterable[Event]) -> None:
    """Refuse a file in which something follows its subject in the subject's own stream."""
    for event in events:
        later = event.index >= subject.index and event.version > subject.version
        if later and event.stream == subject.stream:
            refuse("foreign", f"{event.name} follows the subject of the file")


# --- authors (reference, events; specification, keys) -----------------------------------------------


@dataclass
class Key:
    """A key over time: valid for entry i when `authorised` < i <= `revoked`."""

    x: str
    party: str
    authorised: int
    given_by: str
    scope: tuple[str, ...]
    types: tuple[str, ...] | None = None
    admin: bool = False
    recovery: bool = False
    recovered: bool = False
    revoked: int | None = None
    compromised_from: int | None = None
    compromised_by: str = ""
    """The event that has said so."""
    confirmed: list[tuple[int, int]] = field(default_factory=list)

    def is_valid(self, index: int) -> bool:
        """Whether it might sign the entry of this index."""
        return self.authorised < index and (self.revoked is None or index <= self.revoked)

    def is_disputed(self, index: int) -> bool:
        """Whether what it signed in the entry of this index is disputed."""
        declared = self.compromised_from is not None and index >= self.compromised_from
        return declared and not any(first <= index < until for first, until in self.confirmed)


@dataclass
class Source:
    """What the register says of a source, over time."""

    data: dict[str, Json]
    amended: list[tuple[int, dict[str, Json]]] = field(default_factory=list)
    given: dict[str, dict[int, str]] = field(default_factory=dict)
    """By role: factor by the time from which it holds; of two for one time the later in the log."""
    closed_s: int | None = None

    def terms_at(self, at_s: int) -> dict[str, Json]:
        """Its members as they are at an instant."""
        found = dict(self.data)
        for from_s, members in sorted(self.amended, key=lambda change: change[0]):
            found |= members if from_s <= at_s else {}
        return found


@dataclass
class Reading:
    """A reading with the body that it has now; None after a withdrawal."""

    kind: str
    body: dict[str, Json] | None
    latest: str
    """The event that gave it this body."""


class Ledger:
    """What the entries of the file have said so far, in order of the log."""

    def __init__(self, opened: Event) -> None:
        self.operator, self.area = str(opened.said["operator"]), str(opened.said["area"])
        self.timezone = str(opened.said["timezone"])
        self.logs: list[Log] = []
        self.recovery = ""
        """Name of the recovery key of the last of these logs."""
        self.keys: dict[str, Key] = {}
        self.parties = {self.operator: ("factor-publisher", "operator")}
        self.names = {self.operator: self.area}
        self.sources: dict[str, Source] = {}
        self.factors: dict[str, dict[str, Json]] = {}
        self.sites: dict[str, str] = {}
        self.readings: dict[str, Reading] = {}
        self.said: set[str] = set()
        self.rules: list[tuple[int, dict[str, Json]]] = []
        """Rules by version and hash, and the index of the entry behind which they decide."""

    def entry(self, index: int) -> str:
        """What people call the entry of an index."""
        return next(log for log in reversed(self.logs) if log.opened <= index).entry(index)


def find_openings(entries: Sequence[Entry]) -> list[Event]:
    """Entry 0 of each log in the file, oldest first."""
    found = []
    for log, (first, *_) in groupby(entries, key=lambda entry: entry.log):
        event = first.events[0]
        right = first.index == log.opened and first.said["count"] == 1
        right = right and event.kind == "LedgerOpened" and event.version == 1
        if not right or event.stream != f"{event.said.get('operator')}/ledger":
            refuse("opening", f"entry 0 of {log.called}, which opens it, is not in the file")
        if event.said["log"] != log.vkey:
            refuse("opening", f"entry 0 of {log.called} opens another one")
        found.append(event)
    return found


def authorise(ledger: Ledger, entry: Entry) -> str:
    """The public key that might sign this entry, by what stood before it; raises ValueError."""
    index, stream, kid = entry.index, entry.stream, entry.jws.kid
    types = [event.kind for event in entry.events]
    if index == entry.log.opened:
        jwk = entry.events[0].said["key"]
        own = is_sound_jwk(jwk) and thumbprint(jwk["x"]) == kid
        demand(own, "it is not signed with the operator's first key")
        return str(jwk["x"])
    key = ledger.keys.get(kid)
    if key is None or not key.is_valid(index):
        raise ValueError(f"the key {kid} is not valid there")
    party, place = party_of(stream), place_of(stream)
    right = place and all(PLACE_OF_TYPE.get(kind) == place for kind in types)
    demand(right, f"{', '.join(types[:3])} cannot stand in {stream}")
    if place == "keys":
        right = _may_say_keys(ledger, key, entry, types)
    elif place in ("ledger", "seals"):
        right = key.party == party == ledger.operator and key.admin
    else:
        right = key.party == party and not key.recovery and _covers(key.scope, stream)
    right = right and (key.types is None or set(types) <= set(key.types))
    demand(right, f"the key of {key.party} may not say this in {stream}")
    return key.x


def _covers(scope: Iterable[str], stream: str) -> bool:
    return any(stream.startswith(s) if s.endswith("/") else stream == s for s in scope)


def _may_say_keys(ledger: Ledger, key: Key, entry: Entry, types: list[str]) -> bool:
    said, party = entry.said, party_of(entry.stream)
    of_operator = key.party == ledger.operator and key.admin
    if party != ledger.operator and said["first"] == 1:
        return types == ["PartyRegistered"] and said["count"] == 1 and of_operator
    if "PartyRegistered" in types:
        return False
    if key.recovery:
        return party == ledger.operator and set(types) <= {"KeyAuthorized", "KeyRevoked"}
    rescue = of_operator and set(types) <= {"KeyRevoked", "KeyRecovered"}
    return (key.party == party and key.admin) or rescue


def say_trust(ledger: Ledger, event: Event, kid: str) -> None:
    """Take in an event about rules, parties or keys; raises ValueError."""
    data, party, kind = event.said, event.party, event.kind
    if kind in ("LedgerOpened", "RulesActivated"):
        known, rules = RULES.get(data["rules"]["version"]), data["rules"]
        if known is None:
            raise NotDerived(f"rules {rules['version']} are newer than this program")
        demand(known == rules["sha256"], "other rules under a known name")
        again = kind == "RulesActivated" and ledger.rules[-1][1] == rules
        demand(not again, "rules that are in force already")
        ledger.rules.append((event.index, rules))
    if kind == "LedgerOpened":
        _open(ledger, event, kid)
    elif kind == "PartyRegistered":
        roles = set(data["roles"]) <= {*GROUPS, *ROLES[::2], "factor-publisher", "registry"}
        demand(party not in ledger.parties and roles, "registered already, or roles unknown")
        ledger.parties[party], ledger.names[party] = tuple(data["roles"]), data["name"]
        _add_key(ledger, event, kid)
    elif kind == "KeyAuthorized":
        own = all(item.startswith(f"{party}/") for item in data["scope"])
        demand(own and party in ledger.parties, "a scope beyond the party's streams")
        _add_key(ledger, event, kid)
    elif kind == "KeyRevoked":
        since = data["compromised_from"]
        _revoke(ledger, event, data["key"], None if since is None else event.log.opened + since)
    elif kind == "KeyRecovered":
        for replaced in data.get("replaces", []):
            _revoke(ledger, event, replaced, None)
        _add_key(ledger, event, kid)
    elif kind == "EntriesConfirmed":
        _confirm(ledger, event, kid)


GROUPS = ("aggregate", "company", "public-body")


def _log_thumbprint(log: Log) -> str:
    return thumbprint(to_base64(read_vkey(log.vkey).key, url=True))


def _open(ledger: Ledger, event: Event, kid: str) -> None:
    """Take in the opening of a log: of the oldest in the file, or of one that continues that before."""
    data, log, continuing = event.said, event.log, bool(ledger.logs)
    own = read_vkey(log.vkey).name == data["origin"]
    demand(event.index == log.opened and own, "not the opening of this log")
    x, recovery_x = str(data["key"]["x"]), str(data["recovery_key"]["x"])
    first, recovery = thumbprint(x), thumbprint(recovery_x)
    demand(len({first, recovery, _log_thumbprint(log)}) == 3, "one key twice")
    _check_key(event, data["key"], data["proof"])
    _check_key(event, data["recovery_key"], data["recovery_proof"])
    end = data["continues"] or {}
    if "signed" in end:
        demand(end["signed"]["size"] > end["size"], "no more was signed than is there")
    if continuing:
        _check_continuing(ledger, event, first, recovery)
    party, eve = ledger.operator, event.index - 1  # the keys count as authorised before entry 0
    if first not in ledger.keys:
        scope = (f"{party}/",)
        ledger.keys[first] = Key(x, party, eve, kid, scope, admin=True, recovered=continuing)
    if recovery != ledger.recovery:
        if continuing:
            ledger.keys[ledger.recovery].revoked = eve
        ledger.keys[recovery] = Key(recovery_x, party, eve, kid, (), recovery=True)
    ledger.recovery = recovery
    ledger.logs.append(log)


def _check_continuing(ledger: Ledger, event: Event, first: str, recovery: str) -> None:
    """What a continuing log must have of the earlier ones, and what it may not."""
    said = tuple(event.said[member] for member in ("operator", "area", "timezone"))
    same = said == (ledger.operator, ledger.area, ledger.timezone)
    demand(same, "another operator, area or time zone than before")
    known = event.said["origin"] in {log.origin for log in ledger.logs}
    demand(not known, "an origin that a log before had")
    own, logs = _log_thumbprint(event.log), {_log_thumbprint(log) for log in ledger.logs}
    new = own not in ledger.keys and not logs & {own, first, recovery}
    demand(new, "a log's key is another key too")
    recovers, key = recovery == ledger.recovery, ledger.keys.get(first)
    demand(recovers or recovery not in ledger.keys, "a recovery key that was used before")
    if key is None:
        demand(recovers, "opened with a new key, without the earlier recovery key")
    else:
        admin = key.admin and key.party == ledger.operator and key.is_valid(event.index)
        demand(admin, "not opened with an admin key of the operator")


def _check_key(event: Event, jwk: Json, proof: str) -> None:
    demand(is_sound_jwk(jwk), "not a sound public key")
    possessed = is_possessed(proof, jwk["x"], event.log.vkey, event.party)
    demand(possessed, "nobody has shown to hold the new key")


def _add_key(ledger: Ledger, event: Event, kid: str) -> None:
    """The key that an event brings: but for KeyAuthorized one that may say all that its party may."""
    data, x = event.said, str(event.said["key"]["x"])
    taken = {*ledger.keys, *(_log_thumbprint(log) for log in ledger.logs)}
    demand(thumbprint(x) not in taken, "not a new key")
    _check_key(event, data["key"], data["proof"])
    ledger.keys[thumbprint(x)] = Key(
        x,
        event.party,
        event.index,
        kid,
        scope=tuple(data.get("scope", [f"{event.party}/"])),
        types=tuple(data["event_types"]) if "event_types" in data else None,
        admin=data.get("admin", event.kind != "KeyAuthorized"),
        recovered=event.kind == "KeyRecovered",
    )


def _own_key(ledger: Ledger, event: Event, name: str) -> Key:
    key = ledger.keys.get(name)
    if key is None or key.party != event.party or key.recovery:
        raise ValueError(f"{name} is no key of the party")
    return key


def _revoke(ledger: Ledger, event: Event, name: str, compromised_from: int | None) -> None:
    key = _own_key(ledger, event, name)
    if compromised_from is None:
        demand(key.revoked is None, "revoked already")
    else:
        last = event.index if key.revoked is None else key.revoked
        earlier = key.compromised_from is None or compromised_from < key.compromised_from
        demand(compromised_from <= last and earlier, "compromised_from")
        key.compromised_from, key.compromised_by = compromised_from, event.name
    key.revoked = event.index if key.revoked is None else key.revoked


def _confirm(ledger: Ledger, event: Event, kid: str) -> None:
    key = _own_key(ledger, event, event.said["key"])
    first, until = (event.log.opened + index for index in event.said["entries"])
    if key.compromised_from is None or key.revoked is None:
        raise ValueError("the key was not declared compromised")
    inside = key.compromised_from <= first and until <= key.revoked + 1
    again = any(one < until and first < other for one, other in key.confirmed)
    demand(inside and not again, "other entries than those in dispute")
    while (signer := ledger.keys[kid]).given_by != kid:
        giver = ledger.keys[signer.given_by]
        demand(not giver.is_disputed(signer.authorised), "the key came in a disputed entry")
        kid = signer.given_by
    key.confirmed.append((first, until))


# --- numbers of the rules (reference, rules; version 2, and what differed before) ---------------------------

RULES = {
    "1": "21284c3e88ee5d08c1cabd8b64b37436d24e3646f5e0ce8619711f506f902584",
    "2": "0fb7d196cab4b98ecbcee2141afb7602311a09c304e8cb1d61c849778d1a34eb",
}
UNITS = """
energy: J 1, kJ 1000, MJ 1e6, GJ 1e9, 10^4GJ 1e13, TJ 1e12, PJ 1e15, Wh 3600, kWh 36e5, MWh 36e8,
 GWh 36e11, TWh 36e14, 10^4kWh 36e9, 10^8kWh 36e13, kcal-th 4184, kcal-it 20934/5, Gcal-it 4186800000,
 Btu-it 52752792631/50000000, MMBtu-it 52752792631/50, gce 146538/5, kgce 29307600, tce 29307600000,
 10^4tce 293076000000000, toe 41868000000, kgoe 41868000, ktoe 41868000000000
energy-gross: J-gross 1, MJ-gross 1e6, GJ-gross 1e9, kWh-gross 36e5, 10^4kWh-gross 36e9, MWh-gross 36e8
mass: kg 1, jin 1/2, mg 1/1000000, g 1/1000, t 1000, kt 1e6, Mt 1e9, 10^4t 1e7,
 lb 45359237/100000000, short-ton 45359237/50000
volume: m3 1, 10^3m3 1000, L 1/1000, mL 1/1000000, hL 1/10, 10^6L 1000, 10^4m3 1e4, 10^6m3 1e6,
 10^8m3 1e8, ft3 55306341/1953125000, gal-us 473176473/125000000000, gal-imp 454609/100000000,
 bbl 9936705933/62500000000
gas-volume: m3@0C 1, m3@15C 1821/1921, m3@20C 5463/5863, 10^4m3@0C 1e4, 10^8m3@0C 1e8,
 10^4m3@15C 18210000/1921, 10^4m3@20C 54630000/5863
distance: m 1, km 1000, 10^4km 1e7, mi 201168/125, nmi 1852
freight: t.km 1, kg.km 1/1000, 10^4t.km 1e4, 10^8t.km 1e8, t.mi 25146/15625, t.nmi 463/250
passenger: p.km 1, 10^4p.km 1e4, p.mi 25146/15625
count: 1 1, piece 1, person 1
stay: room.night 1
area: m2 1, ha 1e4, km2 1e6, mu 2000/3
time: s 1, h 3600, min 60, d 86400
"""
"""Of each dimension: how many of its first unit are in one of another."""
PROPERTIES = """
density_kg_per_l kg L, density_kg_per_m3 kg m3, density_kg_per_nm3 kg m3@0C, nm3_per_m3 m3@0C m3,
ncv_gj_per_t GJ t, ncv_gj_per_m3 GJ m3, ncv_gj_per_nm3 GJ m3@0C, gcv_gj_per_t GJ-gross t,
gcv_gj_per_m3 GJ-gross m3, gcv_gj_per_nm3 GJ-gross m3@0C, net_per_gross GJ GJ-gross,
heat_gj_per_t GJ t, load_t t.km km, occupancy_persons p.km km, fuel_l_per_km L km,
energy_kwh_per_km kWh km, mass_kg_per_piece kg piece
"""
"""Name, unit, and per which unit; in the order of the rules."""
FACTOR_KINDS = """
grid-average location market, default-heat location market, residual-mix market, fossil-only market,
supplier direct market upstream lifecycle, measured direct, combustion direct, process direct,
fugitive direct, waste direct, transport direct, land direct, well-to-tank upstream,
transmission-loss upstream, lifecycle upstream lifecycle
"""
"""Kind, and the roles that it may fill."""
OWN_KINDS = ("measured", "supplier")
REGIONAL = ("grid-average", "default-heat", "residual-mix", "fossil-only", "transmission-loss")
REGIONS = {
    "CN-NCN": "BJ HE NM SD SX TJ",
    "CN-NEC": "HL JL LN NM",
    "CN-ECN": "AH FJ JS SH ZJ",
    "CN-CCN": "HA HB HN JX",
    "CN-NWC": "GS NX QH SN XJ",
    "CN-SCN": "GD GX GZ HI YN",
    "CN-SWC": "CQ SC XZ",
}
GASES = """
CO2 1 1 1, CH4_fossil 25 28 29.8, CH4_bio 25 28 27, N2O 298 265 273, SF6 22800 23500 24300,
NF3 17200 16100 17400, HFC-23 14800 12400 14600, HFC-32 675 677 771, HFC-41 - 116 135,
HFC-125 3500 3170 3740, HFC-134 - 1120 1260, HFC-134a 1430 1300 1530, HFC-143 - 328 364,
HFC-143a 4470 4800 5810, HFC-152 - 16 21.5, HFC-152a 124 138 164, HFC-161 - 4 4.84,
HFC-227ea 3220 3350 3600, HFC-236cb - 1210 1350, HFC-236ea - 1330 1500, HFC-236fa 9810 8060 8690,
HFC-245ca - 716 787, HFC-245fa 1030 858 962, HFC-365mfc 794 804 914, HFC-43-10mee 1640 1650 1600,
CF4 7390 6630 7380, C2F6 12200 11100 12400, C3F8 8830 8900 9290, c-C3F6 - 9200 -,
C4F10 8860 9200 10000, c-C4F8 10300 9540 10200, C5F12 9160 8550 9220, C6F14 9300 7910 8620,
C7F16 - 7820 8410, C8F18 - 7620 8260, C10F18 - 7190 7480,
CO2e_AR4 1 - -, CO2e_AR5 - 1 -, CO2e_AR6 - - 1
"""
"""Potential over 100 years in AR4, AR5 and AR6; a dash where the set has none."""
EARLIER_GWP = {("1", "SF6", "AR6"): "25200"}
"""By version of the rules, gas and set: what was another number then."""
OTHER_GASES = """
CO2_bio CFC-11 CFC-12 CFC-13 CFC-113 CFC-114 CFC-115 Halon-1201 Halon-1202 Halon-1211 Halon-1301
Halon-2402 CCl4 CH3Br CH3CCl3 HCFC-21 HCFC-22 HCFC-123 HCFC-124 HCFC-141b HCFC-142b HCFC-225ca
HCFC-225cb
"""
"""Gases that are part of no CO2 equivalent."""
CURRENCIES = ("CNY", "EUR", "GBP", "HKD", "JPY", "KRW", "SGD", "USD")
MONEY = re.compile(r"(?:10\^([3-9]))?([A-Z]{3})@([0-9]{4})")
TINY = 10**12
"""Quantities are counted in units of 10^-12."""


def _rows(text: str) -> list[list[str]]:
    return [item.split() for item in text.replace("\n", " ").split(",")]


def _exact(text: str) -> Fraction:
    digits, _, power = text.partition("e")
    return Fraction(int(digits) * 10 ** int(power)) if power else Fraction(digits)


UNIT_SIZES = {
    name: (part.partition(":")[0], _exact(size))
    for part in UNITS.strip().replace("\n ", " ").splitlines()
    for name, size in _rows(part.partition(":")[2])
}
GWP_SETS = ("AR4", "AR5", "AR6")
GWP = {row[0]: dict(zip(GWP_SETS, row[1:], strict=True)) for row in _rows(GASES)}
KNOWN_GASES = {*GWP, *OTHER_GASES.split()}
ROLES_OF_KIND = {row[0]: tuple(row[1:]) for row in _rows(FACTOR_KINDS)}
CONVERSIONS = [(name, unit, per) for name, unit, per in _rows(PROPERTIES)]


def unit_size(name: str) -> tuple[str, Fraction]:
    """Dimension of a unit, and its size in that dimension's first unit; raises ValueError."""
    money = MONEY.fullmatch(name)
    if money and money[2] in CURRENCIES and 1990 <= int(money[3]) <= 2049:
        return f"{money[2]}@{money[3]}", Fraction(10 ** int(money[1] or 0))
    demand(name in UNIT_SIZES, f"the unit {name!r:.50} is not known")
    return UNIT_SIZES[name]


def number(value: Json) -> Fraction:
    """A number of an event."""
    return (
        Fraction(int(value["num"]), int(value["den"])) if type(value) is dict else Fraction(value)
    )


def conversion(factor: dict[str, Json], unit: str) -> Fraction:
    """How many of a factor's unit are in one unit; raises ValueError where nothing says so.

    From one dimension into another by the factor's properties: of all chains of at most three that
    pass no dimension twice the shortest, and of those the first in the order of the rules.
    """
    goal, goal_size = unit_size(factor["unit"])
    start, size = unit_size(unit)
    usable = []
    for name, into, per in CONVERSIONS:
        value = number(factor.get("properties", {}).get(name, "0"))
        if value:
            (to, to_size), (of, of_size) = unit_size(into), unit_size(per)
            ratio = value * to_size / of_size
            usable.append(((of, to, ratio), (to, of, 1 / ratio)))
    ways: list[tuple[tuple[str, ...], Fraction]] = [((start,), size)]
    for _ in range(4):
        for passed, ratio in ways:
            if passed[-1] == goal:
                return ratio / goal_size
        ways = [
            ((*passed, to), ratio * step)
            for passed, ratio in ways
            for both in usable
            for of, to, step in both
            if of == passed[-1] and to not in passed
        ]
    raise ValueError(f"{unit} cannot be converted into {factor['unit']}")


# --- months of the area's time zone ------------------------------------------------------------------


FIRST_S, END_S = 946684800, 2524608000
"""In UTC, the beginning of 2000 and of 2050; local time is less than two days off."""


@lru_cache(maxsize=64)
def time_zone(name: str) -> ZoneInfo:
    """The rules of a time zone, as this machine knows them."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NotDerived(
            f"this machine knows no time zone {name!r:.80}, so it cannot tell the months; "
            "install the package tzdata"
        ) from error


@lru_cache(maxsize=4096)
def month_start(zone: str, month: int) -> int:
    """Where a month begins, in seconds since 1970; months are counted 12 × year + month - 1.

    The first instant whose local date is the 1st: at the end of a gap, or the first of two passings.
    """
    local = datetime(month // 12, month % 12 + 1, 1, tzinfo=time_zone(zone))
    since = local.astimezone(UTC) - EPOCH
    return since.days * 86400 + since.seconds


def month_at(zone: str, at_s: int) -> int:
    """The month that an instant lies in; raises ValueError outside 2000 to 2049."""
    near = FIRST_S - 2 * 86400 < at_s < END_S + 2 * 86400
    demand(near, "a time outside the years 2000 to 2049")
    local = (EPOCH + timedelta(seconds=at_s)).astimezone(time_zone(zone))
    month = 12 * local.year + local.month - 1
    if at_s < month_start(zone, month):
        month -= 1
    elif at_s >= month_start(zone, month + 1):
        month += 1
    demand(2000 <= month // 12 <= 2049, "a time outside the years 2000 to 2049")
    return month


def split_by_month(zone: str, start_s: int, end_s: int, amount: int) -> list[tuple[int, int]]:
    """(month, part) of an amount, by elapsed seconds; the parts add up to it."""
    parts, before, month = [], 0, month_at(zone, start_s)
    last = month_at(zone, end_s - 1)
    while month <= last:
        until_s = end_s if month == last else month_start(zone, month + 1)
        upto = round(Fraction(amount * (until_s - start_s), end_s - start_s))  # ties to even
        parts.append((month, upto - before))
        before, month = upto, month + 1
    return parts


# --- readings, their rules and their masses (specification, figures) -------------------------------


def tiny(text: str) -> int:
    """A quantity in units of 10^-12."""
    whole, _, places = text.partition(".")
    return int(whole + places.ljust(12, "0"))


def intervals(kind: str, body: dict[str, Json]) -> list[tuple[int, int, int]]:
    """(start, end, quantity in 10^-12) of each reading of a body; an emission has quantity 0."""
    if kind != "ProfileRecorded":
        start_s, end_s = seconds(body["period"][0]), seconds(body["period"][1])
        return [(start_s, end_s, tiny(body["quantity"]) if "quantity" in body else 0)]
    first_s, step_s = seconds(body["start"]), body["interval_s"]
    return [
        (first_s + at * step_s, first_s + (at + 1) * step_s, tiny(quantity))
        for at, quantity in enumerate(body["quantities"])
        if quantity is not None
    ]


def factors_at(source: Source, body: dict[str, Json], at_s: int) -> dict[str, str]:
    """Factor by role, for a reading of the body that begins at an instant."""
    found: dict[str, str] = dict(source.data["factors"])
    for role, given in source.given.items():
        held = {from_s: ref for from_s, ref in given.items() if from_s <= at_s}
        found |= {role: held[max(held)]} if held else {}
    found |= body.get("factors", {})
    return found


def masses_of(ledger: Ledger, name: str) -> dict[str, dict[str, dict[str, str]]]:
    """Milligrams by month, role and gas that a reading comes to, as all of the file's events say."""
    reading = ledger.readings[name]
    source, found = ledger.sources[name.partition("@")[0]], Counter[tuple[int, str, str]]()
    if reading.body is not None:
        for key, mass in _masses(ledger, source, reading.kind, reading.body):
            found[key] += mass
    masses: dict[str, dict[str, dict[str, str]]] = {}
    for (month, role, gas), mass in sorted(found.items()):
        if mass:
            text = f"{month // 12}-{month % 12 + 1:02d}"
            masses.setdefault(text, {}).setdefault(role, {})[gas] = str(mass)
    return masses


def _masses(
    ledger: Ledger, source: Source, kind: str, body: dict[str, Json]
) -> Iterator[tuple[tuple[int, str, str], int]]:
    zone = ledger.timezone
    if kind == "EmissionMeasured":
        start_s, end_s, _ = intervals(kind, body)[0]
        for gas, mass in body["masses_mg"].items():
            for month, part in split_by_month(zone, start_s, end_s, int(mass)):
                yield (month, "direct", gas), part
        return
    unit = str(body.get("unit", source.data["unit"]))
    amounts = Counter[tuple[Json, int, str, str]]()
    for start_s, end_s, quantity in intervals(kind, body):
        terms = source.terms_at(start_s)
        line = tuple(terms.get(name) for name in ("category", "gpc", "key_area", "part_of", "site"))
        factors = factors_at(source, body, start_s)
        for month, part in split_by_month(zone, start_s, end_s, quantity):
            for role, ref in factors.items():
                amounts[line, month, role, ref] += part
    exact = defaultdict[tuple[Json, int, str, str], Fraction](Fraction)
    for (line, month, role, ref), amount in amounts.items():
        factor = ledger.factors[ref]
        ratio = conversion(factor, unit)
        for gas, kg in factor["gases_kg_per_unit"].items():
            exact[line, month, role, gas] += amount * number(kg) * ratio * 10**6 / TINY
    for (_, month, role, gas), mass in exact.items():
        yield (month, role, gas), round(mass)  # the one rounding, ties to even


def check_body(ledger: Ledger, source: Source, kind: str, body: dict[str, Json]) -> None:
    """The rules without which a body's figure would not follow; raises ValueError."""
    items = intervals(kind, body)
    demand(items and all(start_s < end_s for start_s, end_s, _ in items), "no time is covered")
    start_s, end_s = items[0][0], items[-1][1]
    month_at(ledger.timezone, start_s)
    month_at(ledger.timezone, end_s - 1)
    demand(source.closed_s is None or end_s <= source.closed_s, "the source is closed")
    if kind == "EmissionMeasured":
        demand(body["masses_mg"] and KNOWN_GASES.issuperset(body["masses_mg"]), "unknown gases")
        return
    unit, party = str(body.get("unit", source.data["unit"])), party_of(source.data["stream"])
    (own, own_size), (other, size) = unit_size(source.data["unit"]), unit_size(unit)
    demand(own == other, f"{unit} is of another dimension than the source's unit")
    for role, ref in body.get("factors", {}).items():
        check_factor(ledger, party, role, ref, unit)
    for from_s, until_s, quantity in items:
        terms = source.terms_at(from_s)
        least, most = terms.get("plausible", (None, None))
        if least is not None and "confirm" not in body:
            value = quantity * size / own_size
            demand(tiny(least) <= value <= tiny(most), "implausible, and no reason is given")
        region = ledger.sites[f"{party}/{terms['site']}"]
        for ref in factors_at(source, body, from_s).values():
            factor = ledger.factors[ref]
            first, last = (day_start(ledger.timezone, text) for text in factor["valid"])
            demand(first <= from_s and until_s <= last, f"{ref} is not for that time")
            demand(fits_region(factor, region), f"{ref} is not for {region}")
            conversion(factor, unit)
    if "register" in body:
        _check_register(body)


def _check_register(body: dict[str, Json]) -> None:
    register = body["register"]
    begins, ends = tiny(register["from"]), tiny(register["to"])
    full = 10 ** register["digits"] * TINY
    turned = ends - begins + register.get("rollover", 0) * full
    quantity = turned * Fraction(tiny(register["multiplier"]), TINY)
    right = begins < full and ends < full and turned >= 0 and quantity == tiny(body["quantity"])
    demand(right, "the quantity does not follow from the register")


def day_start(zone: str, text: str) -> int:
    """Where a day of a factor's validity begins: whole days after the month's beginning."""
    parsed = day(text)
    if parsed.year < 2000:
        return month_start(zone, 12 * 2000)
    if parsed.year > 2049:
        return month_start(zone, 12 * 2050)
    return month_start(zone, 12 * parsed.year + parsed.month - 1) + (parsed.day - 1) * 86400


def fits_region(factor: dict[str, Json], region: str) -> bool:
    """Whether a factor may be used in a region; kinds that are not bound to theirs may anywhere."""
    own = factor["region"]
    members = [f"CN-{member}" for member in REGIONS.get(own, "").split()]
    within = region == own or region.startswith(f"{own}-") or region in members
    return within or factor["kind"] not in REGIONAL


def check_factor(ledger: Ledger, party: str, role: str, ref: str, unit: str) -> None:
    """Whether a party may use a factor in a role, for a unit; raises ValueError."""
    factor, publisher = ledger.factors[ref], party_of(ref)
    demand(role in ROLES_OF_KIND[factor["kind"]], f"{ref} may not fill the role {role}")
    public = publisher == party or "factor-publisher" in ledger.parties.get(publisher, ())
    demand(public, f"{ref} is another party's own")
    conversion(factor, unit)


def say(ledger: Ledger, event: Event, kid: str) -> None:
    """Take in an event of the file; raises ValueError for one that the rules refuse.

    Refuses the file if something is not there that the event refers to.
    """
    place = place_of(event.stream)
    if place in ("ledger", "keys"):
        say_trust(ledger, event, kid)
        return
    here: dict[str, Container[str]] = {
        "source": ledger.sources,
        "factor": ledger.factors,
        "site": ledger.sites,
        "statement": ledger.said,
        "party": ledger.parties,
        "reading": ledger.readings if place == "corrections" else {event.name},
    }
    for kind, name in needs(event):
        if kind in here and name not in here[kind]:
            refuse("left-out", f"{event.name} stands on the {kind} {name}, which is not shown")
    _say(ledger, event, place)
    ledger.said.add(event.name)


def _say(ledger: Ledger, event: Event, place: str) -> None:
    data, kind, party = event.said, event.kind, event.party
    if kind == "SiteRegistered":
        demand(f"{party}/{data['site']}" not in ledger.sites, "registered already")
        ledger.sites[f"{party}/{data['site']}"] = data["region"]
    elif kind == "SourceRegistered":
        own = party_of(data["stream"]) == party and place_of(data["stream"]) == "source"
        demand(own and data["stream"] not in ledger.sources, "not a new stream of the party")
        region = ledger.sites[f"{party}/{data['site']}"]
        for role, ref in data["factors"].items():
            check_factor(ledger, party, role, ref, data["unit"])
            demand(fits_region(ledger.factors[ref], region), f"{ref} is not for {region}")
        ledger.sources[data["stream"]] = Source(data)
    elif kind in ("SourceAmended", "SourceClosed", "FactorAssigned"):
        demand(party_of(data["source"]) == party, "not the party's own source")
        _say_of_source(ledger, ledger.sources[data["source"]], kind, data)
    elif kind == "FactorPublished":
        _publish(ledger, party, data)
    elif place == "source":
        check_body(ledger, ledger.sources[event.stream], kind, data)
        ledger.readings[event.name] = Reading(kind, data, event.name)
    elif place == "corrections":
        _correct(ledger, event, data)
    elif kind in ("DataRedacted", "RedactionConfirmed"):
        owner = party_of(data["event"]) if kind == "DataRedacted" else ledger.operator
        demand(party == owner, "not this party's to say")
    elif kind == "FootprintSealed":
        size = event.log.opened + data["size"]
        if not event.log.opened < size <= event.index:
            refuse("seal", f"{event.name} covers what comes after it, or nothing")
        in_force = [rules for since, rules in ledger.rules if since < size][-1]
        right = in_force == data["rules"] and data["gwp"] in GWP_SETS
        demand(right, "other rules than those in force at its size, or a GWP set of other ones")
        demand(all("2000" <= month[:4] <= "2049" for month in data["period"]), "its period")


NOT_AMENDED = ("from", "reason", "salt", "source", "type")
"""Members of SourceAmended that are none of the source."""


def _say_of_source(ledger: Ledger, source: Source, kind: str, data: dict[str, Json]) -> None:
    party = party_of(data["source"])
    if kind == "SourceClosed":
        demand(source.closed_s is None, "closed already")
        source.closed_s = seconds(data["at"])
    elif kind == "SourceAmended":
        members = {n: v for n, v in data.items() if n not in NOT_AMENDED}
        demand(members, "nothing is amended")
        source.amended.append((seconds(data["from"]), members))
    else:
        check_factor(ledger, party, data["role"], data["factor"], source.data["unit"])
        source.given.setdefault(data["role"], {})[seconds(data["from"])] = data["factor"]
        for name, reading in ledger.readings.items():
            if reading.body is not None and name.startswith(f"{data['source']}@"):
                accepted = reading.body | {"confirm": "accepted before"}
                check_body(ledger, source, reading.kind, accepted)


def _publish(ledger: Ledger, party: str, data: dict[str, Json]) -> None:
    ref, roles = f"{party}/{data['id']}@{data['version']}", ledger.parties[party]
    kind = data["kind"]
    own = kind in OWN_KINDS and "company" in roles
    demand(ref not in ledger.factors, "published already")
    demand(kind in ROLES_OF_KIND, f"the kind {kind!r:.50} is not known")
    demand(own or "factor-publisher" in roles, "the party may not publish such a factor")
    demand(data["valid"][0] < data["valid"][1], "valid")
    unit_size(data["unit"])
    gases = set(data["gases_kg_per_unit"])
    whole = {gas for gas in gases if gas.startswith("CO2e_")}
    demand(gases and KNOWN_GASES.issuperset(gases), "unknown gases")
    demand(not whole or gases <= whole | set(OTHER_GASES.split()), "equivalents beside gases")
    for value in (*data["gases_kg_per_unit"].values(), *data.get("properties", {}).values()):
        if type(value) is dict:
            exact = number(value)
            demand(str(exact.denominator) == value["den"], "not in lowest terms")
            demand((exact * TINY).denominator != 1, "a decimal says it exactly")
    ledger.factors[ref] = data


def _correct(ledger: Ledger, event: Event, data: dict[str, Json]) -> None:
    stream = event.stream.removesuffix("/corrections")
    reading, supersedes = ledger.readings[data["event"]], data.get("supersedes")
    demand(data["event"].partition("@")[0] == stream, "an event of another source")
    demand(reading.body is not None, "the event was withdrawn")
    before = None if reading.latest == data["event"] else reading.latest
    if supersedes is not None and supersedes not in ledger.said:
        refuse("left-out", f"{event.name} supersedes {supersedes}, which is not shown")
    demand(supersedes == before, f"it does not supersede the latest correction, {before}")
    if event.kind == "ActivityWithdrawn":
        reading.body = None
    else:
        kind, body = body_of(event.kind, data)
        demand(kind == reading.kind, "a body of another kind")
        check_body(ledger, ledger.sources[stream], kind, body)
        reading.body = body
    reading.latest = event.name


# --- sealed figures (specification, seals and bundles, steps 7 to 12) ------------------------------


def check_in_list(proof: Json, sealed: Json, name: str, what: str) -> dict[str, Json]:
    """The line of a proof that it is in a list, of which `sealed` has count and root."""
    count, root, leaf = sealed[f"{name}_count"], sealed[f"{name}_root"], canonical(proof["line"])
    check_path(leaf_hash(leaf), proof["position"], count, proof["path"], root, "seal", what)
    return dict(proof["line"])


def check_list(lines: Sequence[Json], sealed: Json, name: str) -> None:
    """Refuse a whole list other than that of which `sealed` has count and root."""
    found = len(lines), root_of_list(map(canonical, lines))
    if found != (sealed[f"{name}_count"], sealed[f"{name}_root"]):
        refuse("seal", f"the {name} are not the list that was sealed")


def key_of(line: Json) -> bytes:
    """The key of an inventory line, by which lines are sorted."""
    return canonical({name: v for name, v in line.items() if name not in ("mass_mg", "salt")})


def add_up(sums: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, str]]:
    """Milligrams by a first and a second name; what comes to 0 is left out."""
    found = defaultdict[str, Counter[str]](Counter)
    for one, other, mass in sums:
        found[one][other] += mass
    kept = {o: {n: str(m) for n, m in sorted(r.items()) if m} for o, r in sorted(found.items())}
    return {one: row for one, row in kept.items() if row}


def as_sums(sums: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, str]]:
    """The same by gas and column, with all three columns of each gas."""
    zeros = dict.fromkeys(SEALED_COLUMNS, "0")
    return {gas: zeros | row for gas, row in add_up(sums).items()}


def signed_mass(line: Json) -> int:
    """Milligrams of an inventory line, below zero where they are taken off."""
    return -int(line["mass_mg"]) if "subtract" in line else int(line["mass_mg"])


def counts(line: Json) -> bool:
    """Whether a line is part of its party's sums."""
    own = line["scope"] == 1 or (line["scope"] == 2 and line.get("method") == "location")
    return bool(own and line["column"] != "memo")


def claim_of_seal(bundle: dict[str, Json], seal: Event, target: Event | None) -> dict[str, Json]:
    """The claim of a sealed kind, derived from the seal and its lists."""
    kind, subject, data = bundle["kind"], bundle["subject"], seal.said
    company: Json = bundle.get("company")
    if company is not None:
        if company["line"]["party"] != subject["party"]:
            refuse("subject", "the company's line is another party's")
        company = check_in_list(company, data, "companies", "the company's line")
    if kind == "inventory-line":
        if key_of(bundle["line"]["line"]) != canonical(subject["line"]):
            refuse("subject", "the inventory line is another one")
        line = check_in_list(bundle["line"], company, "lines", "the inventory line")
        return {name: value for name, value in line.items() if name != "salt"}
    if kind == "company-total":
        return {"party": subject["party"], "sums": company["sums"]}
    if kind == "company-part":
        return _claim_of_part(bundle["lines"], company, subject["select"], data["period"])
    if kind == "area-total":
        lines = bundle["companies"]
        check_list(lines, data, "companies")
        rows = [(gas, row) for line in lines for gas, row in line["sums"].items()]
        every = as_sums((gas, column, int(row[column])) for gas, row in rows for column in row)
        of_seal = {name: data[name] for name in ("period", "totals", "view")}
        return {"companies": len(lines), "companies_sums": every, **of_seal}
    if target is None or target.stream != f"{seal.party}/register":
        refuse("subject", "the target is not the operator's")
    return _claim_of_target(data, target.said)


def _claim_of_part(lines: Json, company: Json, select: Json, period: Json) -> dict[str, Json]:
    keys = [key_of(line) for line in lines]
    if any(one >= other for one, other in pairwise(keys)):
        refuse("seal", "the inventory lines are not in order, or one stands twice")
    check_list(lines, company, "lines")
    own = as_sums((one["gas"], one["column"], signed_mass(one)) for one in lines if counts(one))
    if own != company["sums"]:
        refuse("sum", "the inventory lines do not add up to the company's sums")
    months = select.get("months", period)
    if months[0] < period[0] or period[1] < months[1]:
        refuse("subject", f"the seal is of {months_text(period)}, not of {months_text(months)}")
    if party_of(select.get("stream", company["party"])) != company["party"]:
        refuse("subject", f"{select['stream']} is no source of {company['party']}")
    chosen = [line for line in lines if is_selected(line, select)]
    masses = add_up((line["column"], line["gas"], signed_mass(line)) for line in chosen)
    return {"masses": masses, "party": company["party"], "select": select}


def is_selected(line: Json, select: Json) -> bool:
    """Whether an inventory line is one of those that a part is the sum of."""
    first, end = select.get("months", ("", "~"))
    return bool(
        all(line.get(n) == select[n] for n in ("category", "scope", "stream") if n in select)
        and first <= line["month"] < end
        and line.get("method", select["method"]) == select["method"]
    )


def months_text(months: Sequence[str]) -> str:
    """Months from the first until before another, the last one named."""
    first, end = months
    year, month = int(end[:4]), int(end[5:])
    last = f"{year:04}-{month - 1:02}" if month > 1 else f"{year - 1:04}-12"
    return first if first == last else f"{first} to {last}"


def _claim_of_target(seal: Json, target: Json) -> dict[str, Json]:
    year = int(seal["period"][0][:4])
    if seal["period"] != [f"{year}-01", f"{year + 1}-01"] or seal["view"] != target["view"]:
        refuse("subject", "the seal is not of one whole year in the target's view")
    allowed = [amount for of, amount in target["path"] if of <= year]
    gases = target.get("gases", seal["totals"])
    emitted = {gas: int(row["emitted"]) for gas, row in seal["totals"].items() if gas in gases}
    return {
        "allowed_mg": allowed[-1] if allowed else target["base_mg"],
        "base_mg": target["base_mg"],
        "emitted_mg": str(co2e(emitted, target["gwp"], seal["rules"]["version"])),
        "year": year,
    }


def co2e(masses: dict[str, int], gwp: str, rules: str) -> int:
    """Milligrams of CO2 equivalent in a set of potentials; gases without one are no part of it."""
    total = Fraction(0)
    for gas, mass in masses.items():
        potential = EARLIER_GWP.get((rules, gas, gwp)) or GWP.get(gas, {}).get(gwp, "-")
        total += 0 if potential == "-" else mass * Fraction(potential)
    return round(total)


def check_heads(heads: Json, entries: Sequence[Entry], seal: Event, asked: Sequence[str]) -> None:
    """Refuse the file unless the seal's heads show that it holds these streams whole (step 11)."""
    operator, size = seal.party, seal.log.opened + seal.said["size"]
    proofs = {proof["stream"]: proof for proof in heads}
    if missing := set(asked) - set(proofs):
        refuse("left-out", f"the head of {min(missing)}")
    if more := set(proofs) - set(asked):
        refuse("foreign", f"the head of {min(more)}")
    for stream, proof in proofs.items():
        events = [event for entry in entries for event in entry.events if event.stream == stream]
        if stream == f"{operator}/ledger":  # that of the log that the seal stands in
            events = [event for event in events if event.log == seal.log]
        early = [event for event in events if event.index < size]
        if "line" not in proof:
            _check_absent(proof, stream, seal.said)
            if early:
                refuse("foreign", f"{early[0].name}, of a stream that the seal does not have")
            continue
        head = check_in_list(proof, seal.said, "heads", f"the head of {stream}")
        if head["stream"] != stream:
            refuse("seal", f"the head of {stream} is another stream's")
        # Versions ascend, so none is missing where the nth is n.
        last = head["version"]
        if len(early) < last or early[last - 1].version != last:
            refuse("left-out", f"events of {stream} up to {stream}@{last}")
        if (early[-1].version, early[-1].leaf) != (last, head["head"]):
            refuse("seal", f"{stream} ends otherwise than the seal says")
    for entry in entries:
        trust = entry.stream in (f"{operator}/keys", f"{operator}/ledger")
        # That a log continues the seal's, and with which key, no seal of that one can cover.
        belongs = trust and entry.index <= max(seal.index, 0)
        if entry.index >= size and entry.index != seal.index and not belongs:
            refuse("foreign", f"{entry.name} is later than what the seal covers")


def _check_absent(proof: Json, stream: str, sealed: Json) -> None:
    """That a list has no line of a stream is shown by the two lines beside its place."""
    before, after = proof["before"], proof["after"]
    for at, beside in (("before", before), ("after", after)):
        if beside is not None:
            line = check_in_list(beside, sealed, "heads", f"the line {at} {stream}")
            if not (line["stream"] < stream if at == "before" else stream < line["stream"]):
                refuse("seal", f"{stream} does not stand between the lines that are shown")
    place = 0 if before is None else before["position"] + 1
    if place != (sealed["heads_count"] if after is None else after["position"]):
        refuse("seal", f"the lines beside {stream} are not neighbours")


# --- the verdict ---------------------------------------------------------------------------------------

AMENDING = ("FactorAssigned", "SourceAmended")
CORRECTING = ("ActivityCorrected", "ActivityWithdrawn")
READINGS = tuple(PLACES["source"])
SUBJECTS = {"seal": ("FootprintSealed",), "target": ("TargetSet",)}
ACCOUNTS = ("corrections", "factors", "register", "source")
"""Places of events that are not judged where data is withheld on which others stand."""


@dataclass(frozen=True)
class Verdict:
    """What was checked and found; there is one only if everything held."""

    facts: dict[str, Json]
    """Its members as the specification of bundles gives them."""
    ledger: Ledger
    subject: Event
    seal: Event | None
    log: str
    disputed: dict[int, str]
    """By index of a disputed entry the event that declared its key compromised."""
    bundle: dict[str, Json]
    """The file, of which the part that a company's lines are selected by is said in words."""


def verify(data: bytes, trust: Trust) -> Verdict:
    """Check a bundle as a whole. Raises Refused, or NotDerived for what this program leaves out."""
    bundle = read_bundle(data)
    log, cosigned = open_checkpoint(bundle["checkpoint"], trust)
    check_policy(trust, cosigned)
    entries = open_entries(bundle["entries"], log)
    events = [event for entry in entries for event in entry.events]
    check_streams(entries)
    subjects = find_subjects(bundle, events)
    subject, seal = next(iter(subjects.values())), subjects.get("seal")
    for event in events:
        if event.data is not None and (wrong := wrong_data(event.data)):
            refuse("data", f"{event.name}, {event.kind}: {wrong} is not as it must be")
    openings = find_openings(entries)
    ledger = Ledger(openings[0])
    check_trust_whole(entries)
    asked = streams_asked_for(ledger, subject, entries) if "heads" in bundle else []
    operators = [opening.party for opening in openings]
    check_nothing_else(events, operators, [event.name for event in subjects.values()], asked)
    if bundle["kind"] == "event":
        check_ends_with(subject, events)
    withheld = [event for event in events if event.data is None]
    needed = any(event.stream not in asked or event == subject for event in withheld)
    lacking = "event" in subjects and needed
    for entry in entries:
        with refusing("key", entry.name):
            x = authorise(ledger, entry)
        if not is_signed(from_base64(x, url=True), entry.jws.signature, entry.jws.message):
            refuse("signature", f"{entry.name} is not signed by the key that it names")
        for event in entry.events:
            if event.data is not None and not (lacking and PLACE_OF_TYPE[event.kind] in ACCOUNTS):
                with refusing("rule", event.name):
                    say(ledger, event, entry.jws.kid)
    if seal is not None and seal.stream != f"{ledger.operator}/seals":
        refuse("seal", "the seal does not stand in its place")
    if seal is not None and "heads" in bundle:
        check_heads(bundle["heads"], entries, seal, asked)
    if "event" in subjects:
        entry = next(entry for entry in entries if entry.index == subject.index)
        claim = claim_of_event(ledger, subject, entry, events, lacking=lacking)
        strength = "logged" if lacking else "re-derived"
    else:
        claim = claim_of_seal(bundle, subjects["seal"], subjects.get("target"))
        strength = "audited" if cosigned & trust.replaying else "sealed"
    is_open = {
        "after-seal": asked,
        "another-history": not cosigned,
        "earlier-history": entries[0].index < 0,
        "later-change": "event" in subjects and not asked,
        "later-seal": "event" not in subjects,
        "later-target": "target" in subjects,
    }
    hidden = [e for e in withheld if e.stream in asked and e.kind in (*AMENDING, *CORRECTING)]
    codes = [f"undisclosed:{event.name}" for event in hidden]
    signed = [(entry.index, ledger.keys[entry.jws.kid]) for entry in entries]
    disputed = {i: key.compromised_by for i, key in signed if key.is_disputed(i)}
    facts = {
        "claim": claim,
        "cosigned": sorted({vkey.name for vkey in cosigned}),
        "disputed": [*disputed],
        "kind": bundle["kind"],
        "not_excluded": sorted([*codes, *(code for code, is_so in is_open.items() if is_so)]),
        "origin": trust.log.name,
        "recovered": [index for index, key in signed if key.recovered],
        "size": log.size,
        "strength": strength,
        "withheld": [event.name for event in withheld],
    }
    return Verdict(facts, ledger, subject, seal, trust.log_text, disputed, bundle)


def find_subjects(bundle: dict[str, Json], events: Iterable[Event]) -> dict[str, Event]:
    """The events that the subject names, by member; of the right types, and shown where they must be."""
    named, found = {event.name: event for event in events}, {}
    for member in ("event", "target", "seal"):
        if member in bundle["subject"]:
            name = bundle["subject"][member]
            if name not in named:
                refuse("subject", f"{name} is not in the file")
            event = found[member] = named[name]
            types = READINGS if bundle["kind"] == "current-event" else ()
            types = SUBJECTS.get(member, types)
            if (types and event.kind not in types) or (member != "event" and event.data is None):
                refuse("subject", f"{name}, {event.kind}, is not such an event, or not shown")
    return found


def streams_asked_for(ledger: Ledger, subject: Event, entries: Sequence[Entry]) -> list[str]:
    """The streams of which a file of kind `current-event` shows that nothing later stands there."""
    source = subject.stream.removesuffix("/corrections")
    parties = {ledger.operator, *(party_of(entry.stream) for entry in entries)}
    own = (f"{ledger.operator}/ledger", f"{subject.party}/register", f"{source}/corrections")
    return [*(f"{party}/keys" for party in sorted(parties)), *own]


def claim_of_event(
    ledger: Ledger, subject: Event, entry: Entry, events: Iterable[Event], *, lacking: bool
) -> dict[str, Json]:
    """What an event comes to, by whom it was said, and what changed it."""
    corrections = [event for event in events if event.kind in CORRECTING]
    changes = [event for event in corrections if event.said.get("event") == subject.name]
    reading = subject.said.get("event") if subject.kind in CORRECTING else subject.name
    known = not lacking and reading in ledger.readings
    return {
        "corrected_by": changes[-1].name if changes else None,
        "index": subject.index,
        "key": entry.jws.kid,
        "masses": masses_of(ledger, str(reading)) if known else {},
        "party": subject.party,
        "signed_at": entry.said["signed_at"],
        "type": subject.kind,
        "withdrawn": bool(changes) and changes[-1].kind == "ActivityWithdrawn",
    }


STRENGTHS = {
    "re-derived": "everything that the figure follows from is in the file, and gives this figure",
    "audited": "the operator has committed to the figure, and a witness that you trust to have"
    " folded the whole log itself has signed this history",
    "sealed": "the operator has committed to the figure; the file does not show what it comes from",
    "logged": "it stands in the log, signed by its author; data that a figure needs are withheld",
}
OPEN = {
    "another-history": "that the operator shows others another history of this log: no witness that"
    " you named has signed this one",
    "earlier-history": "that an earlier log ended otherwise than entry 0 of the one behind it says",
    "later-change": "a later correction, revocation, factor or amendment",
    "later-seal": "another seal of the same months, or a later correction, that gives another figure",
    "later-target": "a later statement of the target",
}


NO_FIGURE = "everything that the event stands on is in the file, and the rules admit it"
"""Of an event that no figure follows from."""


def for_people(verdict: Verdict) -> str:
    """The verdict as a page of text."""
    facts, ledger = verdict.facts, verdict.ledger
    subject, seal = verdict.subject, verdict.seal
    lines = [
        "THE FILE HOLDS, as a whole.",
        "",
        f"Ledger     {ledger.area}, run by {ledger.operator}; log {facts['origin']}",
        f"Checked    against the key {verdict.log}",
        f"As of      log size {facts['size']}",
        f"About      {subject.name}, {subject.kind}, of {ledger.names.get(subject.party, subject.party)}",
    ]
    lines += [f"Goes back  to {log.called}, of {log.size} entries" for log in ledger.logs[:-1]]
    if seal is not None:
        period, view = months_text(seal.said["period"]), seal.said["view"]
        lines.append(f"Seal       {seal.name}: {period}, view {view}, of what stood")
        lines.append(f"           in {seal.log.called} at size {seal.said['size']}")
    strength = facts["strength"]
    bare = strength == "re-derived" and not facts["claim"]["masses"]  # an event's, at this strength
    means = NO_FIGURE if bare else STRENGTHS[strength]
    lines += [f"Strength   {strength}: {means}", "", *claim_lines(verdict)]
    lines += ["", "It does not exclude:"]
    for code in facts["not_excluded"]:
        name = code.partition(":")[2]
        said = OPEN.get(code, f"that {name}, which is withheld, changes the figure")
        if code == "after-seal" and seal is not None:
            more = ", and in every later log" if seal.log.opened else ""
            said = f"anything in entries of {seal.log.called} from {seal.said['size']} on{more}"
            said += ", which the seal does not cover"
        lines.append(f"  {said}")
    lines += ["  that what was measured or stated is untrue", ""]
    lines += [f"Withheld: {name}" for name in facts["withheld"]]
    for index, declared in verdict.disputed.items():
        why = f"its key was declared compromised in {declared}"
        lines.append(f"DISPUTED   {ledger.entry(index)}: {why}")
    recovered = (ledger.entry(index) for index in facts["recovered"])
    lines += [f"RECOVERY   by the operator: {entry} rests on it" for entry in recovered]
    lines.append("Cosigned by " + (", ".join(facts["cosigned"]) or "no witness that you named"))
    wrapped = (textwrap.wrap(line, 110, subsequent_indent=" " * 11) or [""] for line in lines)
    return "\n".join(part for parts in wrapped for part in parts)


def claim_lines(verdict: Verdict) -> list[str]:
    """What the file shows, in words: what it is, and each figure that is not 0."""
    claim, subject = verdict.facts["claim"], verdict.bundle["subject"]
    kind, names = verdict.facts["kind"], verdict.ledger.names
    party = subject.get("party", "")
    whose = f"{names[party]} ({party})" if party in names else party
    if kind == "inventory-line":
        what = f"a line of the inventory of {whose}"
        told = [f"{LINE_WORDS.get(n, n)}: {v}" for n, v in claim.items() if n not in NOT_TOLD]
        told.append(f"{'taken off' if 'subtract' in claim else 'mass'}: {_mg(claim['mass_mg'])}")
    elif kind == "company-total":
        what, told = f"the sums of {whose}", _amounts(claim["sums"])
    elif kind == "company-part":
        select, lines = claim["select"], verdict.bundle["lines"]
        chosen = sum(is_selected(line, select) for line in lines)
        what = f"the sum of {chosen} of the {len(lines)} inventory lines of {whose}: "
        what += selection(select)
        none = "they come to nothing together" if chosen else "no line of this seal matches"
        told = _amounts(claim["masses"]) or [none]
    elif kind == "area-total":
        what = f"the totals of the area in the view {claim['view']}"
        told = _amounts(claim["totals"])
        together = f"the {claim['companies']} parties in the list together"
        told += [f"{together}, {line}" for line in _amounts(claim["companies_sums"])]
    elif kind == "target-progress":
        what = f"the year {claim['year']} beside the target set in {subject['target']}"
        masses = [(name, claim[f"{name}_mg"]) for name in ("emitted", "allowed", "base")]
        told = [f"{name}: {_mg(mass)} of CO2 equivalent" for name, mass in masses]
    else:
        what, told = _event_words(verdict, claim)
    return [f"It shows {what}:", *(f"  {line}" for line in told or ["nothing"])]


LINE_WORDS = {"line": "line of the source", "role": "role of factor", "stream": "source"}
NOT_TOLD = ("mass_mg", "subtract")


NOT_CURRENT = (
    "as of what the file holds; a later correction is not excluded: ask for a file as of a seal"
)


def _event_words(verdict: Verdict, claim: Json) -> tuple[str, list[str]]:
    event, log = verdict.subject, verdict.subject.log
    what = f"what follows from {event.name}, entry {event.index - log.opened} of {log.called},"
    what += f" signed at {claim['signed_at']}, as its author says, with the key {claim['key']}"
    told = []
    for month, roles in claim["masses"].items():
        told += [f"{month}, {line}" for line in _amounts(roles)]
    if claim["withdrawn"]:
        told.append(f"withdrawn in {claim['corrected_by']}: it counts no more")
    elif claim["corrected_by"]:
        told.append(f"corrected in {claim['corrected_by']}: the masses are those of the correction")
    if claim["type"] not in (*READINGS, *CORRECTING):
        told.append("no figure follows from this event")
    elif verdict.facts["strength"] == "logged":
        told.append("no figure: data that it needs is withheld")
    else:
        told = told or ["its masses come to nothing"]
        told += [NOT_CURRENT] if "later-change" in verdict.facts["not_excluded"] else []
    if claim["type"] == "DataRedacted":
        told.append("its deltas are the word of its author and of the operator")
    return what, told


def _amounts(masses: dict[str, dict[str, str]]) -> list[str]:
    """Masses by two names, those that are not 0."""
    return [
        f"{one}, {other}: {_mg(mass)}"
        for one, row in masses.items()
        for other, mass in row.items()
        if mass != "0"
    ]


def _mg(mass: str) -> str:
    return f"{int(mass):,} mg"


def selection(select: Json) -> str:
    """Which lines a part of an inventory is the sum of, in words."""
    scope, category = select.get("scope"), select.get("category")
    parts = [] if scope or category else ["all scopes"]
    if scope in (None, 2) and not category:
        parts.append(f"Scope 2 by {select['method']}")
    elif scope:
        parts.append(f"Scope {scope}")
    parts += [f"category {category} of Scope 3"] if category else []
    parts += [months_text(select["months"])] if "months" in select else []
    parts += [f"from {select['stream']}"] if "stream" in select else []
    return ", ".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a file, print the verdict, and give the exit status."""
    parser = argparse.ArgumentParser(
        description="Check a proof from a carbon ledger, offline: all or nothing.",
        epilog="Exit status: 0 the file holds; 1 it does not, and proves nothing; 2 the call was"
        " wrong, or this program cannot tell. ROLE is certifier, regulator or other.",
    )

    def option(name: str, metavar: str, text: str, **more: Any) -> None:
        parser.add_argument(name, metavar=metavar, help=text, **more)

    several: dict[str, Any] = {"action": "append", "default": []}
    key = "key of a witness that you trust to have seen one history only; repeatable"
    fold = "key of a witness that you trust to have folded the whole log itself, so that a sealed"
    fold += " figure is audited; it counts in no policy; repeatable"
    enough = "how many of --witness must have signed, such as 2,regulator=1"
    parser.add_argument("file", type=Path, metavar="FILE", help="the proof: a bundle, one line")
    log_key = "key of the ledger's log, from somebody you trust and not from who gave you the file"
    option("--log-key", "VKEY", log_key, required=True)
    option("--witness", "[ROLE=]VKEY", key, **several)
    option("--replayed", "[ROLE=]VKEY", fold, **several)
    option("--policy", "POLICY", enough, default="")
    parser.add_argument("--json", action="store_true", help="the verdict or the defect as JSON")
    asked = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):  # a name in a file must not end what is said of it
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        trust = Trust.of(asked.log_key, asked.witness, asked.replayed, asked.policy)
        verdict = verify(asked.file.read_bytes(), trust)
        print(json.dumps(verdict.facts, sort_keys=True) if asked.json else for_people(verdict))
    except Refused as refused:
        under = " UNDER THIS KEY" if isinstance(refused, OtherLog) else ""
        if asked.json:
            print(json.dumps({"defect": refused.defect, "why": refused.why}, sort_keys=True))
        else:
            print(f"THE FILE DOES NOT HOLD{under} ({refused.defect}): {refused.why}")
        return 1
    except (NotDerived, ValueError, OSError) as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # noqa: BLE001  (no file may end in a traceback, nor in a verdict)
        print(f"verify: this program failed, so it cannot tell: {error!r}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
