"""What energy and carbon that parties hand to each other means for the area.

*Energy.* Of a transfer to a party, q = min(sent, acknowledged) counts; one out of the area (`to`
null) counts whole and needs nobody's word; one that nobody acknowledged counts nowhere. The
sender's share, R(q × factor `direct`), stands in the line of supplied energy (I.4.4) and no longer
in the sender's own, and never more than the source emitted. The receiver's leg is R(mass × q/Q) of
its Scope 2, Q being what its stream took in that month; legs of one stream fall one after another
as R(mass × Q_k/Q) − R(mass × Q_(k−1)/Q), never beyond Q. What is exported is priced at R(q × factor
`location`, or else `direct`). Which of these a view uses is the view's matter. If the two sides
price it differently, the difference is a memo.

*Carbon carriers* (by-product gas, waste, CO2, water): no elimination, since the carbon is emitted
once, at the receiver; they are listed. *Pass-through* stands in `passing`.
Source: accounting rules, section 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import msgspec

from ledger.carbon.area.amounts import Amount, column_of
from ledger.carbon.area.passing import OpenRest, Passed, acknowledgement, in_force
from ledger.carbon.area.pieces import TransferPiece
from ledger.carbon.conversion import conversion
from ledger.carbon.exact import MG_PER_KG, divide_half_even
from ledger.carbon.known import Known
from ledger.carbon.pieces import FactorPiece, SourcePiece
from ledger.carbon.rows import LineRow, MassKey, line_row
from ledger.carbon.rulepack import RulePack
from ledger.errors import BadValue

ENERGY, CARRIER = "energy", "carbon-carrier"


class Taken(msgspec.Struct, frozen=True):
    """Milligrams of one row of the read model that a transfer moves or drops."""

    event: str
    key: MassKey
    line: LineRow
    column: str
    mass_mg: int
    recorded_mg: int
    other: LineRow
    """The source at the transfer's other end; its own where that is outside the area."""


class Exported(msgspec.Struct, frozen=True):
    """What energy that leaves the area is priced at, in milligrams of one gas."""

    event: str
    line: LineRow
    energy: str
    """`electricity`, `heat`, `steam` or `cooling`, as its factor says."""
    month: str
    role: str
    gas: str
    column: str
    mass_mg: int


class Open(OpenRest, frozen=True, kw_only=True):
    """What of a transfer counts nowhere, and why."""

    kind: str
    sender: str
    reason: str


class Carrier(msgspec.Struct, frozen=True, kw_only=True):
    """A carbon carrier that changed hands: listed, and eliminated nowhere."""

    event: str
    month: str
    sender: str
    stream: str
    to: str | None
    quantity: str
    unit: str
    acknowledged: bool


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """A memo: the receiver counts another mass for the same energy than the sender, in mg."""

    event: str
    gas: str
    receiver_mg: int
    sender_mg: int

    @property
    def difference_mg(self) -> int:
        """Receiver's leg less sender's price."""
        return self.receiver_mg - self.sender_mg


class Transfers(msgspec.Struct, frozen=True):
    """All that transfers of a period mean, as known at the size."""

    moved: list[Taken]
    """The senders' shares: out of their own line into that of supplied energy."""
    legs: list[Taken]
    """The receivers' Scope 2 of energy that a source of the ledger made."""
    exported: list[Exported]
    open: list[Open]
    carriers: list[Carrier]
    priced: list[Priced]
    unfunded: dict[tuple[str, str], int]
    """Of (transfer, gas): milligrams that the sender prices beyond what its source emitted."""


def transfers(known: Known, pack: RulePack, counted: Sequence[Amount], passed: Passed) -> Transfers:
    """What the transfers in force mean; one whose units do not meet stands open, and says why."""
    found = Transfers([], [], [], [], [], [], {})
    ledger = _Ledger(known, pack, counted)
    for one in sorted(known.transfers, key=lambda t: (t.index, t.event)):
        if not in_force(known, one):
            continue
        try:
            if one.kind == ENERGY:
                _energy(ledger, one, found)
            elif one.kind == CARRIER:
                _carrier(ledger, one, found)
        except BadValue as error:
            # One transfer whose units do not meet must not keep the area from its figure.
            found.open.append(_rest(one, None, Fraction(0), str(error)))
    senders = {one.event: one.sender for one in known.transfers}
    found.open.extend(_passing_open(rest, senders[rest.event]) for rest in passed.open)
    found.open.sort(key=lambda one: (one.month, one.event))
    return found


