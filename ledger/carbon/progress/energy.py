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
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, Literal

import msgspec

from ledger.carbon.area.area import in_view
from ledger.carbon.area.assign import ViewRule, ViewTable, view_table
from ledger.carbon.area.passing import acknowledgement, in_force, passed_on
from ledger.carbon.area.pieces import TransferPiece
from ledger.carbon.exact import TINY, divide_half_even
from ledger.carbon.known import Known
from ledger.carbon.progress.energy_line import UNITS, EnergyLine, Place, energy_lines
from ledger.carbon.progress.park_rules import Carrier, ParkRules, park_rules
from ledger.carbon.progress.stated import stated_sum
from ledger.carbon.rows import LineRow
from ledger.carbon.rulepack import RulePack
from ledger.log.values import format_decimal

MG_PER_TCE: Final = 10**9
FROM_FUEL: Final = "electricity-from-fuel"


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


def park_energy(
    known: Known,
    pack: RulePack,
    choices: dict[str, str],
    lines: Iterable[EnergyLine] | None = None,
) -> ParkEnergy:
    """The energy of the park with these choices for what the programme leaves open.

    `lines` are those of `energy_lines`, where they are at hand. Raises InvalidInput for a pack that
    knows no programme.
    """
    count = _Count(known, pack, choices, energy_lines(known, pack) if lines is None else lines)
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

    def __init__(
        self, known: Known, pack: RulePack, choices: dict[str, str], lines: Iterable[EnergyLine]
    ) -> None:
        self.known, self.pack, self.choices = known, pack, choices
        self.rules: ParkRules = park_rules(pack)
        self.table: ViewTable = view_table(pack)
        self.view: ViewRule = self.table.view(self.rules.view)
        self.lines: dict[str, LineRow] = {row.line.stream: row.line for row in known.masses}
        self.lines |= {row.line.stream: row.line for row in known.activity}
        self.counted: dict[str, list[EnergyLine]] = defaultdict(list)
        self.missing: dict[str, None] = {}
        for one in lines:
            if self.belongs(one.line, one.carrier):
                self.counted[one.line.stream].append(one)
                self.missing |= dict.fromkeys(one.missing)
        self.gone: dict[Place, Fraction] = defaultdict(Fraction)
        """What was taken off a stream in a month, in kWh or GJ."""
        self.deducted: list[tuple[EnergyInput, Fraction]] = []

    def belongs(self, line: LineRow, carrier: Carrier) -> bool:
        """Whether a line's energy counts with these choices."""
        if carrier.parameter and self.choices[carrier.parameter] == "excluded":
            return False
        if carrier.generated:
            return self.admitted(line)
        return counts(self.known, self.pack, self.choices, line)

    def carrier_of(self, line: LineRow) -> Carrier | None:
        """How a stream counts, None if it does not."""
        counted = self.counted.get(line.stream)
        return counted[0].carrier if counted else None

    def left(self, place: Place) -> Fraction:
        """What a stream still has of a month, in kWh or GJ."""
        stream, month = place
        had = (one.by_month.get(month, Fraction(0)) for one in self.counted.get(stream, ()))
        return sum(had, Fraction(0)) - self.gone[place]

    # --- what goes out -------------------------------------------------------------------------

    def passed_on(self) -> None:
        """What was bought and handed on unchanged is used by the one who got it."""
        events: dict[Place, list[str]] = defaultdict(list)
        for one in self.known.transfers:
            agreed = in_force(self.known, one) and acknowledgement(self.known, one)
            if one.kind == "pass-through" and agreed:
                events[one.stream, one.month].append(one.event)
        for place, share in sorted(passed_on(self.known).shares.items()):
            refs = (place[0], *events[place])
            self.deduct("passed-on", refs, self.left(place) * share, place)

    def transfer(self, one: TransferPiece) -> None:
        sender = self.lines.get(one.stream)
        if sender is None or not self.admitted(sender):
            return
        if one.to is None:
            self.export(one, sender)
            return
        answer = acknowledgement(self.known, one)
        receiver = None if answer is None else self.lines.get(answer.stream)
        carrier = None if receiver is None else self.carrier_of(receiver)
        if answer is None or receiver is None or carrier is None:
            return
        into, place = UNITS[carrier.carrier], (receiver.stream, one.month)
        sent = Fraction(one.quantity) * self.pack.ratio(one.unit, into)
        received = Fraction(answer.quantity) * self.pack.ratio(answer.unit, into)
        amount = min(sent, received, self.left(place))
        self.deduct("made-inside", (receiver.stream, one.event, answer.event), amount, place)

    def export(self, one: TransferPiece, sender: LineRow) -> None:
        own = self.carrier_of(sender)
        if own is None and "direct" not in dict(one.factors):
            return
        name = self.carried(one, sender)
        if name is None:
            self.missing[f"{one.event}: whether it is power or heat is not told"] = None
            return
        amount = Fraction(one.quantity) * self.pack.ratio(one.unit, UNITS[name])
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
        carrier = self.carrier_of(self.lines[place[0]])
        if carrier is None or not amount:
            return
        self.gone[place] += amount
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
        purchased: dict[str, Fraction] = defaultdict(Fraction)
        gone: dict[str, Fraction] = defaultdict(Fraction)
        for (stream, _), amount in self.gone.items():
            gone[stream] += amount
        for stream, lines in sorted(self.counted.items()):
            carrier = lines[0].carrier
            amount = sum((one.total for one in lines), Fraction(0))
            if amount:
                tce = self.rules.tce(carrier.carrier, amount)
                one = _input("source", (stream,), carrier.carrier, amount, tce, clean=carrier.clean)
                found.append((one, tce))
            if carrier.carrier == "electricity" and not carrier.generated:
                purchased[lines[0].line.party] += amount - gone[stream]
        found += self.deducted
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
        unit=UNITS[carrier],
        mgce=rounded(tce * MG_PER_TCE),
        clean=clean,
    )


def rounded(value: Fraction) -> int:
    """The nearest integer, ties to even."""
    return divide_half_even(value.numerator, value.denominator)
