from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ledger.client.answer import Most
from ledger.client.monitor import fetching, served
from ledger.client.monitor.kept import FILE, Kept
from ledger.client.monitor.served import Served
from ledger.client.monitor.watcher import Look, Watcher
from ledger.errors import (
    BadFile,
    BadSignature,
    BadValue,
    Damaged,
    OtherHistory,
    ProofFailed,
    Unavailable,
)
from ledger.log.batch import Seen
from ledger.log.checkpoint import open_checkpoint
from ledger.log.evidence import TwoHistories, open_evidence, read_evidence
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from tests.watched_log import ORIGIN, VKEY, LogServer, WatchedLog

METER = "acme/plant/electricity"
GAS = "acme/plant/gas"
BELOW_ZERO = {"biogenic": "0", "emitted": "-1", "removed": "0"}


@pytest.fixture
def log() -> WatchedLog:
    log = WatchedLog()
    log.register("acme")
    log.readings(METER, 3)
    return log


@pytest.fixture
def server(log: WatchedLog) -> Iterator[LogServer]:
    with LogServer(log) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def look(
    folder: Path, server: LogServer, *others: LogServer, notes: tuple[bytes, ...] = ()
) -> Look:
    """One look of a monitor that is started anew."""
    with ExitStack() as stack:
        kept = stack.enter_context(Kept(folder))
        served, *also = (stack.enter_context(Served(one.url)) for one in (server, *others))
        watcher = Watcher(kept, served, also, VKEY)
        for note in notes:
            watcher.hold_to(note, "a friend")
        return watcher.look(lambda _done, _total: None)


def evidence(folder: Path) -> TwoHistories:
    (path,) = folder.glob("evidence-*.json")
    return open_evidence(read_evidence(path.read_bytes()), VKEY)


def faults(found: Look) -> dict[int, str]:
    return {one.index: one.what for one in found.findings}


# --- following -------------------------------------------------------------------------------


def test_a_log_is_followed_from_nothing_and_then_from_where_it_was(
    log: WatchedLog, server: LogServer, folder: Path
):
    first = look(folder, server)
    assert (first.size, first.findings, first.warnings) == (5, (), ())
    log.readings(METER, 2)
    log.requests.clear()
    assert look(folder, server).size == 7
    assert log.requests == ["/log/checkpoint", "/log/tile/entries/000.p/7"]
    assert look(folder, server).root == open_checkpoint(log.signed(), VKEY).root.hex()


@pytest.mark.parametrize("size", [255, 256, 257, 511, 600])
def test_logs_of_several_tiles_are_followed(server: LogServer, folder: Path, size: int):
    server.log.readings(METER, size - server.log.size)
    assert look(folder, server).size == size
    server.log.readings(METER, 300)
    assert look(folder, server).size == size + 300


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(server: LogServer, folder: Path):
    server.log.readings(METER, 300)
    server.log.shown = 200
    whole = server.log.answer
    server.log.answer = lambda path: None if ".p/" in path else whole(path)  # type: ignore[method-assign]
    assert look(folder, server).size == 200


def test_who_does_not_answer_is_not_there_now(folder: Path):
    with LogServer(WatchedLog()) as server:
        pass
    with pytest.raises(Unavailable, match="cannot be reached"):
        look(folder, server)
    with pytest.raises(BadValue, match="not the URL"):
        Served("ledger.example")


def test_what_was_signed_and_is_not_served_is_asked_for_again(
    log: WatchedLog, server: LogServer, folder: Path
):
    whole = log.answer
    log.answer = lambda path: None if "entries" in path else whole(path)  # type: ignore[method-assign]
    with pytest.raises(Unavailable) as refused:
        look(folder, server)
    assert "withholds" in refused.value.advice
    log.answer = whole  # type: ignore[method-assign]
    assert look(folder, server).size == 5


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\5abc", b"<html>", b"\0\0" * 3])
def test_an_answer_that_is_no_tile_is_no_answer(server: LogServer, folder: Path, body: bytes):
    server.log.change = lambda path, right: body if "entries" in path else right
    with pytest.raises(Unavailable):
        look(folder, server)