class _Ledger:
    """What the streams of transfers had and have left, by stream and month."""

    def __init__(self, known: Known, pack: RulePack, counted: Sequence[Amount]) -> None:
        self.known, self.pack = known, pack
        self.amounts: dict[tuple[str, str], list[Amount]] = defaultdict(list)
        self.movable_mg: dict[MassKey, int] = {}
        self.droppable_mg: dict[MassKey, int] = {}
        streams = {one.stream for one in known.transfers}
        streams |= {said.stream for one in known.transfers for said in one.acknowledged}
        concerned = [one for one in counted if one.row.line.stream in streams]
        for amount in sorted(concerned, key=lambda one: one.key):
            self.amounts[amount.row.line.stream, amount.row.month].append(amount)
            self.movable_mg[amount.key] = self.droppable_mg[amount.key] = amount.mass_mg
        self.had: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        self.lines: dict[tuple[str, str], LineRow] = {}
        for row in known.activity:
            if row.line.stream not in streams:
                continue
            self.had[row.line.stream, row.month] += Fraction(row.quantity)
            self.lines[row.line.stream, row.month] = row.line
        for mass in known.masses:
            if mass.line.stream in streams:
                self.lines.setdefault((mass.line.stream, mass.month), mass.line)
        self.received: dict[tuple[str, str], Fraction] = defaultdict(Fraction)

    def line(self, stream: str, month: str) -> LineRow | None:
        """The source's line in a month, or its latest where nothing is recorded in it."""
        found = self.lines.get((stream, month))
        if found is None and stream in self.known.sources:
            return line_of(self.known.sources[stream])
        return found

    def factor(self, one: TransferPiece, role: str) -> FactorPiece | None:
        """The factor that prices a transfer in this role, if one does."""
        return self.known.factors.get(dict(one.factors).get(role, ""))

    def priced(self, one: TransferPiece, quantity: Fraction, role: str) -> dict[str, int]:
        """Milligrams by gas of a quantity in the transfer's unit; nothing without the factor."""
        factor = self.factor(one, role)
        if factor is None:
            return {}
        amount = quantity * conversion(self.pack, factor, one.unit) * MG_PER_KG
        return {
            gas: _whole(amount * Fraction(int(num), int(den))) for gas, num, den in factor.gases
        }


def _energy(ledger: _Ledger, one: TransferPiece, found: Transfers) -> None:
    """All conversions come first, so that one which fails leaves nothing half eliminated."""
    sender, sent = ledger.line(one.stream, one.month), Fraction(one.quantity)
    if one.to is None:
        price = ledger.priced(one, sent, "direct")
        exported = [] if sender is None else _exported(ledger, one, sent, sender)
        _move(ledger, one, price, sender, found)
        found.exported.extend(exported)
        return
    answer = acknowledgement(ledger.known, one)
    if answer is None:
        found.open.append(_rest(one, None, Fraction(0), "nobody has acknowledged it"))
        return
    received = Fraction(answer.quantity) * ledger.pack.ratio(answer.unit, one.unit)
    agreed = min(sent, received)
    price = ledger.priced(one, agreed, "direct")
    receiver = ledger.line(answer.stream, one.month)
    if receiver is None:
        missing = f"{answer.stream} is no source"
        found.open.append(_rest(one, received, Fraction(0), missing))
        return
    wanted = agreed * ledger.pack.ratio(one.unit, receiver.unit)
    if sent != received:
        found.open.append(_rest(one, received, agreed, "the two sides differ in quantity"))
    _move(ledger, one, price, receiver, found)
    place = receiver.stream, one.month
    counted = max(min(wanted, ledger.had[place] - ledger.received[place]), Fraction(0))
    if counted != wanted:
        beyond = f"{answer.stream} took in less in that month"
        found.open.append(_rest(one, received, agreed * counted / wanted, beyond))
    legs = _legs(ledger, one, counted, place, sender or receiver)
    found.legs.extend(legs)
    _compare(one, legs, price, found)


def _move(
    ledger: _Ledger,
    one: TransferPiece,
    price: Mapping[str, int],
    other: LineRow | None,
    found: Transfers,
) -> None:
    """Take the sender's price off its source, as far as the source emitted it."""
    for gas, price_mg in sorted(price.items()):
        rest_mg = price_mg
        for amount in ledger.amounts[one.stream, one.month]:
            taken_mg = min(ledger.movable_mg[amount.key], rest_mg)
            if amount.row.gas == gas and taken_mg > 0:
                ledger.movable_mg[amount.key] -= taken_mg
                rest_mg -= taken_mg
                found.moved.append(_taken(one, amount, taken_mg, other or amount.row.line))
        if rest_mg:
            found.unfunded[one.event, gas] = rest_mg


