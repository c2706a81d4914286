"""`key disputes` and `key confirm`: what a compromised key has signed, and what its party stands by.

What a party does not stand by it withdraws or corrects. Entries of an earlier log, below 0, can be
confirmed no more. Source: formats, section 5; decision 0024.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import typer

from ledger.carbon.info import DisputeInfo, EarlierInfo
from ledger.cli.call import Call, command
from ledger.cli.key_request import Party, Reason, parse_thumbprint
from ledger.cli.output import show, table
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue
from ledger.log.names import parse_party
from ledger.log.spoken import number_words
from ledger.parties.events import EntriesConfirmed

_INTERVAL: Final = re.compile(r"(0|[1-9][0-9]{0,14}):(0|[1-9][0-9]{0,14})", re.ASCII)
_EARLIER: Final = re.compile(r"-[0-9]+:-?[0-9]+|[0-9]+:-[0-9]+", re.ASCII)


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_disputes(app)
    _add_confirm(app)


def _add_disputes(app: typer.Typer) -> None:
    @command(app, "disputes", example="carbon-ledger key disputes steelworks")
    def disputes(
        call: Call,
        party: Annotated[
            str | None, typer.Argument(metavar="PARTY", help="Whose; all without it.")
        ] = None,
    ) -> None:
        """What compromised keys have signed and nobody has confirmed or undone, the oldest first.

        Each entry waits for its party: key confirm stands by it, correct withdraws its readings or
        corrects them. Entries of an earlier log are told with its name: its readings can be withdrawn or
        corrected, but nothing of it can be confirmed any more. At most the 1000 oldest are shown. Private.
        """
        wanted = None if party is None else parse_party(party)

        async def work(place: Place) -> tuple[Sequence[DisputeInfo], Sequence[EarlierInfo]]:
            return await place.connection.disputes(wanted), (await place.status()).earlier

        found, earlier = ask(call, work, about=wanted)
        grid = table(
            ("entry", "party", "events", "what", "signed at", "undone", "key"),
            [_row(one, earlier) for one in found],
            right=(0,),
        )
        value = {"disputes": msgspec.to_builtins(found)}
        show(call, value, grid if found else "No entry is disputed.")


def _row(one: DisputeInfo, earlier: Sequence[EarlierInfo]) -> tuple[str, ...]:
    return (
        number_words(one.index, earlier),
        one.party,
        f"{one.stream}@{_versions(one)}",
        ", ".join(one.types),
        one.signed_at,
        f"{one.settled} of {one.count}",
        one.key,
    )


def _versions(one: DisputeInfo) -> str:
    return str(one.first) if one.count == 1 else f"{one.first}-{one.last}"


def _add_confirm(app: typer.Typer) -> None:
    @command(
        app,
        "confirm",
        example="carbon-ledger key confirm steelworks "
        'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k --entries 812:830 --reason "compared with bills"',
    )
    def confirm(
        call: Call,
        party: Party,
        thumbprint: Annotated[
            str, typer.Argument(metavar="THUMBPRINT", help="The key that was declared compromised.")
        ],
        entries: Annotated[
            str,
            typer.Option(
                metavar="FROM:UNTIL",
                help="Indexes of disputed entries; the second does not belong.",
            ),
        ],
        reason: Reason,
    ) -> None:
        """Stand by entries that a compromised key has signed: they are not disputed any more.

        Signed by an admin key of the party that no disputed entry has brought. What the party does
        not stand by it withdraws or corrects. Entries of an earlier log can be confirmed no more.
        """
        parse_thumbprint(thumbprint, parse_party(party))

        async def work(place: Place) -> None:
            first, until = _interval(entries, party)
            event = EntriesConfirmed(
                salt=UNSALTED, key=thumbprint, entries=(first, until), reason=reason
            )
            posted = await place.post(
                f"{parse_party(party)}/keys", [event], party=party, fits=lambda one: one.admin
            )
            show_posted(
                call,
                posted,
                f"Confirmed what key {thumbprint} of {party} signed in entries {first} to {until - 1}",
                party=party,
                key=thumbprint,
                entries=[first, until],
            )

        ask(call, work, about=party, writing=True)


def _interval(text: str, party: str) -> tuple[int, int]:
    """The indexes of a half-open interval that holds an entry. Raises BadValue."""
    found = _INTERVAL.fullmatch(text)
    if _EARLIER.fullmatch(text):
        raise BadValue(
            "--entries",
            expected="two indexes of this log, from 0 on",
            found=text,
            advice="Entries below 0 are of a log that this one continues, and can be confirmed no more. "
            "What was not yours withdraw or correct with carbon-ledger correct; the rest stays listed.",
        )
    if found is None or int(found[1]) >= int(found[2]):
        raise BadValue(
            "--entries",
            expected="two indexes of the log, the first below the second, such as 812:830",
            found=text,
            advice=f"Entry 812 alone is 812:813. See: carbon-ledger key disputes {party}",
        )
    return int(found[1]), int(found[2])
