"""Files of logs whose operator ends them, begins them or goes on with them wrongly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.log.jws import possession_proof
from ledger.log.keys import PrivateKey
from ledger.log.note import log_vkey
from ledger.parties.events import Signed
from tests.unit.proof_file import Value
from tests.unit.world import LOG, ORIGIN, jwk, key_of, opening, salt
from tests.vectors.continued.chain import Chain, Log
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import LEDGER, SECOND, THIRD, continued, recovery_of, vkey_of
from tests.vectors.continued.saying import (
    LOG_2,
    LOG_3,
    LOST,
    Cases,
    Make,
    about,
    brief_log,
    first_log,
    given,
    held,
    later,
    replay,
    rewrite,
    said,
    say,
    two_logs,
)
from tests.vectors.continued.worlds import POWER
from tests.vectors.deep.dishonest import headed, plain
from tests.vectors.deep.honest import recovered, revoked, thumbprint


def _ends() -> Cases:
    """Openings that name another end than the one before them."""

    def named(defect: str, **end: Any) -> tuple[str, Make]:
        return defect, lambda: about(two_logs(end=end))

    def resized(by: int) -> Make:
        """The size is another one, and the file counts as it says."""

        def make() -> Value:
            chain = two_logs(end={"size": len(first_log().last.entries) + by})
            value = about(chain)
            for entry in value["entries"]:
                entry["index"] -= by if entry["index"] < 0 else 0
            return value

        return make

    def without(member: str) -> Make:
        def make() -> Value:
            chain = first_log()
            opened = said(SECOND, chain)
            del opened["continues"][member]
            return _opened_by(chain, opened)

        return make

    def over(**members: Any) -> Make:
        def make() -> Value:
            chain = first_log()
            opened = said(SECOND, chain)
            opened["continues"] |= members
            return _opened_by(chain, opened)

        return make

    def nothing() -> Value:
        return about(two_logs(continues=None))

    def nothing_before() -> Value:
        """The log at hand continues none, and the file has an entry below it."""
        chain = first_log()
        value = held(chain, f"{POWER}@1")
        other = Files(two_logs()).event(f"{POWER}@1")
        value["entries"].insert(0, other["entries"][0])
        return value

    def before_the_oldest() -> Value:
        """An entry of a log before the oldest one, which continues none."""
        value = about(two_logs())
        first = value["entries"][0]
        value["entries"].insert(0, {**first, "index": first["index"] - 1})
        return value

    def skipped() -> Value:
        """The third log says that it continues the first."""
        chain = two_logs(say("acme", POWER, later(4)))
        chain.lie("acme", POWER, later(5))
        one = chain.logs[0]
        end = continued(one.vkey, [e.jws for e in one.entries], chain.heads)
        chain.open(THIRD, continues=plain(end))
        return about(chain)

    return {
        "another-root": named("log-path", root=LOST),
        "another-log": named("other-log", log=vkey_of(THIRD)),
        "itself": named("other-log", log=LOG_2),
        "a-log-that-is-none": named("other-log", log="somewhere"),
        "one-entry-more": named("log-path", size=7),
        "one-entry-less": named("log-path", size=5),
        "one-entry-more-and-counted-so": ("log-path", resized(1)),
        "one-entry-less-and-counted-so": ("log-path", resized(-1)),
        "many-entries-more-and-counted-so": ("log-path", resized(1000)),
        "no-entries": named("opening", size=0),
        "a-size-below-nothing": ("opening", over(size=-1)),
        "a-size-that-is-text": ("opening", over(size="6")),
        "a-root-out-of-form": ("opening", over(root="AB" * 32)),
        "no-root": ("opening", without("root")),
        "no-heads": ("opening", without("heads_root")),
        "a-member-more": ("opening", over(note="x")),
        "none-and-yet-there-is-one": ("opening", nothing),
        "none-at-all": ("opening", nothing_before),
        "none-before-the-oldest": ("opening", before_the_oldest),
        "the-log-before-the-last-one": ("log-path", skipped),
        "as-much-signed-as-there-is": named("rule", signed=Signed(size=6, root=LOST)),
        "less-signed-than-there-is": named("rule", signed=Signed(size=5, root=LOST)),
    }  # fmt: skip


def _opened_by(chain: Chain, opened: Value, signer: str = "operator") -> Value:
    """A file about a reading behind this opening of the second log."""
    chain.begin(SECOND)
    chain.lie(signer, LEDGER, opened)
    return about(chain)


def _openings() -> Cases:
    """Openings that change what must stay, or come from somebody else."""

    def changed(defect: str, signer: str | None = None, **members: Any) -> tuple[str, Make]:
        return defect, lambda: about(two_logs(signer=signer, **members))

    def after(*lies: Callable[[Chain], Any], **members: Any) -> tuple[str, Make]:
        return "rule", lambda: about(two_logs(*lies, **members))

    def keyed(origin: str, key: PrivateKey, *lies: Callable[[Chain], Any]) -> Make:
        """The new log has this key."""

        def make() -> Value:
            chain = first_log(*lies)
            log = Log(SECOND)
            log.origin, log.key = origin, key
            log.vkey = log_vkey(origin, key.public)
            names = {n: key_of(n) for n in ("operator", recovery_of(SECOND))}
            proofs = [possession_proof(one, log.vkey, "operator") for one in names.values()]
            opened = said(SECOND, chain) | {
                "origin": origin, "log": log.vkey, "proof": proofs[0], "recovery_proof": proofs[1],
            }  # fmt: skip
            chain.begin(SECOND)
            chain.logs[-1] = log
            chain.lie("operator", LEDGER, opened)
            return about(chain)

        return make

    def of_another_party(first: str) -> Make:
        """Acme is said to be the operator, by this key."""

        def make() -> Value:
            chain = first_log()
            keys = (key_of(first), key_of(recovery_of(SECOND)))
            proofs = [possession_proof(one, LOG_2, "acme") for one in keys]
            opened = said(SECOND, chain, first=first) | {
                "operator": "acme", "proof": proofs[0], "recovery_proof": proofs[1],
            }  # fmt: skip
            chain.begin(SECOND)
            chain.lie(first, "acme/ledger", opened)
            name = chain.lie("acme", POWER, later())
            files = Files(chain)
            names = {p.name for p in files.places if p.type != "KeyAuthorized"}
            return files.exactly("event", {"event": name}, names - {f"{POWER}@1", f"{POWER}@2"})

        return make

    def twice(number: int) -> Make:
        """Two openings in one batch."""

        def make() -> Value:
            if number == 0:
                return about(_twice_first())
            chain = first_log()
            opened = said(SECOND, chain)
            chain.begin(SECOND)
            chain.lie("operator", LEDGER, opened, {**opened, "salt": salt()})
            return about(chain)

        return make

    def goes_on() -> Value:
        """The stream of the earlier log's rules goes on instead of beginning again."""
        chain = first_log()
        opened, before = said(SECOND, chain), chain.heads[LEDGER]
        chain.begin(SECOND)
        chain.lie("operator", LEDGER, opened, previous=before)
        return about(chain)

    def something_else() -> Value:
        """The new log begins with a reading."""
        chain = first_log()
        chain.begin(SECOND)
        chain.lie("acme", POWER, later(4))
        return about(chain)

    def signed_badly() -> Value:
        chain = two_logs()
        rewrite(chain, 1, 0, lambda jws: jws[:-86] + b"A" * 86)
        return about(chain)

    def by_another_under_its_name() -> Value:
        chain = two_logs()
        kid = thumbprint("operator")
        rewrite(chain, 1, 0, lambda jws: headed(jws, key_of("thief"), kid=kid))
        return about(chain)

    def in_another_stream() -> Value:
        chain = first_log()
        opened = said(SECOND, chain)
        chain.begin(SECOND)
        chain.lie("operator", "acme/ledger", opened)
        name = chain.lie("acme", POWER, later())
        files = Files(chain)
        names = {p.name for p in files.places} - {f"{POWER}@1", f"{POWER}@2"}
        return files.exactly("event", {"event": name}, names)

    def reused() -> Value:
        """The third log comes with the recovery key of the first, which the second has ended."""
        chain = two_logs()
        chain.open(THIRD, recovery="recovery")
        return about(chain)

    def reused_first() -> Value:
        """The third log is opened with the recovery key of the first."""
        chain = two_logs()
        chain.open(THIRD, first="recovery")
        return about(chain)

    def third(origin: str, key: PrivateKey) -> Make:
        """The third log has something of the first."""

        def make() -> Value:
            chain = two_logs()
            log = Log(THIRD)
            log.origin, log.key = origin, key
            log.vkey = log_vkey(origin, key.public)
            keys = [key_of("operator"), key_of(recovery_of(THIRD))]
            proofs = [possession_proof(one, log.vkey, "operator") for one in keys]
            opened = said(THIRD, chain) | {
                "origin": origin, "log": log.vkey, "proof": proofs[0], "recovery_proof": proofs[1],
            }  # fmt: skip
            chain.begin(THIRD)
            chain.logs[-1] = log
            chain.lie("operator", LEDGER, opened)
            return about(chain)

        return make

    def middle(defect: str, signer: str | None = None, **members: Any) -> tuple[str, Make]:
        """The opening of the second of three logs is changed."""

        def make() -> Value:
            chain = two_logs(signer=signer, **members)
            chain.open(THIRD)
            return about(chain)

        return defect, make

    def middle_twice() -> Value:
        chain = first_log()
        opened = said(SECOND, chain)
        chain.begin(SECOND)
        chain.lie("operator", LEDGER, opened, {**opened, "salt": salt()})
        chain.open(THIRD)
        return about(chain)

    def midst(number: int, signer: str = "operator", **members: Any) -> Make:
        """An opening in the midst of the earlier log, or of the new one."""

        def make() -> Value:
            chain = first_log()
            if number == 0:
                chain.lie(
                    signer, LEDGER, said(SECOND, chain, **members) | {"log": LOG, "origin": ORIGIN}
                )
                chain.open(SECOND)
                return about(chain)
            chain.open(SECOND)
            chain.lie(signer, LEDGER, said(SECOND, chain, **members))
            return about(chain)

        return make

    def midst_of_none(number: int) -> Make:
        def make() -> Value:
            chain = first_log()
            log = LOG
            if number:
                chain.open(SECOND)
                log = LOG_2
            one = plain(opening()) | {"log": log, "origin": ORIGIN if number == 0 else SECOND}
            one["proof"] = possession_proof(key_of("operator"), log, "operator")
            one["recovery_proof"] = possession_proof(key_of("recovery"), log, "operator")
            chain.lie("operator", LEDGER, one)
            if number == 0:
                chain.open(SECOND)
            return about(chain)

        return make

    operator, acme = key_of("operator"), key_of("acme")
    second = given(LOG, "operator", "second hand", "operator/")
    keys = [given(LOG, "operator", "gone", "operator/"), revoked("gone")]
    gone = say("operator", "operator/keys", *keys)
    log_key = {
        "key": plain(jwk(key_of("log"))),
        "proof": possession_proof(key_of("log"), LOG_2, "operator"),
    }
    return {
        "another-area": changed("rule", area="Elsewhere"),
        "another-time-zone": changed("rule", timezone="Europe/London"),
        "a-time-zone-that-is-none": changed("rule", timezone="Mars/Olympus"),
        "rules-that-nobody-has": changed("rule", rules={"sha256": "0" * 64, "version": "2"}),
        "another-operator": ("rule", of_another_party("acme")),
        "another-operator-by-the-operators-key": ("rule", of_another_party("operator")),
        "another-operator-in-the-same-stream": changed("opening", operator="acme"),
        "another-log-than-its-own": changed("opening", log=vkey_of(THIRD)),
        "another-origin-than-its-own": changed("rule", origin=THIRD),
        "the-origin-of-the-earlier-log": ("rule", keyed(ORIGIN, key_of("second log"))),
        "the-origin-of-the-log-before-that": ("rule", third(ORIGIN, key_of("third log"))),
        "the-key-of-the-log-before-that": ("rule", third(THIRD, key_of("log"))),
        "the-earlier-logs-key": ("rule", keyed(SECOND, key_of("log"))),
        "a-partys-key-as-the-logs": ("rule", keyed(SECOND, acme)),
        "the-operators-other-key-as-the-logs": ("rule", keyed(SECOND, key_of("deputy"))),
        "the-earlier-recovery-key-as-the-logs": ("rule", keyed(SECOND, key_of("recovery"))),
        "its-own-first-key-as-the-logs": ("rule", keyed(SECOND, operator)),
        "a-first-key-that-was-the-logs": changed("rule", "log", **log_key),
        "a-first-key-that-was-the-logs-under-the-earlier-recovery-key": changed(
            "rule", "log", recovery="recovery", **log_key),
        "a-recovery-key-that-was-the-logs": changed("rule", recovery="log"),
        "a-recovery-key-that-is-a-partys": changed("rule", recovery="acme"),
        "a-recovery-key-that-is-the-operators-other": changed("rule", recovery="deputy"),
        "a-recovery-key-that-is-the-first-key": changed("rule", recovery="operator"),
        "a-recovery-key-of-the-log-before-the-last": ("rule", reused),
        "a-first-key-that-recovered-the-log-before-the-last": ("rule", reused_first),
        "a-recovery-key-that-means-the-earlier-log": changed(
            "rule", recovery_proof=possession_proof(key_of(recovery_of(SECOND)), LOG, "operator")),
        "the-earlier-recovery-key-that-means-the-earlier-log": changed(
            "rule", first="fresh", recovery="recovery",
            recovery_proof=possession_proof(key_of("recovery"), LOG, "operator")),
        "the-earlier-recovery-key-that-somebody-else-holds": changed(
            "rule", first="fresh", recovery="recovery",
            recovery_proof=possession_proof(key_of("thief"), LOG_2, "operator")),
        "a-first-key-that-means-the-earlier-log": changed(
            "rule", proof=possession_proof(operator, LOG, "operator")),
        "a-first-key-that-means-another-party": changed(
            "rule", proof=possession_proof(operator, LOG_2, "acme")),
        "a-first-key-that-nobody-knows": changed("rule", first="stranger"),
        "a-first-key-of-a-company": changed("rule", first="acme"),
        "a-first-key-that-is-the-earlier-recovery-key": changed("rule", first="recovery"),
        "a-first-key-that-is-no-admins": after(
            say("operator", "operator/keys", second), first="second hand"),
        "a-first-key-that-was-revoked-at-the-end": after(
            say("deputy", "operator/keys", revoked("operator"))),
        "a-first-key-that-was-replaced-at-the-end": after(
            say("deputy", "operator/keys", recovered("operator", "rescued", "operator"))),
        "a-first-key-that-is-no-admins-under-the-earlier-recovery-key": after(
            say("operator", "operator/keys", second), first="second hand", recovery="recovery"),
        "a-revoked-first-key-under-the-earlier-recovery-key": after(
            say("deputy", "operator/keys", revoked("operator")), recovery="recovery"),
        "a-first-key-of-a-company-under-the-earlier-recovery-key": changed(
            "rule", first="acme", recovery="recovery"),
        "the-earlier-recovery-key-as-both": changed("rule", first="recovery", recovery="recovery"),
        "a-revoked-key-as-the-logs": ("rule", keyed(SECOND, key_of("gone"), gone)),
        "signed-by-another-of-the-operators": changed("key", "deputy"),
        "signed-by-a-company": changed("key", "acme"),
        "signed-by-the-earlier-recovery-key": changed("key", "recovery"),
        "another-area-of-the-middle-log": middle("rule", area="Elsewhere"),
        "another-log-of-the-middle-log": middle("opening", log=LOG_3),
        "a-first-key-of-a-company-in-the-middle-log": middle("rule", first="acme"),
        "a-middle-log-signed-by-a-company": middle("key", "acme"),
        "two-openings-in-one-batch-of-the-middle-log": ("opening", middle_twice),
        "a-signature-of-zeros": ("signature", signed_badly),
        "a-signature-by-another": ("signature", by_another_under_its_name),
        "two-openings-in-one-batch": ("opening", twice(1)),
        "two-openings-in-one-batch-of-the-earlier-log": ("opening", twice(0)),
        "an-opening-that-is-the-next-version": ("opening", goes_on),
        "an-opening-in-a-companys-stream": ("opening", in_another_stream),
        "no-opening": ("opening", something_else),
        "another-opening-in-the-midst-of-the-new-log": ("rule", midst(1)),
        "another-opening-in-the-midst-of-the-earlier-log": ("rule", midst(0)),
        "another-opening-in-the-midst-by-another-than-its-key": ("rule", midst(0, first="deputy")),
        "an-opening-of-nothing-in-the-midst-of-the-new-log": ("rule", midst_of_none(1)),
        "an-opening-of-nothing-in-the-midst-of-the-earlier-log": ("rule", midst_of_none(0)),
    }  # fmt: skip


