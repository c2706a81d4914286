"""What no file can show, and the files of which the forged ones are changes."""

from __future__ import annotations

from typing import Any

from ledger.log.bundle_kinds import Select
from tests.unit.proof_file import Value
from tests.unit.world import body, correction, registration, target
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import FORGED, LEDGER, SECOND, salts_from
from tests.vectors.continued.saying import (
    LOG_2,
    LOST,
    Make,
    about,
    first_log,
    given,
    held,
    histories_of_keys,
    later,
    said,
    say,
    three_logs,
    two_logs,
)
from tests.vectors.continued.sealing import NEW, OLD, sealed_logs
from tests.vectors.continued.worlds import FIXES, POWER
from tests.vectors.deep.honest import day, revoked


def believed() -> dict[str, Make]:
    """What a file cannot show: the operator's word stands, until somebody has all of the earlier log."""

    def ended(**end: Any) -> Make:
        return lambda: about(two_logs(end=end))

    def grown() -> Value:
        """The earlier log is said to have had an entry more, and no path in the file shows it."""
        value = held(two_logs(end={"size": 7}), "operator/factors@1")
        for entry in value["entries"]:
            entry["index"] -= 1 if entry["index"] < 0 else 0
        return value

    def cut() -> Value:
        """The earlier log ended with a correction, and the new one does not have it."""
        fixed = correction(f"{POWER}@1", body(day(1), "P1D", "11"))
        chain = first_log(say("acme", FIXES, fixed))
        chain.logs[0].entries.pop()
        chain.heads.pop(FIXES)
        chain.open(SECOND)
        return held(chain, f"{POWER}@1")

    def twice() -> Value:
        """What the earlier log has is said again in the new one."""
        chain = two_logs()
        chain.heads.pop(POWER)
        chain.lie("acme", POWER, later(1), later(2))
        files = Files(chain)
        value = files.event(f"{POWER}@2")
        value["entries"] = [e for e in value["entries"] if e["index"] != -1]
        return value

    def skipping() -> Value:
        """A stream leaves versions out where the logs meet."""
        chain = two_logs()
        version, _ = chain.heads[POWER]
        return held(chain, chain.lie("acme", POWER, later(), previous=(version + 7, LOST)))

    def hidden_revocation() -> Value:
        chain = two_logs(say("acme", "acme/keys", revoked("acme")))
        return about(chain, left_out=["acme/keys@2"])

    def unseen_recovery() -> Value:
        """The middle log was opened under the oldest one's recovery key, which the file does not reach."""
        chain = two_logs(first="fresh", recovery="recovery")
        return held(chain, chain.lie("fresh", "beta/keys", registration_of("beta")))

    def replaced_target() -> Value:
        chain = two_logs(say("operator", "operator/register", target("neutral")))
        return held(chain, chain.lie("operator", "operator/register", target("neutral")))

    def another_end() -> Value:
        chain = first_log()
        one = said(SECOND, chain)
        one["continues"]["root"] = LOST
        chain.begin(SECOND)
        chain.lie("operator", LEDGER, one)
        name = chain.lie("operator", "beta/keys", registration_of("beta"))
        files = Files(chain)
        return files.exactly("event", {"event": name}, {name, f"{LEDGER}@1"})

    return {
        "another-root-of-heads": ended(heads_root=LOST),
        "another-count-of-heads": ended(heads_count=1),
        "an-entry-more-than-there-was": grown,
        "an-end-that-hides-a-correction": cut,
        "an-old-reading-again": twice,
        "versions-left-out-where-the-logs-meet": skipping,
        "a-revocation-at-the-end-that-is-left-out": hidden_revocation,
        "a-recovery-that-the-file-does-not-reach": unseen_recovery,
        "a-target-that-does-not-name-the-old-one": replaced_target,
        "another-end-that-the-file-does-not-reach": another_end,
    }  # fmt: skip


def plain_files() -> dict[str, Value]:
    """Files of the same logs as nobody changed them, from which the forged ones differ."""
    files = Files.of(sealed_logs())
    with salts_from(FORGED):
        brief_file = about(two_logs())
    with salts_from(FORGED):
        third_file = about(three_logs())
    with salts_from(FORGED):
        histories = about(histories_of_keys())
    return {
        "sealed/current-event-of-the-new-log": files.current(f"{POWER}@2", NEW),
        "sealed/current-event-of-the-earlier-log": files.current(f"{POWER}@2", OLD),
        "sealed/company-total-of-the-new-log": files.company(NEW, "acme"),
        "sealed/company-total-of-the-earlier-log": files.company(OLD, "acme"),
        "sealed/current-event-of-the-earlier-log-without-later-keys": Files.of(
            sealed_logs(), left_out=["operator/keys@2"]
        ).current(f"{POWER}@2", OLD),
        "sealed/current-event-of-the-earlier-log-without-later-rules": Files.of(
            sealed_logs(), left_out=[f"{LEDGER}#1@3"]
        ).current(f"{POWER}@2", OLD),
        "sealed/company-part-of-the-new-log": files.part(NEW, "acme", Select(method="location")),
        "brief/a-reading": brief_file,
        "brief/a-reading-of-three-logs": third_file,
        "brief/a-reading-after-many-keys": histories,
    }


def registration_of(party: str) -> Any:
    """A party whose holder means the second log."""
    return registration(party, proof=given(LOG_2, party, party).proof)
