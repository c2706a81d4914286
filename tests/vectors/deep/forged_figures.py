"""Files of a dishonest log: seals of false lists, hidden heads, and events that no rule lets in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.carbon.events import EmissionMeasured, RegisterReading
from ledger.parties.events import RulesActivated, RulesRef
from tests.unit.proof_file import ProofFiles, Value
from tests.unit.world import (
    World,
    body,
    correction,
    factor,
    installed,
    profile,
    reading,
    rules_ref,
    salt,
    source,
)
from tests.vectors.deep.dishonest import FIXES, GROUNDS, POWER, SEAL, Lists, lie, plain, small
from tests.vectors.deep.honest import amended, assigned, day

Make = Callable[[World], Value]

SIGNED_LATE: Final = f"{POWER}@3"


def _sealed() -> dict[str, tuple[str, Make]]:
    def changed(
        change: Callable[[Lists], Any], ask: Callable[[Lists, str], Value], **said: Any
    ) -> Make:
        """Lists that are changed and sealed; `ask` makes the file under that seal."""

        def make(world: World) -> Value:
            lists = Lists(world)
            change(lists)
            seal = lists.seal(**said)
            return ask(lists, seal)

        return make

    def after(change: Callable[[Lists], Any], ask: Callable[[Lists, str], Value]) -> Make:
        """Lists that are changed only after they were sealed."""

        def make(world: World) -> Value:
            lists = Lists(world)
            change(lists)
            return ask(lists, SEAL)

        return make

    def nothing(lists: Lists) -> None:
        pass

    def amount(column: str, value: str | None) -> Callable[[Lists], None]:
        def change(lists: Lists) -> None:
            sums = lists.company("acme")["sums"]["CO2"]
            sums.pop(column)
            if value is not None:
                sums[column] = value

        return change

    def mass(value: str) -> Callable[[Lists], None]:
        def change(lists: Lists) -> None:
            lists.lines["acme"][0]["mass_mg"] = value
            lists.relined("acme")

        return change

    def twice(lists: Lists) -> None:
        lists.companies.insert(1, lists.company("acme"))

    def two_of_one(lists: Lists) -> None:
        lists.companies.insert(1, {**lists.company("acme"), "sums": {}})

    def dropped(lists: Lists) -> None:
        lists.companies.remove(lists.company("beta"))

    def turned(lists: Lists) -> None:
        lists.companies.reverse()

    def line_twice(lists: Lists) -> None:
        lists.lines["acme"].insert(0, lists.lines["acme"][0])
        lists.relined("acme")

    def line_dropped(lists: Lists) -> None:
        lists.lines["acme"].pop(0)
        lists.relined("acme")

    def other_line(lists: Lists) -> None:
        lists.lines["acme"][0]["mass_mg"] = "1"

    def lines_of_another(lists: Lists) -> None:
        lists.lines["acme"] = lists.lines["beta"]

    def other_count(lists: Lists) -> None:
        lists.company("acme")["lines_count"] += 1

    def other_sums(lists: Lists) -> None:
        lists.company("acme")["sums"]["CO2"]["emitted"] = "1"

    def zeros(lists: Lists) -> None:
        lists.company("acme")["sums"]["N2O"] = {"biogenic": "0", "emitted": "0", "removed": "0"}

    def member_more(lists: Lists) -> None:
        lists.company("acme")["note"] = "ours"

    def total(lists: Lists, seal: str) -> Value:
        return lists.total(seal)

    def area(lists: Lists, seal: str) -> Value:
        return lists.area(seal)

    def part(lists: Lists, seal: str) -> Value:
        return lists.part(seal)

    def line(lists: Lists, seal: str) -> Value:
        return lists.line(seal)

    def selected(**select: Any) -> Callable[[Lists, str], Value]:
        return lambda lists, seal: lists.part(seal, **select)

    def target(lists: Lists, seal: str) -> Value:
        one = "operator/register@1"
        return ProofFiles(lists.world).sealed("target-progress", seal, {"target": one}, one)

    totals = {"CO2": {"biogenic": "0", "emitted": "-1", "removed": "0"}}
    return {
        "a-negative-sum": ("form", changed(amount("emitted", "-1"), total)),
        "a-sum-with-a-zero-before": ("form", changed(amount("emitted", "01"), total)),
        "a-sum-that-is-a-number": ("form", changed(amount("emitted", 1), total)),  # type: ignore[arg-type]
        "a-sum-that-is-missing": ("form", changed(amount("removed", None), total)),
        "a-sum-of-too-many-digits": ("form", changed(amount("emitted", "1" * 31), total)),
        "a-member-more": ("form", changed(member_more, total)),
        "sums-that-are-all-zero": ("sum", changed(zeros, part)),
        "a-negative-amount": ("form", changed(mass("-5"), line)),
        "an-amount-of-zero": ("form", changed(mass("0"), line)),
        "an-amount-of-zero-in-a-part": ("form", changed(mass("0"), part)),
        "negative-totals": ("data", changed(nothing, total, totals=totals)),
        "totals-without-a-column": (
            "data", changed(nothing, area, totals={"CO2": {"biogenic": "0", "emitted": "1"}})),
        "a-company-twice": ("form", changed(twice, area)),
        "two-lines-of-one-company": ("form", changed(two_of_one, area)),
        "companies-out-of-order": ("form", changed(turned, area)),
        "a-company-dropped-from-the-file": ("seal", after(dropped, area)),
        "a-company-more-than-counted": ("seal", changed(nothing, area, companies_count=1)),
        "a-company-less-than-counted": ("seal", changed(nothing, area, companies_count=3)),
        "another-root-of-companies": ("seal", changed(nothing, area, companies_root="ab" * 32)),
        "other-sums-than-sealed": ("seal", after(other_sums, total)),
        "sums-that-are-not-those-of-the-lines": ("sum", changed(other_sums, part)),
        "a-line-dropped-and-not-from-the-sums": ("sum", changed(line_dropped, part)),
        "a-line-of-another-amount-and-the-old-sums": ("sum", changed(mass("7"), part)),
        "a-line-of-another-amount-than-sealed": ("seal", after(other_line, part)),
        "one-line-of-another-amount-than-sealed": ("seal", after(other_line, line)),
        "lines-of-another-company": ("seal", after(lines_of_another, part)),
        "a-line-twice": ("seal", changed(line_twice, part)),
        "more-lines-than-there-are": ("seal", changed(other_count, part)),
        "a-place-beyond-the-count-of-lines": (
            "seal", changed(lambda lists: lists.company("acme").update(lines_count=0), line)),
        "a-place-beyond-the-count-of-companies": ("seal", changed(nothing, total, companies_count=0)),
        "a-size-of-nothing": ("seal", changed(nothing, total, size=0)),
        "a-size-that-covers-itself": ("seal", changed(nothing, total, size=12)),
        "a-size-of-more-than-the-log": ("seal", changed(nothing, area, size=99)),
        "a-seal-by-a-company": (
            "key", changed(nothing, total, signer="acme", stream="acme/seals")),
        "a-seal-signed-by-a-company": ("key", changed(nothing, total, signer="acme")),
        "a-seal-by-the-recovery-key": ("key", changed(nothing, total, signer="recovery")),
        "a-seal-of-a-view-that-is-none": ("data", changed(nothing, area, view="galaxy")),
        "a-seal-of-a-period-that-ends-before": (
            "data", changed(nothing, area, period=["2026-02", "2026-01"])),
        "a-seal-of-a-month-that-is-none": (
            "data", changed(nothing, area, period=["2026-00", "2026-13"])),
        "a-seal-of-the-year-0": ("data", changed(nothing, area, period=["0000-01", "0001-01"])),
        "a-target-in-a-year-and-a-month": (
            "subject", changed(nothing, target, period=["2026-01", "2027-02"])),
        "a-target-in-half-a-year": ("subject", changed(nothing, target, period=["2026-01", "2026-07"])),
        "a-target-in-another-view": ("subject", changed(nothing, target, view="territorial")),
        "a-target-in-twelve-months-of-two-years": (
            "subject", changed(nothing, target, period=["2026-02", "2027-02"])),
        "months-that-do-not-rise": ("form", after(nothing, selected(months=["2026-02", "2026-01"]))),
        "months-of-the-year-0": ("form", after(nothing, selected(months=["0000-01", "2026-01"]))),
        "a-scope-that-is-none": ("form", after(nothing, selected(scope=4))),
        "a-category-that-is-none": ("form", after(nothing, selected(category=16))),
        "a-method-that-is-none": ("form", after(nothing, selected(method="both"))),
        "a-select-of-more": ("form", after(nothing, selected(gas="CO2"))),
    }  # fmt: skip


def _headed() -> dict[str, tuple[str, Make]]:
    """Files about what an event comes to now."""

    def under(change: Callable[[Lists], Any], **asked: Any) -> Make:
        def make(world: World) -> Value:
            lists = Lists(world)
            change(lists)
            return lists.current(lists.seal(size=11), **asked)

        return make

    def shown(change: Callable[[Lists, Value], Any], **asked: Any) -> Make:
        """The honest seal, and the file changed."""

        def make(world: World) -> Value:
            lists = Lists(world)
            value = lists.current(SEAL, **asked)
            change(lists, value)
            return value

        return make

    def nothing(lists: Lists) -> None:
        pass

    def at(lists: Lists, stream: str) -> Value:
        return next(one for one in lists.heads if one["stream"] == stream)

    def renamed(lists: Lists) -> None:
        at(lists, FIXES)["head"] = "ab" * 32

    def shortened(lists: Lists) -> None:
        at(lists, "acme/register")["version"] = 1

    def lengthened(lists: Lists) -> None:
        at(lists, FIXES)["version"] = 2

    def hidden(lists: Lists) -> None:
        lists.heads.remove(at(lists, FIXES))

    def turned(lists: Lists) -> None:
        lists.heads.reverse()

    def between(step: int, other: int) -> Callable[[Lists, Value], None]:
        """The stream of corrections is said to be absent between these places."""

        def change(lists: Lists, value: Value) -> None:
            here = [one["stream"] for one in lists.heads].index(FIXES)
            names = [one["stream"] for one in lists.heads]
            one, two = lists.head(names[here + step]), lists.head(names[here + other])
            around = [{n: p[n] for n in ("line", "path", "position")} for p in (one, two)]
            absent = {"after": around[1], "before": around[0], "stream": FIXES}
            value["heads"] = [absent if p["stream"] == FIXES else p for p in value["heads"]]

        return change

    def replaced(stream: str, /, **members: Any) -> Callable[[Lists, Value], None]:
        def change(lists: Lists, value: Value) -> None:
            proof = next(one for one in value["heads"] if one["stream"] == stream)
            proof.update(members)

        return change

    def at_an_end(member: str) -> Callable[[Lists, Value], None]:
        """One neighbour is said to be missing."""

        def change(lists: Lists, value: Value) -> None:
            between(-1, 1)(lists, value)
            replaced(FIXES, **{member: None})(lists, value)

        return change

    def alone(lists: Lists, value: Value) -> None:
        between(-1, 1)(lists, value)
        replaced(FIXES, after=None, before=None)(lists, value)

    def lengthened_proof(lists: Lists, value: Value) -> None:
        line = lists.head(FIXES)["line"]
        replaced(FIXES, line={**line, "version": 2})(lists, value)

    def of_another(lists: Lists, value: Value) -> None:
        replaced(FIXES, **{**lists.head(POWER), "stream": FIXES})(lists, value)

    def correction_hidden(world: World) -> Value:
        """A correction that the seal covers is not shown, nor withheld."""
        return Lists(world).current(SEAL, lacks=[FIXES])

    def revocation_hidden(world: World) -> Value:
        return Lists(world).current(SEAL, withheld=["acme/keys@1"])

    def too_late(world: World) -> Value:
        """What came after the seal stands in the file."""
        lie(world, "acme", FIXES, correction(f"{POWER}@2", body(day(2), "P1D", "1"), f"{FIXES}@1"))
        lists = Lists(world)
        return lists.current(SEAL, shown=("operator/factors@1", f"{FIXES}@2"))

    def after_the_seal(world: World) -> Value:
        """The event that is asked about came after the seal."""
        name = lie(world, "acme", POWER, reading(day(7), "P1D", "1"))
        return Lists(world).current(SEAL, name, shown=("operator/factors@1", f"{POWER}@2"))

    def of_no_reading(world: World) -> Value:
        value = Lists(world).current(SEAL)
        value["subject"]["event"] = "acme/register@2"
        return value

    return {
        "another-end-of-a-stream": ("seal", under(renamed)),
        "an-earlier-end-of-a-stream": ("seal", under(shortened)),
        "a-later-end-of-a-stream": ("left-out", under(lengthened)),
        "a-stream-that-the-seal-does-not-have": ("foreign", under(hidden)),
        "heads-out-of-order": ("seal", under(turned)),
        "another-count-of-heads": (
            "seal", lambda w: (lists := Lists(w)).current(lists.seal(size=11, heads_count=99))),
        "another-root-of-heads": (
            "seal", lambda w: (lists := Lists(w)).current(lists.seal(size=11, heads_root="ab" * 32))),
        "a-correction-that-is-hidden": ("left-out", correction_hidden),
        "a-key-event-that-is-withheld": ("left-out", revocation_hidden),
        "absent-between-what-are-no-neighbours": ("seal", shown(between(-1, 1), lacks=[FIXES])),
        "absent-beside-itself": ("seal", shown(between(-1, 0), lacks=[FIXES])),
        "absent-somewhere-else": ("seal", shown(between(1, 2), lacks=[FIXES])),
        "absent-at-the-beginning": ("seal", shown(at_an_end("before"), lacks=[FIXES])),
        "absent-at-the-end": ("seal", shown(at_an_end("after"), lacks=[FIXES])),
        "absent-from-an-empty-list": ("seal", shown(alone, lacks=[FIXES])),
        "another-version-in-a-head": ("seal", shown(lengthened_proof)),
        "a-head-of-another-stream": ("seal", shown(of_another)),
        "a-head-at-another-place": ("seal", shown(replaced(FIXES, position=0))),
        "what-came-after-the-seal": ("foreign", too_late),
        "an-event-after-the-seal": ("foreign", after_the_seal),
        "an-event-that-is-no-reading": ("subject", of_no_reading),
    }  # fmt: skip


def _ruled() -> dict[str, tuple[str, Make]]:
    """Events that an operator let in although no rule does."""

    def said(stream: str, event: Any, *shown: str, by: str = "acme") -> Make:
        def make(world: World) -> Value:
            name = lie(world, by, stream, event)
            return ProofFiles(world).event(name, *shown)

        return make

    def late(**more: Any) -> Any:
        return reading(day(5), more.pop("length", "P1D"), more.pop("quantity", "5"), **more)

    def with_factor(ref: str, event: Any, role: str = "location") -> Make:
        """A factor is published, and a reading names it."""

        def make(world: World) -> Value:
            published = lie(world, "operator", "operator/factors", event)
            name = lie(world, "acme", POWER, late(factors={role: ref}))
            return ProofFiles(world).event(name, *GROUNDS, published)

        return make

    def metered(begins: str, ends: str, quantity: str = "5", **more: Any) -> Any:
        register = RegisterReading(
            meter="m1", from_=begins, to=ends, digits=5, multiplier="1", **more
        )
        return late(quantity=quantity, register=register)

    def measured(**masses: str) -> Any:
        return EmissionMeasured(
            salt=salt(), period=(day(5), day(6)), masses_mg=masses, method="a probe"
        )

    def over(change: dict[str, Any]) -> Any:
        return {**plain(late()), **change}

    def swapped(world: World) -> Value:
        """The factor that the source names has come twice, with other masses."""
        again = lie(world, "operator", "operator/factors", factor("grid", CO2="0.05"))
        return ProofFiles(world).event(f"{POWER}@1", *GROUNDS, again)

    def registered_twice(world: World) -> Value:
        again = lie(world, "acme", "acme/register", source(POWER, location="operator/grid@1"))
        return ProofFiles(world).event(f"{POWER}@1", *GROUNDS, again)

    def corrected(new: Any, supersedes: str | None, *shown: str) -> Make:
        return said(
            FIXES, correction(f"{POWER}@2", new, supersedes), *GROUNDS, f"{POWER}@2", *shown
        )

    rules = RulesActivated(salt=salt(), rules=rules_ref("1"))
    other = RulesActivated(
        salt=salt(), rules=RulesRef(version=rules.rules.version, sha256="0" * 64)
    )
    old = factor("old", valid=("2000-01-01", "2001-01-01"), CO2="1")
    south = factor("south", region="CN-SH", CO2="1")
    return {
        "another-dimension": ("rule", said(POWER, late(unit="kg"), *GROUNDS)),
        "a-unit-that-is-none": ("rule", said(POWER, late(unit="furlong"), *GROUNDS)),
        "no-time": ("rule", said(POWER, late(length=day(5)), *GROUNDS)),
        "an-end-before-its-beginning": ("rule", said(POWER, late(length=day(4)), *GROUNDS)),
        "before-the-calendar": (
            "rule", said(POWER, reading("1999-01-01T00:00:00Z", "P1D", "1"), *GROUNDS)),
        "a-profile-of-gaps": ("rule", said(POWER, profile(day(5), 900, [None]), *GROUNDS)),
        "a-negative-quantity": ("data", said(POWER, late(quantity="-5"), *GROUNDS)),
        "a-quantity-with-a-zero-behind": ("data", said(POWER, late(quantity="5.10"), *GROUNDS)),
        "a-quantity-that-is-a-number": ("data", said(POWER, over({"quantity": 5}), *GROUNDS)),
        "no-quantity": (
            "data", said(POWER, {n: v for n, v in over({}).items() if n != "quantity"}, *GROUNDS)),
        "a-member-more": ("data", said(POWER, over({"note": "x"}), *GROUNDS)),
        "a-default-spelled-out": ("data", said(POWER, over({"estimated": False}), *GROUNDS)),
        "a-day-that-does-not-exist": (
            "data", said(POWER, over({"period": ["2026-02-29T00:00:00Z", "2026-03-01T00:00:00Z"]}), *GROUNDS)),
        "an-offset-of-zero": (
            "data", said(POWER, over({"period": ["2026-02-01T00:00:00+00:00", day(5, 3)]}), *GROUNDS)),
        "a-gas-that-is-none": ("rule", said(POWER, measured(Xe="1"), *GROUNDS)),
        "a-negative-mass": ("data", said(POWER, {**plain(measured(CO2="1")), "masses_mg": {"CO2": "-1"}}, *GROUNDS)),
        "a-register-that-gives-another-quantity": ("rule", said(POWER, metered("0", "6"), *GROUNDS)),
        "a-register-that-runs-backwards": ("rule", said(POWER, metered("6", "1"), *GROUNDS)),
        "a-factor-of-elsewhere": ("rule", with_factor("operator/south@1", south, "market")),
        "a-factor-out-of-its-time": ("rule", with_factor("operator/old@1", old)),
        "a-factor-in-another-role": (
            "rule", with_factor("operator/grid2@1", factor("grid2", CO2="1"), "direct")),
        "a-factor-that-is-not-in-the-file": (
            "left-out", said(POWER, late(factors={"location": "operator/gone@1"}), *GROUNDS)),
        "a-factor-twice": ("rule", swapped),
        "a-factor-of-a-gas-that-is-none": ("rule", said("operator/factors", factor("a", Xe="1"), by="operator")),
        "a-factor-that-is-never-valid": (
            "rule", said("operator/factors", factor("a", valid=("2001-01-01", "2000-01-01")), by="operator")),
        "a-factor-with-a-negative-gas": (
            "data", said("operator/factors", {**plain(factor("a")), "gases_kg_per_unit": {"CO2": "-1"}}, by="operator")),
        "a-source-twice": ("rule", registered_twice),
        "a-source-of-another-party": (
            "rule", said("acme/register", source("beta/plant/x", location="operator/grid@1"), "acme/register@1", "operator/factors@1")),
        "a-source-without-its-site": (
            "left-out", said("acme/register", source("acme/x/y", site="nowhere", location="operator/grid@1"), "operator/factors@1")),
        "an-assignment-in-another-role": (
            "rule", said("acme/register", assigned(POWER, "operator/grid@1", day(1), "direct"), *GROUNDS)),
        "an-amendment-of-nothing": ("rule", said("acme/register", amended(POWER, day(1)), *GROUNDS)),
        "a-meter-at-a-source-of-nobody": (
            "left-out", said("acme/register", installed("acme/x/y", "m1", day(1), "0"))),
        "a-correction-without-the-one-before": (
            "rule", corrected(body(day(2), "P1D", "1"), None, f"{FIXES}@1")),
        "a-correction-of-what-supersedes-nothing": (
            "left-out", corrected(body(day(2), "P1D", "1"), f"{FIXES}@9", f"{FIXES}@1")),
        "a-correction-of-no-time": ("rule", corrected(body(day(2), day(2), "1"), f"{FIXES}@1", f"{FIXES}@1")),
        "rules-of-another-hash": (
            "rule", said("operator/ledger", other, by="operator")),
        "rules-by-a-company": ("key", said("acme/ledger", rules)),
        "a-reading-by-a-meter-of-its-own": ("key", said("acme/plant/power/more/register", late())),
    }  # fmt: skip


def forged_figures() -> dict[str, tuple[str, Value]]:
    """By name: the defect that a verifier names, and the file."""
    groups = {"seal": _sealed(), "heads": _headed(), "rule": _ruled()}
    return {
        f"{group}/{name}": (defect, make(small()))
        for group, cases in groups.items()
        for name, (defect, make) in cases.items()
    }