def _twice_first() -> Chain:
    """The earlier log begins with two openings in one batch."""
    chain = Chain([Log(ORIGIN)], {})
    chain.lie("operator", LEDGER, opening(), opening())
    replay(chain, brief_log().last.entries[1:])
    chain.open(SECOND)
    return chain


def _begun() -> Cases:
    """Earlier logs that begin wrongly."""

    def begun(signer: str = "operator", **changed: Any) -> Make:
        def make() -> Value:
            chain = Chain([Log(ORIGIN)], {})
            chain.lie(signer, LEDGER, plain(opening()) | changed)
            replay(chain, brief_log().last.entries[1:])
            chain.open(SECOND)
            return about(chain)

        return make

    def headless() -> Value:
        """The earlier log begins with a party."""
        chain = Chain([Log(ORIGIN)], {})
        replay(chain, brief_log().last.entries[2:])
        chain.open(SECOND)
        return about(chain)

    def not_at_its_place() -> Value:
        """Something that the file does not show stands before the opening of the earlier log."""
        chain = Chain([Log(ORIGIN)], {})
        chain.lie("acme", POWER, later(1))
        replay(chain, brief_log().last.entries)
        chain.open(SECOND)
        return about(chain)

    return {
        "an-opening-that-is-not-its-first-entry": ("opening", not_at_its_place),
        "another-log": ("opening", begun(log=LOG_2)),
        "another-origin": ("rule", begun(origin=SECOND)),
        "another-first-key": ("key", begun("thief")),
        "another-operator": ("opening", begun(operator="acme")),
        "another-area-than-the-new-log": ("rule", begun(area="Elsewhere")),
        "a-party-first": ("opening", headless),
        "rules-that-nobody-has": ("rule", begun(rules={"sha256": "0" * 64, "version": "2"})),
        "out-of-schema": ("data", begun(area=7)),
    }


