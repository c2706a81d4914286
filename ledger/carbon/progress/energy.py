"""How much energy a park uses, in tonnes of standard coal, and every quantity that says so.

Electricity counts by its calorific equivalent, whatever made it; everything else by its net energy.
Energy counts once: a fuel where it is burnt; steam and power that one company makes for another by
its fuel alone; what is resold unchanged at the one who uses it. What leaves the area is deducted.
Own power counts as it is generated, unless it was made of fuel (fact `electricity-from-fuel`), and a
transfer out of a source that is not counted, such as `electricity.exported`, is deducted only if it
is priced by what was emitted for it, since then its fuel was counted.

Sums are exact; each input is shown rounded half-even to a milligram of standard coal. What has no
energy content is named as missing, and then there is no indicator. Source: accounting rules,
section 5.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Final, Literal

import msgspec

from ledger.carbon.area.area import in_view
from ledger.carbon.area.assign import ViewRule, ViewTable, view_table
from ledger.carbon.area.passing import acknowledgement, in_force, passed_on
from ledger.carbon.area.pieces import TransferPiece
from ledger.carbon.conversion import conversion
from ledger.carbon.exact import TINY, divide_half_even
from ledger.carbon.known import Known
from ledger.carbon.pieces import FactorPiece
from ledger.carbon.progress.park_rules import Carrier, ParkRules, park_rules
from ledger.carbon.progress.stated import stated_sum
from ledger.carbon.rows import ActivityRow, LineRow
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue
from ledger.log.values import format_decimal

MG_PER_TCE: Final = 10**9
FROM_FUEL: Final = "electricity-from-fuel"
UNTOLD: Final = "the energy behind what was measured is not told"
_UNITS: Final = {"electricity": "kWh", "heat": "GJ", "fuel": "GJ"}

Place = tuple[str, str]
"""(stream, month)"""


class EnergyInput(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity of energy, in its unit, and its milligrams of standard coal with their sign.

    `refs` are the stream, and the events of transfers or facts, that it rests on.
    """

    kind: Literal["source", "passed-on", "made-inside", "exported", "fact"]
    refs: tuple[str, ...]
    carrier: str
    quantity: str
    unit: str
    mgce: int
    clean: bool


class ParkEnergy(msgspec.Struct, frozen=True, kw_only=True):
    """A period's energy in tce, exact: all of it, the clean part, and purchased kWh by party."""

    total_tce: Fraction
    clean_tce: Fraction
    inputs: tuple[EnergyInput, ...]
    purchased_kwh: dict[str, Fraction]
    missing: tuple[str, ...]


def park_energy(known: Known, pack: RulePack, choices: dict[str, str]) -> ParkEnergy:
    """The energy of the park with these choices for what the programme leaves open.

    Raises InvalidInput for a pack that knows no programme.
    """
    count = _Count(known, pack, choices)
    for row in known.activity:
        count.source(row)
    count.measured()
    count.passed_on()
    for one in sorted(known.transfers, key=lambda t: (t.index, t.event)):
        if one.kind == "energy" and in_force(known, one):
            count.transfer(one)
    count.made_of_fuel()
    return count.result()


def counts(known: Known, pack: RulePack, choices: dict[str, str], line: LineRow) -> bool:
    """Whether a source's line belongs to the park with these choices, as far as carbon goes."""
    table, rules = view_table(pack), park_rules(pack)
    if choices["enterprise-transport"] == "excluded" and is_transport(table, line):
        return False
    if in_view(known, pack, rules.view, line):
        return True
    return choices["residents"] == "included" and is_resident(known, line)


def is_transport(table: ViewTable, line: LineRow) -> bool:
    """Whether a line stands under the GPC's sector of transport."""
    return line.scope is not None and table.place(line).gpc.startswith("II.")


def is_resident(known: Known, line: LineRow) -> bool:
    """Whether a line is of a guarded group of residents inside the area, Scope 1 or 2."""
    aggregate = "aggregate" in known.roles_of(line.party)
    return aggregate and line.inside and line.scope in {1, 2} and line.part_of is None


