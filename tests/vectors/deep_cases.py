"""Vectors of bundles that only a dishonest operator or author could make, and of many honest ones.

An accepted case is a file and the facts of its verdict, a refused one a file and the defect that a
verifier must name. A file stands whole in `bundle`, or is that of the accepted case `of` after the
`edits`, one after the other: at `at`, a path of members and positions, the value is replaced by `to`,
or `insert` is put before it, or it is taken out; then it is written in canonical JSON again. `vkey`,
`witnesses`, `replayed` and `policy` say whom the verifier trusts. A refused case with `audit` breaks a
rule that a verifier may leave to an audit of the whole log: it then gives a verdict, or this defect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from ledger.errors import LedgerError
from ledger.log.bundle_kinds import Select
from ledger.provenance import facts
from tests.unit.proof_file import ProofFiles, Value, as_file
from tests.unit.proofs import Proofs
from tests.unit.world import LOG, authorisation, reading
from tests.vectors.deep.changed import changes, difference, edited, value_of
from tests.vectors.deep.dishonest import FIXES, GROUNDS, SEAL, Lists, lie, small
from tests.vectors.deep.dishonest import POWER as SMALL
from tests.vectors.deep.forged_figures import forged_figures
from tests.vectors.deep.forged_keys import forged_keys
from tests.vectors.deep.honest import POWER, PROFILE, day, park, same_salts, whole_files
from tests.vectors.deep.trusting import edits_of, trusting
from tests.vectors.kind_cases import judged
from tests.vectors.shape import Case, File, file_of, spell, unspell

AUDITED: Final = frozenset(
    f"rule/{name}"
    for name in (
        "a-register-that-gives-another-quantity",
        "a-register-that-runs-backwards",
        "a-factor-of-elsewhere",
        "a-factor-out-of-its-time",
        "a-factor-in-another-role",
        "a-factor-that-is-never-valid",
        "an-assignment-in-another-role",
        "an-amendment-of-nothing",
    )
)
"""Cases that break a rule of accounting which the figure does not follow from."""
TRUSTED: Final = "company-total/the-first"


def bundle_deep() -> File:
    """All cases; the same in every run."""
    with same_salts():
        files = whole_files()
        plain_files = _small_files()
        pairs = _pairs()
        forged, believed = {**forged_keys(), **forged_figures()}, _believed()
    whole = files | plain_files
    accepted = [
        _accepted({"name": name, "bundle": spell(data), "vkey": LOG}, data)
        for name, data in whole.items()
    ]
    refused = []
    good, bad = trusting(files[TRUSTED])
    for name, (note, trust) in good.items():
        case = {
            "name": f"trust/{name}",
            "of": TRUSTED,
            "edits": edits_of(note),
            "vkey": LOG,
            **trust,
        }
        accepted.append(_accepted(case, edited(files[TRUSTED], case["edits"])))
    for name, (note, trust, defect) in bad.items():
        case = {
            "name": f"trust/{name}",
            "of": TRUSTED,
            "edits": edits_of(note),
            "vkey": LOG,
            **trust,
        }
        refused.append(_refused(case, edited(files[TRUSTED], case["edits"]), defect))
    bases = {name: value_of(data) for name, data in plain_files.items()}
    for name, value in believed.items():
        case = {"name": f"believed/{name}", **_compact(value, bases), "vkey": LOG}
        accepted.append(_accepted(case, as_file(value)))
    for case in _changed(files, pairs):
        data = edited(files[case["of"]], case["edits"])
        found = _defect(case, data)
        if found is None:
            accepted.append(_accepted(case, data))
        else:
            refused.append({**case, "defect": found})
    for name, (defect, value) in forged.items():
        audit = {"audit": True} if name in AUDITED else {}
        case = {"name": name, **_compact(value, bases), "vkey": LOG, **audit}
        refused.append(_refused(case, as_file(value), defect))
    return file_of(__doc__ or "", accepted, refused)


def _small_files() -> dict[str, bytes]:
    """Files about a small ledger, from which those of a dishonest one differ."""
    world = small()
    proofs = Proofs(world)
    line = proofs.lists(SEAL).lines["acme"][0].name
    part = Select(method="location")
    found = {
        "event": proofs.event(f"{SMALL}@1"),
        "corrected": proofs.event(f"{SMALL}@2"),
        "grounds": proofs.event(GROUNDS[1]),
        "correction": proofs.event(f"{FIXES}@1"),
        "party": proofs.event("beta/keys@1"),
        "current": Proofs(world, extra=GROUNDS).current(f"{SMALL}@2", SEAL),
        "line": proofs.line(SEAL, "acme", line),
        "total": proofs.company(SEAL, "acme"),
        "part": proofs.part(SEAL, "acme", part),
        "area": proofs.area(SEAL),
        "target": proofs.target(SEAL, "operator/register@1"),
    }
    return {f"small/{name}": data for name, data in found.items()}


def _believed() -> dict[str, Value]:
    """What a file cannot show: the operator's word stands, until somebody has the whole log."""
    world = small()
    lists = Lists(world)
    lists.heads = [one for one in lists.heads if one["stream"] != FIXES]
    hidden = lists.current(lists.seal(size=11), lacks=[FIXES])
    world = small()
    lists = Lists(world)
    lists.companies.remove(lists.company("beta"))
    dropped = lists.area(lists.seal())
    world = small()
    lie(world, "acme", "acme/keys", authorisation("acme", "beta", "acme/"))
    taken = ProofFiles(world).event(f"{SMALL}@1", *GROUNDS)
    world = small()
    lie(world, "acme", SMALL, reading(day(2), "P1D", "5"))
    overlapping = ProofFiles(world).event(f"{SMALL}@3", *GROUNDS)
    return {
        "a-seal-that-hides-a-correction": hidden,
        "a-seal-that-drops-a-company": dropped,
        "a-key-that-is-another-partys-out-of-sight": taken,
        "a-reading-of-a-time-that-another-covers": overlapping,
    }