def forged_openings() -> Cases:
    """By name: the defect that a verifier names, and the file."""
    groups = {"end": _ends(), "opening": _openings(), "begun": _begun()}
    return {f"{g}/{name}": case for g, cases in groups.items() for name, case in cases.items()}


def vkeys() -> dict[str, str]:
    """The vkey of the log at hand, in the cases where that has another key than its origin's own."""
    named = {
        "the-origin-of-the-earlier-log": (ORIGIN, "second log"),
        "the-origin-of-the-log-before-that": (ORIGIN, "third log"),
        "the-key-of-the-log-before-that": (THIRD, "log"),
        "the-earlier-logs-key": (SECOND, "log"),
        "a-partys-key-as-the-logs": (SECOND, "acme"),
        "the-operators-other-key-as-the-logs": (SECOND, "deputy"),
        "the-earlier-recovery-key-as-the-logs": (SECOND, "recovery"),
        "its-own-first-key-as-the-logs": (SECOND, "operator"),
        "a-revoked-key-as-the-logs": (SECOND, "gone"),
    }
    found = {"statement/under-the-earlier-logs-key": LOG}
    found["statement/under-the-earlier-logs-key-and-checkpoint"] = LOG
    return found | {
        f"opening/{name}": log_vkey(origin, key_of(key).public)
        for name, (origin, key) in named.items()
    }
