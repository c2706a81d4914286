"""Files under a seal of the wrong log, or under heads that it does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.log.bundle_kinds import Select
from ledger.parties.events import RulesActivated
from tests.unit.proof_file import Value
from tests.unit.world import rules_ref, salt
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import LEDGER, SECOND
from tests.vectors.continued.saying import LOST, Cases, Make, first_log, say
from tests.vectors.continued.sealing import ASKED, NEW, OLD, Sealing, sealed_logs
from tests.vectors.continued.worlds import FIXES, POWER, SEALS
from tests.vectors.deep.dishonest import plain


def _seals() -> Cases:
    def total(defect: str, *, old: bool = False, **changed: Any) -> tuple[str, Make]:
        return defect, lambda: Sealing(old=old).total(**changed)

    def mixed(kind: Callable[[Files, str], Value], member: str, *, old: bool) -> Make:
        """A part of the file is that of the other log's seal."""

        def make() -> Value:
            files = Files.of(sealed_logs())
            one, two = (OLD, NEW) if old else (NEW, OLD)
            return {**kind(files, one), member: kind(files, two)[member]}

        return make

    def asked(seal: str, of: str) -> Make:
        """The subject names the seal of the other log."""

        def make() -> Value:
            value = Files.of(sealed_logs()).company(of, "acme")
            value["subject"]["seal"] = seal
            return value

        return make

    def under(version: str, before: str) -> Make:
        """The new log was opened under other rules than the seal names."""

        def make() -> Value:
            chain = first_log(
                say("operator", LEDGER, RulesActivated(salt=salt(), rules=rules_ref("1")))
            )
            if before == "1":
                chain.open(SECOND)
            else:
                chain.open(SECOND, rules=plain(rules_ref("1")))
            honest = Files.of(sealed_logs())
            one = honest.said(NEW) | {"rules": plain(rules_ref(version)), "size": 1}
            name = chain.lie("operator", SEALS, one)
            company = honest.company(NEW, "acme")["company"]
            files = Files(chain)
            subject = {"party": "acme", "seal": name}
            return files.file("company-total", subject, files._closure([name]), company=company)

        return make

    def extra(*names: str, of: str = NEW) -> Make:
        return lambda: Files.of(sealed_logs(), extra=names).company(of, "acme")

    def company(files: Files, seal: str) -> Value:
        return files.company(seal, "acme")

    def part(files: Files, seal: str) -> Value:
        return files.part(seal, "acme", Select(method="location"))

    def area(files: Files, seal: str) -> Value:
        return files.area(seal)

    def line(files: Files, seal: str) -> Value:
        return files.line(seal, "acme")

    def later_target() -> Value:
        files = Files.of(sealed_logs(), left_out=["operator/register@2"])
        return files.target(NEW, "operator/register@2")

    place = sealed_logs().earlier.size
    return {
        "a-size-that-only-both-logs-have": total("seal", size=place + 5),
        "a-size-that-covers-itself": total("seal", size=12),
        "a-size-of-nothing": total("seal", size=0),
        "an-old-size-that-covers-itself": total("seal", old=True, size=place + 1),
        "an-old-size-that-only-both-logs-have": total("seal", old=True, size=place + 2),
        "an-old-size-of-nothing": total("seal", old=True, size=0),
        "a-size-below-nothing": total("data", size=-1),
        "the-rules-of-before-they-changed": total("rule", old=True, rules=plain(rules_ref("1"))),
        "the-rules-of-after-they-changed": total("rule", old=True, size=7),
        "the-rules-of-the-end-under-a-new-opening": ("rule", under("1", before="1")),
        "the-rules-before-the-end-under-a-new-opening": ("rule", under("2", before="2")),
        "rules-of-another-hash": total("rule", old=True, rules={"sha256": LOST, "version": "2"}),
        "a-gwp-set-that-is-none": total("rule", old=True, gwp="AR9"),
        "another-root-of-companies": total("seal", old=True, companies_root=LOST),
        "another-count-of-companies": total("seal", old=True, companies_count=1),
        "signed-by-a-company": total("key", old=True, signer="acme"),
        "signed-by-the-recovery-key-of-the-end": total("key", signer="recovery"),
        "in-a-companys-own-stream": total("key", signer="acme", stream="acme/seals"),
        "by-a-key-that-only-the-new-log-has": total("key", old=True, signer="new hand"),
        "a-target-in-half-a-year": (
            "subject", lambda: Sealing(old=True).target(period=["2026-01", "2026-07"])),
        "a-target-in-another-view": (
            "subject", lambda: Sealing().target(view="territorial")),
        "a-target-that-is-not-there": ("subject", later_target),
        "the-company-of-the-old-seal": ("seal", mixed(company, "company", old=False)),
        "the-company-of-the-new-seal": ("seal", mixed(company, "company", old=True)),
        "the-lines-of-the-old-seal": ("seal", mixed(part, "lines", old=False)),
        "the-lines-of-the-new-seal": ("seal", mixed(part, "lines", old=True)),
        "the-companies-of-the-old-seal": ("seal", mixed(area, "companies", old=False)),
        "the-companies-of-the-new-seal": ("seal", mixed(area, "companies", old=True)),
        "the-line-of-the-old-seal": ("seal", mixed(line, "line", old=False)),
        "the-line-of-the-new-seal": ("seal", mixed(line, "line", old=True)),
        "the-old-seal-asked-and-the-new-one-there": ("subject", asked(OLD, NEW)),
        "the-new-seal-asked-and-the-old-one-there": ("subject", asked(NEW, OLD)),
        "the-old-seal-beside-the-new-one": ("foreign", extra(OLD)),
        "the-new-seal-beside-the-old-one": ("foreign", extra(NEW, of=OLD)),
        "an-old-target-that-nothing-asks-for": ("foreign", extra("operator/register@1")),
        "keys-of-a-company": ("foreign", extra("acme/keys@1", of=OLD)),
    }  # fmt: skip