def _pairs() -> dict[str, tuple[Any, bytes]]:
    """Files to be changed, with their ledger and a file that shows what they do not."""
    world = park()
    proofs = Proofs(world)
    one = proofs.lists(SEAL).lines["depot"][0].name
    more = {
        "event/a-profile-after-it": proofs.event(f"{POWER}@3"),
        "current-event/corrected-twice": proofs.event(f"{PROFILE}@1"),
        "company-part/of-a-scope": proofs.event("mill/keys@1"),
        "inventory-line/the-first": proofs.line(SEAL, "depot", one),
        "company-total/the-first": proofs.company(SEAL, "mill"),
        "area-total/companies": proofs.area("operator/seals@2"),
        "target-progress/all-gases": proofs.area(SEAL),
    }
    return {name: (world, data) for name, data in more.items()}


def _changed(files: Mapping[str, bytes], pairs: Mapping[str, tuple[Any, bytes]]) -> Iterator[Case]:
    for base, (world, other) in pairs.items():
        for name, edits in changes(files[base], world, other=other):
            yield {"name": f"{base}: {name}", "of": base, "edits": edits, "vkey": LOG}


def _compact(value: Value, bases: Mapping[str, Value]) -> Case:
    """The file as edits of the base that is nearest, or whole where that is shorter."""
    ways: list[Case] = [
        {"of": name, "edits": difference(base, value)} for name, base in bases.items()
    ]
    whole: Case = {"bundle": spell(as_file(value))}
    return min(chain([whole], ways), key=lambda way: len(json.dumps(way)))


def _accepted(case: Case, data: bytes) -> Case:
    return {**case, "verdict": facts(judged(case, data))}


def _refused(case: Case, data: bytes, defect: str) -> Case:
    found = _defect(case, data)
    assert found == defect, (case["name"], found, defect)
    return {**case, "defect": defect}


def _defect(case: Case, data: bytes) -> str | None:
    try:
        judged(case, data)
    except LedgerError as error:
        return error.defect
    return None


def whole_file(case: Case, accepted: Mapping[str, Case]) -> bytes:
    """The file of a case: its own, or that of an accepted one after its edits."""
    if "bundle" in case:
        return unspell(case["bundle"])
    return edited(unspell(accepted[case["of"]]["bundle"]), case["edits"])