def test_an_answer_without_end_is_no_answer(server: LogServer, folder: Path):
    server.log.change = lambda path, right: bytes(300_000) if "checkpoint" in path else right
    with pytest.raises(Unavailable, match="does not answer as a log"):
        look(folder, server)


def dripping(first: bytes, after: bytes) -> Iterator[str]:
    """The URL of a server that sends these bytes, and then so many more, one now and then."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(4096)
                connection.sendall(first)
                while not over.wait(0.05):
                    connection.sendall(after)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("first", "after"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"H"),
    ],
    ids=["body", "chunks", "header", "status"],
)
def test_an_answer_that_comes_a_byte_now_and_then_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, first: bytes, after: bytes
):
    monkeypatch.setattr(served, "NOTE", Most(100_000, 0.5))
    with contextmanager(dripping)(first, after) as url, Served(url) as asked:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="cannot be reached"):
            asked.checkpoint(ORIGIN)
        assert 0.05 < time.monotonic() - began < 10


def test_a_compressed_answer_was_not_asked_for():
    body = gzip.compress(bytes(1_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with contextmanager(dripping)(head + body, b"") as url, Served(url) as asked:
        with pytest.raises(Unavailable, match="does not answer as a log") as refused:
            asked.checkpoint(ORIGIN)
        assert "gzip" in refused.value.found


def test_another_key_than_before_is_refused(server: LogServer, folder: Path):
    look(folder, server)
    other = log_vkey(ORIGIN, PrivateKey.from_seed(b"\x63" * 32).public)
    with Kept(folder) as kept, pytest.raises(ProofFailed, match="another log"):
        kept.check_log(other)


def test_a_checkpoint_that_the_log_did_not_sign_is_refused(server: LogServer, folder: Path):
    server.log.note = server.log.signed().replace(b"\n5\n", b"\n6\n")
    with pytest.raises(BadSignature):
        look(folder, server)
    server.log.note = b"<html>maintenance</html>"
    with pytest.raises(Unavailable, match="does not answer as a log"):
        look(folder, server)
    with Kept(folder) as kept:
        assert kept.size == 0


def test_entries_that_were_fetched_before_a_crash_are_not_fetched_again(
    log: WatchedLog, server: LogServer, folder: Path
):
    log.readings(METER, 595)
    killed = 2

    def kill(done: int, _total: int) -> None:
        if done >= killed * 256:
            raise KeyboardInterrupt

    with Kept(folder) as kept, Served(server.url) as served:
        watcher = Watcher(kept, served, (), VKEY)
        with pytest.raises(KeyboardInterrupt):
            watcher.look(kill)
        assert (kept.size, kept.fetched()) == (0, 512)
    log.requests.clear()
    assert look(folder, server).size == 600
    assert [one for one in log.requests if "tile" in one] == ["/log/tile/entries/002.p/88"]


def test_entries_of_another_history_that_were_left_by_a_crash_do_no_harm(
    log: WatchedLog, server: LogServer, folder: Path
):
    other = log.fork(3)
    other.readings(GAS, 2)
    server.log = other
    with Kept(folder) as kept, Served(server.url) as served:
        Watcher(kept, served, (), VKEY)._fetch(5, lambda _done, _total: None)
        assert (kept.size, kept.fetched()) == (0, 5)
    server.log = log
    assert look(folder, server).size == 5


def test_one_process_has_a_folder(server: LogServer, folder: Path):
    with Kept(folder), pytest.raises(Unavailable, match="another process"):
        Kept(folder)
    with Kept(folder):
        pass


def test_a_changed_file_is_noticed(server: LogServer, folder: Path):
    look(folder, server)
    with Kept(folder) as kept:
        kept._db.execute("UPDATE entries SET root = zeroblob(32) WHERE at = 4")
    with pytest.raises(Damaged, match="damaged"):
        Kept(folder)
    (folder / FILE).write_bytes(b"no database" * 100)
    with pytest.raises(BadFile, match="cannot be used"):
        Kept(folder)


def test_a_full_disk_is_said_and_loses_nothing(log: WatchedLog, server: LogServer, folder: Path):
    look(folder, server)
    log.readings(METER, 2_000)
    with Kept(folder) as kept, Served(server.url) as served:
        kept._db.execute("PRAGMA max_page_count = 60")
        with pytest.raises(Unavailable, match="cannot be written") as refused:
            Watcher(kept, served, (), VKEY).look(lambda _done, _total: None)
        assert "full" in refused.value.found
        assert kept.size == 5
    assert look(folder, server).size == 2_005


# --- two histories ---------------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("more", [0, 1, 2, 3, 9, 300])
def test_a_log_that_goes_on_otherwise_is_found_with_evidence(
    log: WatchedLog, server: LogServer, folder: Path, at: int, more: int
):
    look(folder, server)
    other = log.fork(at)
    other.readings(GAS, 5 - at + more)
    server.log = other
    with pytest.raises(OtherHistory) as found:
        look(folder, server)
    assert "evidence-" in found.value.found
    heads = evidence(folder)
    assert {heads.first.checkpoint.root, heads.second.checkpoint.root} == {
        open_checkpoint(one.signed(), VKEY).root for one in (log, other)
    }
    server.log = log
    with pytest.raises(OtherHistory):  # what was found is not forgotten
        look(folder, server)


def test_a_smaller_checkpoint_of_another_history_is_found(
    log: WatchedLog, server: LogServer, folder: Path
):
    look(folder, server)
    server.log = log.fork(2)
    server.log.readings(GAS, 2)
    with pytest.raises(OtherHistory):
        look(folder, server)
    assert evidence(folder).first.checkpoint.size == 4


def test_a_smaller_checkpoint_of_the_same_history_is_no_fork(
    log: WatchedLog, server: LogServer, folder: Path
):
    look(folder, server)
    log.shown = 3
    found = look(folder, server)
    assert (found.size, found.published, found.findings) == (5, 3, ())


@pytest.mark.parametrize("ahead", [0, 1, 7])
def test_two_vantage_points_that_are_shown_two_histories_are_compared(
    log: WatchedLog, server: LogServer, folder: Path, ahead: int
):
    other = log.fork(3)
    other.readings(GAS, 2 + ahead)
    with LogServer(other) as second, pytest.raises(OtherHistory):
        look(folder, server, second)
    assert evidence(folder).first.checkpoint.size == 5


@pytest.mark.parametrize("size", [2, 5, 9])
def test_two_vantage_points_of_one_history_agree(
    log: WatchedLog, server: LogServer, folder: Path, size: int
):
    other = log.fork(size)
    other.readings(METER, size - other.size)
    log.readings(METER, 3)
    with LogServer(other) as second:
        server.log = log.fork(5)
        found = look(folder, server, second)
        assert found.awaited == ((9,) if size == 9 else ())
        server.log = other.fork(9) if size == 9 else log
        assert look(folder, server, second).awaited == ()


def test_a_second_vantage_point_that_is_away_is_only_a_warning(
    log: WatchedLog, server: LogServer, folder: Path
):
    with LogServer(log) as second:
        pass
    found = look(folder, server, second)
    assert "cannot be compared" in found.warnings[0]
    with LogServer(log.fork(2)) as second:
        second.log.note = log.signed().replace(b"\n5\n", b"\n6\n")
        assert "cannot be compared" in look(folder, server, second).warnings[0]


def test_a_note_of_a_later_size_is_compared_when_the_log_has_come_so_far(
    log: WatchedLog, server: LogServer, folder: Path
):
    other = log.fork(4)
    other.readings(GAS, 3)
    assert look(folder, server, notes=(other.signed(),)).awaited == (7,)
    log.readings(METER, 1)
    assert look(folder, server).awaited == (7,)
    log.readings(METER, 1)
    with pytest.raises(OtherHistory):
        look(folder, server)
    assert evidence(folder).first.checkpoint.size == 7


def test_a_note_that_the_log_keeps_is_forgotten(log: WatchedLog, server: LogServer, folder: Path):
    log.readings(METER, 2)
    note = log.signed()
    log.shown = 5
    assert look(folder, server, notes=(note,)).awaited == (7,)
    log.shown = None
    assert look(folder, server).awaited == ()


def test_a_note_of_somebody_else_is_no_note_of_the_log(server: LogServer, folder: Path):
    stranger = server.log.signed().replace(b"\n5\n", b"\n6\n")
    with pytest.raises(BadSignature):
        look(folder, server, notes=(stranger,))


def test_a_checkpoint_that_no_entries_lead_to_is_kept_and_shown_as_such(
    log: WatchedLog, server: LogServer, folder: Path
):
    look(folder, server)
    other = log.fork(4)
    other.readings(GAS, 3)
    log.note = other.signed()  # entries and tiles stay those of the first history
    log.readings(METER, 2)
    with pytest.raises(ProofFailed, match="shows no entries") as refused:
        look(folder, server)
    assert not isinstance(refused.value, OtherHistory)
    assert list(folder.glob("evidence-*")) == []
    log.note = None
    with pytest.raises(OtherHistory):  # now the same size is shown with another root
        look(folder, server)


# --- entries ---------------------------------------------------------------------------------


ELSEWHERE = log_vkey("other.example/log", PrivateKey.from_seed(b"\x63" * 32).public)


@pytest.mark.parametrize(
    ("stream", "changed", "why"),
    [
        pytest.param(METER, {"first": 5}, "does not go on", id="a-version-is-left-out"),
        pytest.param(METER, {"first": 3}, "does not go on", id="a-version-again"),
        pytest.param(METER, {"previous": "ab" * 32}, "does not go on", id="another-event-before"),
        pytest.param(METER, {"log": ELSEWHERE}, "signed for another log", id="another-log"),
        pytest.param(
            METER, {"seen": Seen(root="ab" * 32, size=3)}, "another history", id="seen-another-root"
        ),
        pytest.param(
            METER, {"seen": Seen(root="ab" * 32, size=6)}, "another history", id="seen-the-future"
        ),
        pytest.param(
            GAS, {"first": 4, "previous": "ab" * 32}, "continues no other", id="begun-nowhere"
        ),
    ],
)
def test_an_entry_that_no_log_may_have_is_found_for_ever(
    log: WatchedLog,
    server: LogServer,
    folder: Path,
    stream: str,
    changed: dict[str, object],
    why: str,
):
    log.post(stream, {}, **changed)
    found = faults(look(folder, server))
    assert list(found) == [5]
    assert why in found[5]
    assert faults(look(folder, server)) == found


def test_an_entry_that_is_no_statement_is_found(log: WatchedLog, server: LogServer, folder: Path):
    log.bodies.append(b"eyJ\n{}\n")
    assert "no statement" in faults(look(folder, server))[5]


def test_a_log_of_entries_that_are_no_statements_is_not_followed_without_end(
    log: WatchedLog, server: LogServer, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fetching, "MOST_STRAYS", 3)
    log.bodies += [b"eyJ\n{}\n"] * 3
    assert list(faults(look(folder, server))) == [5, 6, 7]
    log.bodies += [b"eyJ\n{}\n"] * 600
    log.requests.clear()
    for _ in range(2):
        with pytest.raises(ProofFailed, match="shows entries that are no statements"):
            look(folder, server)
    assert len([one for one in log.requests if "entries" in one]) == 2
    with Kept(folder) as kept:
        assert (kept.size, kept.fetched()) == (8, 8)


def test_what_an_author_has_seen_is_held_against_the_log(
    log: WatchedLog, server: LogServer, folder: Path
):
    for size in (1, 3, 5):
        root = open_checkpoint(log.signed(size), VKEY).root.hex()
        log.post(METER, {}, seen=Seen(root=root, size=size))
    log.post(
        METER,
        {},
        seen=Seen(root="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", size=0),
    )
    assert look(folder, server).findings == ()


def test_the_first_entry_opens_the_ledger(folder: Path):
    log = WatchedLog()
    log.bodies.clear()
    log.post(METER, {})
    with LogServer(log) as server:
        assert "not of <operator>/ledger" in faults(look(folder, server))[0]


# --- who is told -----------------------------------------------------------------------------


def test_an_owner_is_told_of_every_entry_once(log: WatchedLog, server: LogServer, folder: Path):
    log.register("acme-2")
    names = ["acme/"]
    with Kept(folder) as kept, Served(server.url) as served:
        watcher = Watcher(kept, served, (), VKEY)
        watcher.look(lambda _done, _total: None)
        assert [one.index for one in watcher.untold(names)] == [1, 2, 3, 4]
        assert [one.index for one in watcher.untold([METER, "acme/keys"])] == [1, 2, 3, 4]
        watcher.told(names)
        assert watcher.untold(names) == []
        log.post(GAS, {}, {"b": 1})
        watcher.look(lambda _done, _total: None)
        (entry,) = watcher.untold(names)
        assert (entry.stream, entry.first, entry.last) == (GAS, 1, 2)
        assert [one.index for one in watcher.untold(["acme-2/"])] == [5]


# --- seals -----------------------------------------------------------------------------------


@pytest.fixture
def sealed(log: WatchedLog) -> WatchedLog:
    log.register("tower", "public-body")
    log.register("city", "regulator")
    return log


def sealed_faults(log: WatchedLog, folder: Path) -> Look:
    with LogServer(log) as server:
        return look(folder, server)


def test_a_right_seal_is_right_and_is_checked_once(sealed: WatchedLog, folder: Path):
    size = len(sealed.bodies)
    sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    sealed.readings(METER, 2)
    size = len(sealed.bodies)
    sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    found = sealed_faults(sealed, folder)
    assert (found.findings, found.warnings) == ((), ())
    sealed.requests.clear()
    assert sealed_faults(sealed, folder).findings == ()
    assert [one for one in sealed.requests if "/v1/" in one] == []


@pytest.mark.parametrize(
    ("companies", "changed", "why"),
    [
        (("acme",), {}, "leaves out tower"),
        (("acme", "city", "tower"), {}, "city, who was not registered"),
        (("acme", "acme", "tower"), {}, "acme behind acme"),
        (("tower", "acme"), {}, "acme behind tower"),
        (("acme", "tower"), {"heads_root": "ab" * 32}, "heads are not those"),
        (("acme", "tower"), {"heads_count": 3}, "heads are not those"),
        (("acme", "tower"), {"size": 6}, "heads are not those"),
        (("acme", "tower"), {"size": 99}, "covers size 99"),
        (("acme", "tower"), {"companies_root": "ab" * 32}, "not the sealed one"),
        (("acme", "tower"), {"companies_count": 3}, "not the sealed one"),
        (("acme", "tower"), {"size": "7"}, "out of form"),
        (("acme", "tower"), {"totals": {"CO2": BELOW_ZERO}}, "out of form"),
    ],
)
def test_a_wrong_seal_is_found_for_ever(
    sealed: WatchedLog,
    folder: Path,
    companies: tuple[str, ...],
    changed: dict[str, Any],
    why: str,
):
    size = len(sealed.bodies)
    index = sealed.seal([sealed.company(one, size) for one in companies], **changed)
    found = faults(sealed_faults(sealed, folder))
    assert list(found) == [index]
    assert why in found[index]
    assert faults(sealed_faults(sealed, folder)) == found


@pytest.mark.parametrize(
    "said", [{"roles": 5}, {"roles": ["company", 5]}, {"roles": {}}, {}], ids=str
)
def test_a_registration_that_is_out_of_form_is_found_for_ever(
    sealed: WatchedLog, folder: Path, said: dict[str, Any]
):
    sealed.post("evil/keys", {"type": "PartyRegistered", "name": "evil", **said})
    size = len(sealed.bodies)
    index = sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    for _ in range(2):
        found = faults(sealed_faults(sealed, folder))
        assert list(found) == [index]
        assert f"entry {index - 1} registers evil out of form" in found[index]


def test_a_company_whose_streams_are_not_all_there_is_found(sealed: WatchedLog, folder: Path):
    size = len(sealed.bodies)
    lines = [sealed.company("acme", size - 4), sealed.company("tower", size)]
    index = sealed.seal(lines)
    assert "streams of acme" in faults(sealed_faults(sealed, folder))[index]


def test_a_company_that_came_later_is_in_the_next_seal_alone(sealed: WatchedLog, folder: Path):
    size = len(sealed.bodies)
    sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    sealed.register("bakery")
    size = len(sealed.bodies)
    sealed.seal([sealed.company(one, size) for one in ("acme", "bakery", "tower")])
    assert sealed_faults(sealed, folder).findings == ()
    before = size - 2
    sealed.seal([sealed.company(one, before) for one in ("acme", "tower")], at=before)
    assert sealed_faults(sealed, folder).findings == ()


def test_a_list_that_is_not_shown_is_asked_for_again(sealed: WatchedLog, folder: Path):
    size = len(sealed.bodies)
    sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    lines = sealed.companies.pop(1)
    found = sealed_faults(sealed, folder)
    assert found.findings == ()
    assert "cannot be checked" in found.warnings[0]
    sealed.companies[1] = lines
    assert sealed_faults(sealed, folder).warnings == ()


def test_a_list_that_is_shown_otherwise_than_sealed_is_found(sealed: WatchedLog, folder: Path):
    size = len(sealed.bodies)
    index = sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    sums = {"CO2": {"biogenic": "0", "emitted": "1", "removed": "0"}}
    sealed.companies[1][0]["sums"] = sums
    assert "not the sealed one" in faults(sealed_faults(sealed, folder))[index]


@pytest.mark.parametrize("emitted", ["-1", "01", 1, "1.5"])
def test_a_sum_that_is_no_amount_is_found(sealed: WatchedLog, folder: Path, emitted: object):
    size = len(sealed.bodies)
    index = sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    sums = {"CO2": {"biogenic": "0", "emitted": emitted, "removed": "0"}}
    sealed.companies[1][0]["sums"] = sums
    assert "out of form" in faults(sealed_faults(sealed, folder))[index]


def test_a_seal_shown_with_other_data_than_the_log_has_is_found(sealed: WatchedLog, folder: Path):
    size = len(sealed.bodies)
    index = sealed.seal([sealed.company(one, size) for one in ("acme", "tower")])
    sealed.change = lambda _, body: body.replace(b"production", b"inventory!")
    found = sealed_faults(sealed, folder)
    assert "other events of operator/seals" in faults(found)[index]
    sealed.change = lambda _, body: body
    other = sealed.fork(size)
    other.seal([])  # signed by the same author, and in no log that was followed
    whole = sealed.answer
    sealed.answer = lambda path: (other.answer if "/v1/" in path else whole)(path)  # type: ignore[method-assign]
    found = sealed_faults(sealed, folder)
    assert "other events of operator/seals" in faults(found)[index]
    sealed.answer = whole  # type: ignore[method-assign]
    assert sealed_faults(sealed, folder).findings == ()