def _heads() -> Cases:
    """Files about what an event comes to now."""
    new, old = f"{POWER}@3", f"{POWER}@2"

    def under(
        defect: str, change: Callable[[Sealing], Any], *, old_seal: bool = False, **more: Any
    ) -> tuple[str, Make]:
        """Heads that are changed and sealed."""

        def make() -> Value:
            made = Sealing(old=old_seal)
            change(made)
            return made.current(old, **more)

        return defect, make

    def without(defect: str, seal: str, *names: str, **asked: Any) -> tuple[str, Make]:
        """The honest file, and something is left out or withheld."""
        return defect, lambda: Files.of(sealed_logs(), left_out=names, **asked).current(old, seal)

    def with_more(defect: str, seal: str, *names: str) -> tuple[str, Make]:
        return defect, lambda: Files.of(sealed_logs(), extra=names).current(old, seal)

    def shown(change: Callable[[Files, Value], Any], seal: str) -> Make:
        def make() -> Value:
            files = Files.of(sealed_logs())
            value = files.current(old, seal)
            change(files, value)
            return value

        return make

    def ledger_of_the_earlier(made: Sealing) -> None:
        made.at(LEDGER).update(
            next(plain(one) for one in made.honest.lists(OLD).heads if one.stream == LEDGER))  # fmt: skip

    def ledger_of_the_earlier_by_its_hash(made: Sealing) -> None:
        opened = made.honest.place(f"{LEDGER}#1@1")
        made.at(LEDGER)["head"] = made.honest.entries[opened.index].leaves[0].hex()

    def ledger_of_the_new(made: Sealing) -> None:
        made.at(LEDGER).update(
            next(plain(one) for one in made.honest.lists(NEW).heads if one.stream == LEDGER))  # fmt: skip

    def no_ledger(made: Sealing) -> None:
        made.heads.remove(made.at(LEDGER))

    def ended(stream: str) -> Callable[[Sealing], None]:
        """The stream is said to have ended where it stood at the old seal."""

        def change(made: Sealing) -> None:
            before = next(one for one in made.honest.lists(OLD).heads if one.stream == stream)
            made.at(stream).update(plain(before))

        return change

    def grown(stream: str) -> Callable[[Sealing], None]:
        def change(made: Sealing) -> None:
            made.at(stream)["version"] += 1

        return change

    def gone(stream: str) -> Callable[[Sealing], None]:
        return lambda made: made.heads.remove(made.at(stream))

    def of_the_other_seal(files: Files, value: Value) -> None:
        one = NEW if value["subject"]["seal"] == OLD else OLD
        value["heads"] = files.heads(one, sorted(ASKED))

    def head_of_the_other_seal(stream: str) -> Callable[[Files, Value], None]:
        def change(files: Files, value: Value) -> None:
            one = NEW if value["subject"]["seal"] == OLD else OLD
            [proof] = files.heads(one, [stream])
            value["heads"] = [proof if p["stream"] == stream else p for p in value["heads"]]

        return change

    def headless(stream: str) -> Callable[[Files, Value], None]:
        def change(files: Files, value: Value) -> None:
            del files
            value["heads"] = [one for one in value["heads"] if one["stream"] != stream]

        return change

    def one_more(stream: str) -> Callable[[Files, Value], None]:
        def change(files: Files, value: Value) -> None:
            more = files.heads(value["subject"]["seal"], [stream])
            value["heads"] = sorted([*value["heads"], *more], key=lambda one: one["stream"])

        return change

    def absent(stream: str) -> Callable[[Files, Value], None]:
        """The stream is said to have no line, beside its own neighbours."""

        def change(files: Files, value: Value) -> None:
            names = [one.stream for one in files.lists(value["subject"]["seal"]).heads]
            at = names.index(stream)
            around = files.heads(value["subject"]["seal"], [names[at - 1], names[at + 1]])
            places = [{n: p[n] for n in ("line", "path", "position")} for p in around]
            none = {"after": places[1], "before": places[0], "stream": stream}
            value["heads"] = [none if p["stream"] == stream else p for p in value["heads"]]

        return change

    return {
        "the-ledger-of-the-earlier-log": under("left-out", ledger_of_the_earlier),
        "the-opening-of-the-earlier-log": under("seal", ledger_of_the_earlier_by_its_hash),
        "the-ledger-of-the-new-log-in-an-old-seal": under("seal", ledger_of_the_new, old_seal=True),
        "no-ledger": under("foreign", no_ledger),
        "keys-that-ended-with-the-earlier-log": under("seal", ended("acme/keys")),
        "corrections-that-ended-with-the-old-seal": under("seal", ended(FIXES)),
        "a-register-of-one-more": under("left-out", grown("acme/register")),
        "old-keys-of-one-more": under("left-out", grown("acme/keys"), old_seal=True),
        "no-corrections": under("foreign", gone(FIXES)),
        "no-keys-of-the-operator": under("foreign", gone("operator/keys")),
        "another-root": under("seal", lambda _: None, heads_root=LOST),
        "another-count": under("seal", lambda _: None, heads_count=99),
        "another-root-in-an-old-seal": under("seal", lambda _: None, old_seal=True, heads_root=LOST),
        "an-old-correction-left-out": without("left-out", NEW, f"{FIXES}@2", f"{POWER}@1"),
        "an-old-correction-left-out-that-another-supersedes": without("left-out", NEW, f"{FIXES}@1"),
        "a-new-correction-left-out": without("left-out", NEW, f"{FIXES}@3"),
        "an-old-correction-left-out-under-an-old-seal": without("left-out", OLD, f"{FIXES}@1"),
        "the-old-register-left-out": without("left-out", NEW, "acme/register@1"),
        "old-keys-left-out": without("left-out", NEW, "acme/keys@1"),
        "the-end-of-old-keys-left-out": without("left-out", NEW, "acme/keys@2"),
        "the-end-of-new-keys-left-out": without("left-out", NEW, "acme/keys@3"),
        "the-operators-old-keys-left-out": without("left-out", NEW, "operator/keys@1", "operator/keys@2"),
        "the-operators-old-keys-left-out-under-an-old-seal": without(
            "left-out", OLD, "operator/keys@1", "operator/keys@2"),
        "old-rules-left-out-under-an-old-seal": without(
            "rule", OLD, f"{LEDGER}#1@2", f"{LEDGER}#1@3"),
        "an-old-factor-left-out": without("left-out", NEW, "operator/factors@1"),
        "an-old-correction-withheld-that-another-supersedes": without(
            "left-out", NEW, withheld=[f"{FIXES}@1"]),
        "old-keys-withheld": without("left-out", NEW, withheld=["acme/keys@2"]),
        "the-opening-left-out-under-an-old-seal": without("opening", OLD, f"{LEDGER}@1"),
        "a-correction-after-the-old-seal": with_more("foreign", OLD, f"{POWER}@1", f"{FIXES}@2"),
        "a-correction-of-the-new-log-under-an-old-seal": with_more("foreign", OLD, f"{FIXES}@3"),
        "keys-after-the-old-seal": with_more("foreign", OLD, "acme/keys@2"),
        "keys-of-the-new-log-under-an-old-seal": with_more("foreign", OLD, "acme/keys@2", "acme/keys@3"),
        "the-operators-keys-after-the-last-opening": with_more(
            "foreign", OLD, "operator/keys@2", "operator/keys@3"),
        "rules-after-the-last-opening": with_more("foreign", OLD, f"{LEDGER}@2"),
        "rules-after-the-new-seal": with_more("foreign", NEW, f"{LEDGER}@2"),
        "a-register-after-the-new-seal": with_more("foreign", NEW, "acme/register@3"),
        "the-operators-keys-after-the-new-seal": with_more("foreign", NEW, "operator/keys@3"),
        "the-new-seal-beside-the-old-one": with_more("foreign", OLD, NEW),
        "the-old-seal-beside-the-new-one": with_more("foreign", NEW, OLD),
        "a-new-reading-under-an-old-seal": (
            "foreign", lambda: Files.of(sealed_logs(), extra=[new]).current(new, OLD)),
        "heads-of-the-old-seal": ("seal", shown(of_the_other_seal, NEW)),
        "heads-of-the-new-seal": ("seal", shown(of_the_other_seal, OLD)),
        "the-ledgers-head-of-the-old-seal": ("seal", shown(head_of_the_other_seal(LEDGER), NEW)),
        "the-ledgers-head-of-the-new-seal": ("seal", shown(head_of_the_other_seal(LEDGER), OLD)),
        "no-head-of-the-ledger": ("left-out", shown(headless(LEDGER), NEW)),
        "no-head-of-the-ledger-under-an-old-seal": ("left-out", shown(headless(LEDGER), OLD)),
        "no-head-of-keys": ("left-out", shown(headless("acme/keys"), NEW)),
        "a-head-that-is-not-asked-for": ("foreign", shown(one_more(POWER), NEW)),
        "a-head-that-is-not-asked-for-under-an-old-seal": ("foreign", shown(one_more("beta/keys"), OLD)),
        "corrections-absent-beside-themselves": ("seal", shown(absent(FIXES), NEW)),
        "the-ledger-absent-beside-itself": ("seal", shown(absent(LEDGER), OLD)),
    }  # fmt: skip


def forged_seals() -> Cases:
    """By name: the defect that a verifier names, and the file."""
    groups = {"seal": _seals(), "heads": _heads()}
    return {f"{g}/{name}": case for g, cases in groups.items() for name, case in cases.items()}