def _legs(
    ledger: _Ledger,
    one: TransferPiece,
    counted: Fraction,
    place: tuple[str, str],
    sender: LineRow,
) -> list[Taken]:
    """The receiver's Scope 2 for what it got, gas by gas."""
    had, before = ledger.had[place], ledger.received[place]
    ledger.received[place] = before + counted
    legs = []
    for amount in ledger.amounts[place]:
        if amount.row.line.scope != 2 or not counted:
            continue
        mass_mg = amount.row.mass_mg
        leg_mg = _whole(mass_mg * (before + counted) / had) - _whole(mass_mg * before / had)
        # What the receiver passed on itself is not there to be dropped again.
        leg_mg = min(leg_mg, ledger.droppable_mg[amount.key])
        if leg_mg > 0:
            ledger.droppable_mg[amount.key] -= leg_mg
            legs.append(_taken(one, amount, leg_mg, sender))
    return legs


def _taken(one: TransferPiece, amount: Amount, mass_mg: int, other: LineRow) -> Taken:
    line = amount.row.line
    return Taken(one.event, amount.key, line, amount.column, mass_mg, amount.row.mass_mg, other)


def _exported(
    ledger: _Ledger, one: TransferPiece, quantity: Fraction, sender: LineRow
) -> list[Exported]:
    """The price of what leaves the area: by the factor `location`, or else by `direct`."""
    role = "location" if "location" in dict(one.factors) else "direct"
    factor = ledger.factor(one, role)
    if factor is None:
        return []
    energy = factor.activity.partition(".")[0]
    return [
        Exported(
            event=one.event,
            line=sender,
            energy=energy,
            month=one.month,
            role=role,
            gas=gas,
            column=column_of(ledger.pack, factor.activity, gas),
            mass_mg=mass_mg,
        )
        for gas, mass_mg in sorted(ledger.priced(one, quantity, role).items())
    ]


def _compare(
    one: TransferPiece, legs: Iterable[Taken], price: Mapping[str, int], found: Transfers
) -> None:
    """A memo for every gas that the two sides price differently, where the sender prices at all."""
    if not price:
        return
    receiver: dict[str, int] = defaultdict(int)
    for leg in legs:
        receiver[leg.key[4]] += leg.mass_mg
    for gas in sorted({*receiver, *price}):
        ours, theirs = receiver.get(gas, 0), price.get(gas, 0)
        if ours != theirs:
            found.priced.append(
                Priced(event=one.event, gas=gas, receiver_mg=ours, sender_mg=theirs)
            )


def _carrier(ledger: _Ledger, one: TransferPiece, found: Transfers) -> None:
    answer = acknowledgement(ledger.known, one)
    found.carriers.append(
        Carrier(
            event=one.event,
            month=one.month,
            sender=one.sender,
            stream=one.stream,
            to=one.to,
            quantity=one.quantity,
            unit=one.unit,
            acknowledged=answer is not None,
        )
    )
    if one.to is None:
        return
    if answer is None:
        found.open.append(_rest(one, None, Fraction(0), "nobody has acknowledged it"))
        return
    received = Fraction(answer.quantity) * ledger.pack.ratio(answer.unit, one.unit)
    sent = Fraction(one.quantity)
    if sent != received:
        found.open.append(
            _rest(one, received, min(sent, received), "the two sides differ in quantity")
        )


def _rest(
    one: TransferPiece, acknowledged: Fraction | None, counted: Fraction, reason: str
) -> Open:
    sent = Fraction(one.quantity)
    agreed = Fraction(0) if acknowledged is None else min(sent, acknowledged)
    return Open(
        event=one.event,
        month=one.month,
        stream=one.stream,
        to=one.to,
        unit=one.unit,
        sent=sent,
        acknowledged=acknowledged,
        counted=counted,
        beyond=max(agreed - counted, Fraction(0)),
        kind=one.kind,
        sender=one.sender,
        reason=reason,
    )


def _passing_open(rest: OpenRest, sender: str) -> Open:
    if rest.acknowledged is None:
        reason = "nobody has acknowledged it"
    elif rest.beyond:
        reason = "the sending stream took in less"
    else:
        reason = "the two sides differ in quantity"
    members = {name: getattr(rest, name) for name in rest.__struct_fields__}
    return Open(**members, kind="pass-through", sender=sender, reason=reason)


def line_of(source: SourcePiece) -> LineRow:
    """The line that a source's readings of now go to."""
    return line_row(source, source.terms[-1].line)


def _whole(mass_mg: Fraction) -> int:
    return divide_half_even(mass_mg.numerator, mass_mg.denominator)
