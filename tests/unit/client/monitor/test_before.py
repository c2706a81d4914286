"""A log that continues others is followed back to the oldest of them, as far as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.client.monitor import before as following_back
from ledger.client.monitor.kept import Kept
from ledger.client.monitor.served import Served
from ledger.client.monitor.watcher import Look, Watcher
from ledger.log.hashes import EMPTY_ROOT
from ledger.log.keys import PrivateKey
from ledger.log.mldsa import MlDsaPrivateKey
from ledger.log.note import cosigner, format_vkey, log_vkey
from tests.watched_log import ORIGIN, LogServer, WatchedLog

METER = "acme/plant/electricity"
SECOND, THIRD = "ledger.example/second", "ledger.example/third"


def first_log() -> WatchedLog:
    log = WatchedLog()
    log.register("acme")
    log.register("homes", "aggregate")
    log.readings(METER, 3)
    seal(log, "acme", "homes")
    return log


def seal(log: WatchedLog, *companies: str, **changed: Any) -> int:
    size = len(log.bodies)
    return log.seal([log.company(one, size) for one in sorted(companies)], **changed)


def second_log(before: WatchedLog | None = None, **said: Any) -> WatchedLog:
    """Another company, readings of a meter of before, and a seal of everybody."""
    log = WatchedLog(origin=SECOND, before=before or first_log(), **said)
    log.register("bolt")
    log.readings(METER, 2)
    seal(log, "acme", "bolt", "homes")
    return log


def third_log() -> WatchedLog:
    log = WatchedLog(origin=THIRD, before=second_log())
    log.readings("bolt/yard/gas", 1)
    seal(log, "acme", "bolt", "homes")
    return log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def serving() -> Iterator[Callable[[WatchedLog], LogServer]]:
    servers: list[LogServer] = []

    def serve(log: WatchedLog) -> LogServer:
        servers.append(LogServer(log).__enter__())
        return servers[-1]

    yield serve
    for server in servers:
        server.__exit__()


Serving = Callable[[WatchedLog], LogServer]


def look(folder: Path, server: LogServer) -> Look:
    with Kept(folder) as kept, Served(server.url) as served:
        return Watcher(kept, served, (), server.log.vkey).look(lambda _done, _total: None)


def faults(found: Look) -> dict[int, str]:
    return {one.index: one.what for one in found.findings}


@pytest.mark.parametrize("log", [second_log, third_log])
def test_streams_go_on_and_seals_are_right_over_all_logs(
    folder: Path, serving: Serving, log: Callable[[], WatchedLog]
):
    watched = log()
    found = look(folder, serving(watched))
    assert (found.findings, found.warnings, found.left) == ((), (), ())
    assert found.size == len(watched.bodies)
    with Kept(folder) as kept:
        assert list(kept.checked_seals().values()) == [""]
    with Kept(folder / "before") as kept:
        assert list(kept.checked_seals().values()) == [""]
        assert kept.size == len(watched.before.bodies if watched.before else ())


def test_what_was_followed_before_is_not_asked_for_again(folder: Path, serving: Serving):
    server = serving(second_log())
    look(folder, server)
    server.log.requests.clear()
    server.log.readings(METER, 1)
    assert look(folder, server).findings == ()
    assert [one for one in server.log.requests if "checkpoint" not in one] == [
        "/second/tile/entries/000.p/6"
    ]


def test_a_log_that_does_not_show_the_one_before_leaves_its_seals_unchecked(
    folder: Path, serving: Serving
):
    log = second_log()
    seal(log, "acme", heads_root="ab" * 32)
    server, before = serving(log), log.before
    log.before = None
    found = look(folder, server)
    assert (found.findings, found.warnings) == ((), ())
    assert "continues ledger.example/log, whose entries are not shown" in found.left[0]
    log.before = before
    assert "its heads are not those" in faults(look(folder, server))[len(log.bodies) - 1]


def test_a_log_between_that_is_not_shown_is_missed_too(folder: Path, serving: Serving):
    log = third_log()
    assert log.before is not None
    log.before.before = None
    assert "not shown" in look(folder, serving(log)).left[0]


def test_other_entries_than_the_opening_names_are_not_believed(folder: Path, serving: Serving):
    log = second_log()
    assert log.before is not None
    right, log.before = log.before, log.before.fork(5)
    log.before.readings(METER, 2)
    server = serving(log)
    (warning,) = look(folder, server).warnings
    assert "other entries of ledger.example/log than the opening" in warning
    log.before = right
    assert look(folder, server).warnings == ()


@pytest.mark.parametrize("said", [{"heads_root": "ab" * 32}, {"heads_count": 99}])
def test_an_opening_that_says_other_heads_than_the_log_before_has_is_found(
    folder: Path, serving: Serving, said: dict[str, Any]
):
    found = look(folder, serving(second_log(**said)))
    assert "it says that the log before it ends with" in faults(found)[0]


@pytest.mark.parametrize(
    ("first", "previous"),
    [(1, "00" * 32), (3, "ab" * 32), (4, "ab" * 32), (9, "ab" * 32)],
    ids=["anew", "again", "otherwise", "later"],
)
def test_a_stream_that_goes_on_elsewhere_than_it_ended_is_found(
    folder: Path, serving: Serving, first: int, previous: str
):
    log = WatchedLog(origin=SECOND, before=first_log())
    log.post(METER, {}, first=first, previous=previous)
    what = faults(look(folder, serving(log)))[1]
    assert f"does not go on where its stream ends in ledger.example/log: expected {METER}@4" in what


def test_a_new_stream_begins_at_its_beginning(folder: Path, serving: Serving):
    log = WatchedLog(origin=SECOND, before=first_log())
    log.post("acme/plant/gas", {}, first=2, previous="ab" * 32)
    assert "expected acme/plant/gas@1" in faults(look(folder, serving(log)))[1]


def test_a_company_of_the_log_before_is_missed_in_a_seal(folder: Path, serving: Serving):
    log = second_log()
    index = seal(log, "bolt", "homes")
    assert faults(look(folder, serving(log)))[index] == "seal 3: its list leaves out acme"


def test_what_is_wrong_in_an_earlier_log_is_found_below_zero(folder: Path, serving: Serving):
    first = first_log()
    first.post(METER, {}, first=9, previous="ab" * 32)
    wrong = seal(first, "acme")
    count = len(first.bodies)
    found = look(folder, serving(second_log(first)))
    told = faults(found)
    assert (
        "in ledger.example/log: it does not go on where its stream ends" in told[wrong - 1 - count]
    )
    assert told[wrong - count] == "in ledger.example/log: seal 2: its list leaves out homes"


OTHER_KEY = PrivateKey.from_seed(b"\x63" * 32)
OPENINGS: dict[str, tuple[dict[str, Any], str]] = {
    "size-of-text": ({"size": "all"}, "it opens the log out of form: Expected `int`"),
    "size-below-zero": ({"size": -1}, "it opens the log out of form: Expected `int` >= 0"),
    "size-zero": (
        {"size": 0, "root": EMPTY_ROOT.hex()},
        f"it continues {ORIGIN} at size 0, and every log has an opening",
    ),
    "log-no-key": ({"log": "garbage"}, "it continues what is no log: not a verifier key"),
    "log-lines": ({"log": "x+y\n+z"}, "it continues what is no log: not a verifier key"),
    "log-key-id": (
        {"log": log_vkey(ORIGIN, OTHER_KEY.public).replace("log+", "log+0")},
        "it continues what is no log: not a verifier key",
    ),
    "log-of-a-witness": (
        {"log": format_vkey(cosigner(ORIGIN, MlDsaPrivateKey(b"\x64" * 32).public))},
        "it continues what is no log: not an Ed25519 key",
    ),
    "log-origin": (
        {"log": log_vkey("https://ledger.example", OTHER_KEY.public)},
        "it continues what is no log: not an origin",
    ),
    "log-itself": (
        {"log": log_vkey(SECOND, OTHER_KEY.public)},
        f"it continues {SECOND}, and this origin is used again behind that log",
    ),
    "signed-less": (
        {"signed": {"size": 7, "root": "ab" * 32}},
        f"it says that {ORIGIN} had signed size 7, and ends at 7",
    ),
    "signed-out-of-form": (
        {"signed": {"size": 9, "root": "ab"}},
        "it opens the log out of form: Expected `str` matching",
    ),
    "root": ({"root": "AB" * 32}, "it opens the log out of form: Expected `str` matching"),
}


@pytest.mark.parametrize(("said", "what"), OPENINGS.values(), ids=OPENINGS)
def test_an_opening_against_the_rules_is_found_at_each_look(
    folder: Path, serving: Serving, said: dict[str, Any], what: str
):
    log = second_log(**said)
    server = serving(log)
    found = look(folder, server)
    assert (found.warnings, found.left, found.size) == ((), (), len(log.bodies))
    assert [one.index for one in found.findings] == [0]
    assert found.findings[0].what.startswith(what)
    log.readings(METER, 1)
    log.change = lambda path, right: b"" if path.startswith("/v1/") else right
    again = look(folder, server)
    assert (again.findings, again.size) == (found.findings, len(log.bodies))


@pytest.mark.parametrize(("said", "what"), OPENINGS.values(), ids=OPENINGS)
def test_an_opening_between_against_the_rules_is_found_below_zero(
    folder: Path, serving: Serving, said: dict[str, Any], what: str
):
    second = second_log(**said)
    third = WatchedLog(origin=THIRD, before=second)
    third.readings("bolt/yard/gas", 1)
    found = look(folder, serving(third))
    assert (found.warnings, found.left) == ((), ())
    ((index, told),) = faults(found).items()
    assert index == -len(second.bodies)
    assert told.startswith(f"in {SECOND}: {what}")


def test_an_origin_that_is_used_again_is_found(folder: Path, serving: Serving):
    """The third log has the origin of the first; the second says so, two logs behind."""
    second = second_log()
    third = WatchedLog(origin=ORIGIN, before=second)
    told = faults(look(folder, serving(third)))
    what = f"in {SECOND}: it continues {ORIGIN}, and this origin is used again behind that log"
    assert told == {-len(second.bodies): what}


def test_a_registration_out_of_form_is_found_below_zero(folder: Path, serving: Serving):
    first = first_log()
    first.register("eve", role=3)  # type: ignore[arg-type]
    told = faults(look(folder, serving(second_log(first))))
    assert told[-1].startswith("in ledger.example/log: entry 7 registers eve out of form")


def test_an_earlier_log_that_begins_with_no_statement_is_found(folder: Path, serving: Serving):
    log = second_log(NoLog(first_log().bodies))
    told = faults(look(folder, serving(log)))
    assert list(told) == [-7]
    assert told[-7].startswith("in ledger.example/log: it is no statement")


class NoLog(WatchedLog):
    """Its entry 0 is no statement."""

    @property
    def entries(self) -> list[bytes]:
        return [b"no statement", *super().entries[1:]]


def chain(count: int) -> WatchedLog:
    """A log that continues so many, each of one entry but itself."""
    log = WatchedLog()
    for number in range(count):
        log = WatchedLog(origin=f"ledger.example/{number}", before=log)
    seal(log, heads_root="ab" * 32)
    return log


def test_going_back_has_an_end(folder: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(following_back, "MOST_LOGS", 3)
    assert "its heads are not those" in faults(look(folder / "3", serving(chain(3))))[1]
    found = look(folder / "4", serving(chain(4)))
    assert (found.findings, found.warnings) == ((), ())
    (left,) = found.left
    assert left.startswith("this log continues more than 3 others, one behind the other")
    assert "the seals, are not checked" in left
    assert {one.name for one in (folder / "4").glob("before*")} == {
        "before",
        "before-2",
        "before-3",
    }


def test_as_many_logs_as_are_followed_back_can_be(folder: Path, serving: Serving):
    """Each has files open, in a folder of its own."""
    found = look(folder, serving(chain(following_back.MOST_LOGS)))
    assert "its heads are not those" in faults(found)[1]
    assert (found.warnings, found.left) == ((), ())
