"""Files of events in the new log that the rules refuse by what the earlier one says."""

from __future__ import annotations

from typing import Any

from ledger.parties.events import RulesActivated
from tests.unit.proof_file import Value
from tests.unit.world import (
    base_year,
    body,
    correction,
    factor,
    registration,
    rules_ref,
    salt,
    site,
    source,
    target,
)
from tests.vectors.continued.logs import LEDGER
from tests.vectors.continued.saying import Cases, Make, about, held, later, say, two_logs
from tests.vectors.continued.worlds import FIXES, POWER
from tests.vectors.deep.honest import day


def _events() -> Cases:
    """Events of the new log that the rules refuse by what the earlier one says."""

    def new(
        defect: str, signer: str, stream: str, event: Any, *old: Any, **asked: Any
    ) -> tuple[str, Make]:
        """An event of the new log, after what the earlier one says."""

        def make() -> Value:
            chain = two_logs(*old)
            return held(chain, chain.lie(signer, stream, event), **asked)

        return defect, make

    def again(event: Any, signer: str, stream: str) -> tuple[str, Make]:
        """What the earlier log says already, and a new reading that stands on it."""

        def make() -> Value:
            chain = two_logs(say("acme", POWER, later(5)))
            chain.lie(signer, stream, event)
            return about(chain)

        return "rule", make

    def of_the_future() -> Value:
        """A reading of the earlier log names a factor that only the new one publishes."""
        named = {"location": "operator/new@1"}
        chain = two_logs(say("acme", POWER, later(5, factors=named)))
        chain.lie("operator", "operator/factors", factor("new", CO2="1"))
        return held(chain, f"{POWER}@3")

    def rules(version: str, *old: Any) -> tuple[str, Make]:
        event = RulesActivated(salt=salt(), rules=rules_ref(version))
        return new("rule", "operator", LEDGER, event, *old)

    fixed = say("acme", FIXES, correction(f"{POWER}@1", body(day(1), "P1D", "11")))
    less = correction(f"{POWER}@1", body(day(1), "P1D", "12"))
    more = correction(f"{POWER}@1", body(day(1), "P1D", "12"), f"{FIXES}@1")
    none = correction(f"{POWER}@1", body(day(1), "P1D", "12"), f"{FIXES}@9")
    return {
        "a-correction-without-the-old-one": new("rule", "acme", FIXES, less, fixed),
        "a-withdrawal-without-the-old-correction": new(
            "rule", "acme", FIXES, correction(f"{POWER}@1", None), fixed),
        "a-correction-of-what-supersedes-nothing": new("left-out", "acme", FIXES, none, fixed),
        "a-correction-whose-old-one-is-left-out": new(
            "left-out", "acme", FIXES, more, fixed, left_out=[f"{FIXES}@1"]),
        "a-correction-of-an-old-reading-that-is-left-out": new(
            "left-out", "acme", FIXES, less, left_out=[f"{POWER}@1"]),
        "a-reading-whose-old-source-is-left-out": new(
            "left-out", "acme", POWER, later(), left_out=["acme/register@2", "acme/register@1", "operator/factors@1"]),
        "a-reading-whose-old-site-is-left-out": new(
            "left-out", "acme", POWER, later(), left_out=["acme/register@1"]),
        "a-reading-whose-old-factor-is-left-out": new(
            "left-out", "acme", POWER, later(), left_out=["operator/factors@1"]),
        "a-reading-with-an-old-one-that-it-does-not-stand-on": new(
            "foreign", "acme", POWER, later(), extra=[f"{POWER}@1"]),
        "a-reading-with-an-old-party-that-it-does-not-stand-on": new(
            "foreign", "acme", POWER, later(),
            say("operator", "beta/keys", registration("beta")), extra=["beta/keys@1"]),
        "an-old-source-again": again(source(POWER, location="operator/grid@1"), "acme", "acme/register"),
        "an-old-factor-again": again(factor("grid", CO2="0.5"), "operator", "operator/factors"),
        "an-old-site-again": again(site("plant"), "acme", "acme/register"),
        "a-factor-that-only-the-new-log-has": ("left-out", of_the_future),
        "a-target-whose-base-is-a-size-of-the-earlier-log": new(
            "rule", "operator", "operator/register", target("late", base_size=6)),
        "an-old-target-whose-base-is-later-than-itself": (
            "rule",
            lambda: held(
                two_logs(say("operator", "operator/register", target("late", base_size=7))),
                "operator/register@1")),
        "a-base-year-of-a-size-of-the-earlier-log": new(
            "rule", "acme", "acme/register", base_year(2020, 6)),
        "an-old-base-year-later-than-itself": (
            "rule",
            lambda: held(
                two_logs(say("acme", "acme/register", base_year(2020, 7))), "acme/register@3")),
        "the-rules-that-the-opening-names": rules("2"),
        "the-rules-that-the-opening-names-after-others": rules(
            "2", say("operator", LEDGER, RulesActivated(salt=salt(), rules=rules_ref("1")))),
    }  # fmt: skip


def forged_events() -> Cases:
    """By name: the defect that a verifier names, and the file."""
    return {f"rule/{name}": case for name, case in _events().items()}
