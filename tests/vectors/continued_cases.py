"""Vectors of bundles that reach back into earlier logs.

They have the form of `bundle-deep.json`: an accepted case is a file and the facts of its verdict, a
refused one a file and the defect that a verifier must name. A file stands whole in `bundle`, or is that
of the accepted case `of` after the `edits`, one after the other: at `at`, a path of members and
positions, the value is replaced by `to`, or `insert` is put before it, or it is taken out; then it is
written in canonical JSON again. `vkey` is that of the log at hand. A refused case with `audit` breaks a
rule that a verifier may leave to an audit of the whole log: it then gives a verdict, or this defect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from ledger.errors import LedgerError
from ledger.provenance import facts
from tests.unit.proof_file import Value, as_file
from tests.vectors.continued.believed import believed, plain_files
from tests.vectors.continued.changed import changes, damages, old_events_gone
from tests.vectors.continued.files import Files
from tests.vectors.continued.forged_entries import forged_entries
from tests.vectors.continued.forged_events import forged_events
from tests.vectors.continued.forged_keys import forged_keys
from tests.vectors.continued.forged_openings import forged_openings, vkeys
from tests.vectors.continued.forged_seals import forged_seals
from tests.vectors.continued.honest import whole_files
from tests.vectors.continued.logs import FORGED, SAID, salts_from, vkey_of
from tests.vectors.continued.worlds import GROWN, grown, park
from tests.vectors.deep.changed import Edit, difference, edited
from tests.vectors.deep.trusting import CERTIFIER, REPLAYING, _signed, edits_of
from tests.vectors.deep.trusting import _vkey as _witness
from tests.vectors.kind_cases import judged
from tests.vectors.shape import Case, File, file_of, spell

CHANGED: Final = {
    "event/two/an-old-reading-corrected-in-both": "event/two/an-old-one-that-was-disputed-then",
    "current-event/two/old-under-an-old-seal": "current-event/two/without-corrections-under-a-new-seal",
    "current-event/three/of-the-middle-under-its-seal": "current-event/three/of-the-newest-under-its-seal",
    "company-total/two/of-the-earlier-log": "event/two/an-old-party",
}
"""Files that are changed, each with one that shows what it does not."""
DAMAGED: Final = ("opened/by-the-operators-key/a-reading", "event/three/with-none-in-the-middle")
COSIGNED: Final = (
    "sealed/company-total-of-the-earlier-log",
    "sealed/current-event-of-the-earlier-log",
)
"""Files under a checkpoint with cosignatures."""
AUDITED: Final = frozenset(
    f"rule/{name}"
    for name in (
        "a-target-whose-base-is-a-size-of-the-earlier-log",
        "an-old-target-whose-base-is-later-than-itself",
        "a-base-year-of-a-size-of-the-earlier-log",
        "an-old-base-year-later-than-itself",
        "an-old-site-again",
    )
)
"""Cases that break a rule of accounting which no figure of the file follows from."""


def bundle_continued() -> File:
    """All cases; the same in every run."""
    plain = plain_files()
    values = {**plain, **whole_files()}
    with salts_from(SAID):
        makers = believed()
    for name, make in makers.items():
        with salts_from(FORGED):
            values[f"believed/{name}"] = make()
    more = [f"grown/{name}" for name in GROWN]
    bases = {name: values[name] for name in (*plain, *CHANGED, *DAMAGED, *more)}
    accepted = [_accepted(name, value, bases) for name, value in {**bases, **values}.items()]
    forged = [
        _refused({"name": name, **_compact(value, bases), "vkey": vkey}, value, defect)
        for name, (defect, vkey, value) in _forged().items()
    ]
    good, bad = _trusting(values)
    refused = [*bad, *forged, *_changed(values)]
    return file_of(__doc__ or "", [*accepted, *good], refused)


def _trusting(values: Mapping[str, Value]) -> tuple[list[Case], list[Case]]:
    """Files whose checkpoint a witness has cosigned, who has the earlier log behind it too."""
    good, bad = [], []
    for base in COSIGNED:
        note = str(values[base]["checkpoint"])
        for name, by, trust in (
            ("cosigned", CERTIFIER, {"witnesses": [f"certifier={_witness(CERTIFIER)}"]}),
            ("replayed", REPLAYING, {"replayed": [f"certifier={_witness(REPLAYING)}"]}),
        ):
            edits = edits_of(_signed(note, by))
            case: Case = {"name": f"trust/{base}: {name}", "of": base, "edits": edits}
            case |= {"vkey": _vkey(values[base]), **trust}
            data = edited(as_file(values[base]), edits)
            good.append({**case, "verdict": facts(judged(case, data))})
            less = {**case, "name": f"{case['name']} by too few", "policy": "2"}
            found = _defect(less, data)
            assert found == "policy", found
            bad.append({**less, "defect": found})
    return good, bad


def _forged() -> dict[str, tuple[str, str, Value]]:
    """By name: the defect, the vkey and the file."""
    found = {}
    makers = (forged_openings, forged_entries, forged_keys, forged_events, forged_seals)
    with salts_from(SAID):
        cases = [*chain.from_iterable(make().items() for make in makers)]
    for name, (defect, make) in cases:
        with salts_from(FORGED):
            value = make()
        found[name] = (defect, vkeys().get(name, _vkey(value)), value)
    return found


def _changed(values: Mapping[str, Value]) -> Iterator[Case]:
    """Whole files after a change, where that breaks them."""
    with salts_from(1):
        _, middle, newest = park()
    with salts_from(1):
        grown_logs = Files.of(grown())
    logs = {"two": Files.of(middle), "three": Files.of(newest)}
    for base, other in CHANGED.items():
        edits_of = changes(values[base], logs[base.split("/")[1]], other=values[other])
        yield from _broken(base, values[base], edits_of)
    for name in GROWN:
        base = f"grown/{name}"
        if "meter-that-was-removed" in name:
            continue  # what is missing there breaks rules that are left to an audit
        yield from _broken(base, values[base], old_events_gone(values[base], grown_logs))
    for base in DAMAGED:
        yield from _broken(base, values[base], damages(values[base]))


def _broken(base: str, value: Value, changed: Iterator[tuple[str, list[Edit]]]) -> Iterator[Case]:
    whole = as_file(value)
    for name, edits in changed:
        case: Case = {"name": f"{base}: {name}", "of": base, "edits": edits, "vkey": _vkey(value)}
        found = _defect(case, edited(whole, edits))
        if found is not None:
            yield {**case, "defect": found}


def _vkey(value: Value) -> str:
    return vkey_of(str(value["checkpoint"]).split("\n", maxsplit=1)[0])


def _compact(value: Value, bases: Mapping[str, Value]) -> Case:
    """The file as edits of the base that is nearest, or whole where that is shorter."""
    whole: Case = {"bundle": spell(as_file(value))}
    near = [name for name, old in bases.items() if old["checkpoint"] == value["checkpoint"]]
    ways = ({"of": n, "edits": difference(bases[n], value)} for n in near or bases)
    return min(chain([whole], ways), key=lambda way: len(json.dumps(way)))


def _accepted(name: str, value: Value, bases: Mapping[str, Value]) -> Case:
    data = as_file(value)
    file = {"bundle": spell(data)} if name in bases else _compact(value, bases)
    case = {"name": name, **file, "vkey": _vkey(value)}
    return {**case, "verdict": facts(judged(case, data))}


def _refused(case: Case, value: Value, defect: str) -> Case:
    case |= {"audit": True} if case["name"] in AUDITED else {}
    found = _defect(case, as_file(value))
    assert found == defect, (case["name"], found, defect)
    return {**case, "defect": defect}


def _defect(case: Case, data: bytes) -> str | None:
    try:
        judged(case, data)
    except LedgerError as error:
        return error.defect
    return None