class _Count:
    """Sums as they grow, and what they rest on."""

    def __init__(self, known: Known, pack: RulePack, choices: dict[str, str]) -> None:
        self.known, self.pack, self.choices = known, pack, choices
        self.rules: ParkRules = park_rules(pack)
        self.table: ViewTable = view_table(pack)
        self.view: ViewRule = self.table.view(self.rules.view)
        self.calendar = pack.calendar(known.timezone)
        self.lines: dict[str, LineRow] = {row.line.stream: row.line for row in known.masses}
        self.lines |= {row.line.stream: row.line for row in known.activity}
        self.had: dict[Place, Fraction] = defaultdict(Fraction)
        """kWh of electricity or GJ of anything else that counts of a stream in a month."""
        self.by_stream: dict[str, Fraction] = defaultdict(Fraction)
        self.deducted: list[tuple[EnergyInput, Fraction]] = []
        self.missing: dict[str, None] = {}

    # --- what comes in -------------------------------------------------------------------------

    def carrier_of(self, line: LineRow) -> Carrier | None:
        """How a line counts, None if it does not."""
        carrier = self.rules.carrier(line.activity)
        if carrier is None or carrier.carrier == "none" or line.part_of is not None:
            return None
        if carrier.parameter and self.choices[carrier.parameter] == "excluded":
            return None
        if carrier.generated:
            roles = self.known.roles_of(line.party)
            return carrier if self.table.admits(self.view, line, roles) else None
        return carrier if counts(self.known, self.pack, self.choices, line) else None

    def source(self, row: ActivityRow) -> None:
        line = row.line
        if not row.quantity or (line.flow != "in" and line.balance_group is None):
            return
        carrier = self.carrier_of(line)
        if carrier is None:
            return
        if carrier.carrier == "unknown":
            self.missing[f"{line.stream}: {UNTOLD}"] = None
            return
        sign = self.pack.flows[line.flow] if line.balance_group is not None else 1
        try:
            ratio = self.content(line, row.month, carrier.carrier)
        except BadValue as error:
            self.missing[f"{line.stream}: {error}"] = None
            return
        amount = sign * Fraction(row.quantity) * ratio
        self.had[line.stream, row.month] += amount
        self.by_stream[line.stream] += amount

    def content(self, line: LineRow, month: str, carrier: str) -> Fraction:
        """How many kWh or GJ are in one unit of a line, by its factor at the month's start."""
        into = _UNITS[carrier]
        if self.pack.unit(line.unit).dimension == self.pack.unit(into).dimension:
            return self.pack.ratio(line.unit, into)
        factor = self.factor_at(line, month)
        if factor is None:
            raise BadValue(
                "energy content",
                expected="a factor with the net calorific value",
                found=f"none for {month}",
            )
        return conversion(self.pack, msgspec.structs.replace(factor, unit=into), line.unit)

    def factor_at(self, line: LineRow, month: str) -> FactorPiece | None:
        at_s = self.calendar.starts_s[self.calendar.months.index(month)]
        source = self.known.sources[line.stream]
        roles = ("direct", "location")
        named = [source.factor_at(role, at_s) for role in roles]
        # A source that began within the month has no factor at its start.
        named += [source.factors[role][0].factor for role in roles if source.factors.get(role)]
        return next((self.known.factors[ref] for ref in named if ref in self.known.factors), None)

    def measured(self) -> None:
        """Name the sources that emitted by measurement, so that nobody told of their energy."""
        quantities: dict[Place, Fraction] = defaultdict(Fraction)
        for row in self.known.activity:
            quantities[row.line.stream, row.month] += Fraction(row.quantity)
        for mass in self.known.masses:
            line = mass.line
            if mass.mass_mg and not quantities[line.stream, mass.month] and self.carrier_of(line):
                self.missing[f"{line.stream}: {UNTOLD}"] = None

    # --- what goes out -------------------------------------------------------------------------

    def passed_on(self) -> None:
        """What was bought and handed on unchanged is used by the one who got it."""
        events: dict[Place, list[str]] = defaultdict(list)
        for one in self.known.transfers:
            agreed = in_force(self.known, one) and acknowledgement(self.known, one)
            if one.kind == "pass-through" and agreed:
                events[one.stream, one.month].append(one.event)
        for place, share in sorted(passed_on(self.known).shares.items()):
            if self.had.get(place):
                refs = (place[0], *events[place])
                self.deduct("passed-on", refs, self.had[place] * share, place)

    def transfer(self, one: TransferPiece) -> None:
        sender = self.lines.get(one.stream)
        if sender is None or not self.admitted(sender):
            return
        if one.to is None:
            self.export(one, sender)
            return
        answer = acknowledgement(self.known, one)
        receiver = None if answer is None else self.lines.get(answer.stream)
        if answer is None or receiver is None or self.carrier_of(receiver) is None:
            return
        carrier = self.rules.carrier(receiver.activity)
        if carrier is None:
            return
        into, place = _UNITS[carrier.carrier], (receiver.stream, one.month)
        sent = Fraction(one.quantity) * self.pack.ratio(one.unit, into)
        received = Fraction(answer.quantity) * self.pack.ratio(answer.unit, into)
        amount = min(sent, received, self.had.get(place, Fraction(0)))
        self.deduct("made-inside", (receiver.stream, one.event, answer.event), amount, place)

    def export(self, one: TransferPiece, sender: LineRow) -> None:
        own = self.carrier_of(sender)
        if own is None and "direct" not in dict(one.factors):
            return
        name = self.carried(one, sender)
        if name is None:
            self.missing[f"{one.event}: whether it is power or heat is not told"] = None
            return
        amount = Fraction(one.quantity) * self.pack.ratio(one.unit, _UNITS[name])
        clean = own is not None and own.clean and own.carrier == name
        self.take("exported", (one.stream, one.event), name, amount, clean=clean)

    def carried(self, one: TransferPiece, sender: LineRow) -> str | None:
        """Whether a transfer is of electricity or heat: its factors say, or else its stream."""
        refs = dict(one.factors)
        factors = [self.known.factors.get(refs.get(role, "")) for role in ("location", "direct")]
        activities = [factor.activity for factor in factors if factor] + [sender.activity]
        for activity in activities:
            family = activity.partition(".")[0]
            if family == "electricity":
                return family
            if family in {"heat", "steam", "cooling"}:
                return "heat"
        return None

    def made_of_fuel(self) -> None:
        """Power among the own generation that was made of fuel, which is counted as fuel."""
        stated = stated_sum(self.known, self.pack, FROM_FUEL, "kWh")
        self.missing |= dict.fromkeys(stated.gaps)
        if stated.value:
            events = tuple(one.event for one in stated.inputs)
            self.take("fact", events, "electricity", stated.value, clean=True)

    def admitted(self, line: LineRow) -> bool:
        return self.table.admits(self.view, line, self.known.roles_of(line.party))

    def deduct(
        self,
        kind: Literal["passed-on", "made-inside"],
        refs: tuple[str, ...],
        amount: Fraction,
        place: Place,
    ) -> None:
        carrier = self.rules.carrier(self.lines[place[0]].activity)
        if carrier is None or not amount:
            return
        self.had[place] -= amount
        self.take(kind, refs, carrier.carrier, amount, clean=carrier.clean)

    def take(
        self,
        kind: Literal["passed-on", "made-inside", "exported", "fact"],
        refs: tuple[str, ...],
        carrier: str,
        amount: Fraction,
        *,
        clean: bool,
    ) -> None:
        tce = -self.rules.tce(carrier, amount)
        self.deducted.append((_input(kind, refs, carrier, amount, tce, clean=clean), tce))

    # --- what it comes to ----------------------------------------------------------------------

    def result(self) -> ParkEnergy:
        found: list[tuple[EnergyInput, Fraction]] = []
        for stream, amount in sorted(self.by_stream.items()):
            carrier = self.rules.carrier(self.lines[stream].activity)
            if carrier is not None:
                tce = self.rules.tce(carrier.carrier, amount)
                one = _input("source", (stream,), carrier.carrier, amount, tce, clean=carrier.clean)
                found.append((one, tce))
        found += self.deducted
        purchased: dict[str, Fraction] = defaultdict(Fraction)
        for (stream, _), amount in self.had.items():
            carrier = self.rules.carrier(self.lines[stream].activity)
            if carrier and carrier.carrier == "electricity" and not carrier.generated:
                purchased[self.lines[stream].party] += amount
        return ParkEnergy(
            total_tce=sum((tce for _, tce in found), Fraction(0)),
            clean_tce=sum((tce for one, tce in found if one.clean), Fraction(0)),
            inputs=tuple(one for one, _ in found),
            purchased_kwh=dict(purchased),
            missing=tuple(self.missing),
        )


def _input(
    kind: Literal["source", "passed-on", "made-inside", "exported", "fact"],
    refs: tuple[str, ...],
    carrier: str,
    amount: Fraction,
    tce: Fraction,
    *,
    clean: bool,
) -> EnergyInput:
    return EnergyInput(
        kind=kind,
        refs=refs,
        carrier=carrier,
        quantity=format_decimal(rounded(amount * TINY), 12),
        unit=_UNITS[carrier],
        mgce=rounded(tce * MG_PER_TCE),
        clean=clean,
    )


def rounded(value: Fraction) -> int:
    """The nearest integer, ties to even."""
    return divide_half_even(value.numerator, value.denominator)
