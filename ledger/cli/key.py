"""`key`: a party's keys over time. Private keys stay in the home where they were made.

A party's admin key authorises and revokes the party's keys. The operator may only revoke and
recover; the operator's own keys are recovered with the recovery key. Source: formats, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ledger.carbon.info import EarlierInfo, KeyInfo
from ledger.cli import key_dispute, recovery
from ledger.cli.call import Call, command, flag
from ledger.cli.key_request import Party, Reason, Request, parse_thumbprint, request_for
from ledger.cli.output import hint, show, table
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask
from ledger.client.keyring import Keyring, write_request
from ledger.client.writer import UNSALTED
from ledger.errors import BadFile, NotFound, RuleBroken
from ledger.log.names import parse_party
from ledger.log.note import parse_vkey
from ledger.log.spoken import number_words
from ledger.parties.events import KeyAuthorized, KeyRevoked


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_new(app)
    _add_list(app)
    _add_add(app)
    _add_rotate(app)
    _add_revoke(app)
    key_dispute.add(app)
    recovery.add(app)


def _add_new(app: typer.Typer) -> None:
    @command(
        app,
        "new",
        example="carbon-ledger key new steelworks --url https://ledger.example -o request.json",
    )
    def new(
        call: Call,
        party: Party,
        output: Annotated[
            Path,
            typer.Option("--output", "-o", metavar="FILE", help="Where the request is written."),
        ],
        log_key: Annotated[
            str | None,
            typer.Option(
                metavar="VKEY", help="The log key, when the ledger cannot be asked for it."
            ),
        ] = None,
    ) -> None:
        """Make a key in this home, and a request for the operator with proof that it is held.

        The request is public. The private key never leaves the home.
        """
        parse_party(party)
        if output.exists():
            raise BadFile(f"{output} exists already", advice="Nothing was overwritten.")
        log = log_key or ask(call, _log_key)
        parse_vkey(log)
        key = Keyring(call.keys).make(party)
        write_request(output, key, log, party)
        thumbprint = key.public.thumbprint
        file = str(call.keys / party / f"{thumbprint}.json")
        show(
            call,
            {
                "party": party,
                "key": thumbprint,
                "key_file": file,
                "request": str(output),
                "log_key": log,
            },
            f"Made key {thumbprint} of {party}\n  private: {file}\n"
            f"  request: {output}, to be handed to the operator",
        )


async def _log_key(place: Place) -> str:
    return (await place.status()).log_key


def _add_list(app: typer.Typer) -> None:
    @command(app, "list", example="carbon-ledger key list steelworks")
    def list_keys(call: Call, party: Party) -> None:
        """A party's keys on the ledger, and which of them lie in this home."""
        held = {one.thumbprint: one for one in Keyring(call.keys).list(parse_party(party))}

        async def work(place: Place) -> tuple[Sequence[KeyInfo], Sequence[EarlierInfo]]:
            return await _known(place, party), (await place.status()).earlier

        known, earlier = ask(call, work)
        keys = [
            {
                **msgspec.to_builtins(one),
                "registered": True,
                "here": one.key in held,
            }
            for one in known
        ] + [
            {"key": one.thumbprint, "made_at": one.made_at, "registered": False, "here": True}
            for one in held.values()
            if one.thumbprint not in {key.key for key in known}
        ]
        rows = [
            (one.key, _life(one, earlier), _powers(one), "here" if one.key in held else "")
            for one in known
        ] + [
            (one.thumbprint, "not on the ledger", "", "here")
            for one in held.values()
            if one.thumbprint not in {key.key for key in known}
        ]
        show(
            call,
            {"party": party, "keys": keys},
            table(("key", "entries it may sign", "what it may", ""), rows),
        )


async def _known(place: Place, party: str) -> Sequence[KeyInfo]:
    found = [one for one in await place.connection.parties() if one.party == party]
    return found[0].keys if found else ()


def _life(key: KeyInfo, earlier: Sequence[EarlierInfo]) -> str:
    first = number_words(key.authorised + 1, earlier)
    if key.revoked is None:
        return f"from {first}"
    life = f"{first} to {number_words(key.revoked, earlier)}, revoked"
    if key.compromised_from is None:
        return life
    return f"{life}, disputed from {number_words(key.compromised_from, earlier)}"


def _powers(key: KeyInfo) -> str:
    parts = [name for name in ("admin", "read", "recovered") if getattr(key, name)]
    if key.scope:
        parts.append("posts in " + ", ".join(key.scope))
    if key.event_types is not None:
        parts.append("only " + ", ".join(key.event_types))
    return "; ".join(parts)


def _add_add(app: typer.Typer) -> None:
    @command(
        app,
        "add",
        example="carbon-ledger key add steelworks --scope steelworks/plant/electricity "
        "--type ActivityRecorded",
    )
    def add_key(
        call: Call,
        party: Party,
        scope: Annotated[
            list[str] | None,
            typer.Option(
                metavar="STREAM", help="A stream, or a prefix that ends in /. May be given again."
            ),
        ] = None,
        type_: Annotated[
            list[str] | None,
            typer.Option(
                "--type", metavar="EVENT", help="Only this type of event. May be given again."
            ),
        ] = None,
        *,
        admin: Annotated[
            bool, flag("--admin", "May authorise and revoke keys of the party.")
        ] = False,
        read: Annotated[bool, flag("--read", "May read the party's private data.")] = False,
        request: Request = None,
    ) -> None:
        """Authorise a further key of a party. Without --request it is made in this home."""

        async def work(place: Place) -> None:
            asked = await request_for(place, party, request)
            event = KeyAuthorized(
                salt=UNSALTED,
                key=asked.key,
                proof=asked.proof,
                scope=tuple(sorted(set(scope or ()))),
                event_types=tuple(sorted(set(type_))) if type_ else None,
                admin=admin,
                read=read,
            )
            posted = await place.post(f"{parse_party(party)}/keys", [event])
            key = asked.public_key.thumbprint
            show_posted(call, posted, f"Authorised key {key} of {party}", party=party, key=key)
            if len(await _admins(place, party)) == 1:
                hint(
                    f"{party} has one admin key only. Should it be stolen, nothing that it signed can "
                    f"be confirmed before {party} is recovered. Authorise a second one in good time, "
                    f"and keep it in a safe: carbon-ledger key add {party} --admin --scope {party}/"
                )

        ask(call, work, about=party, writing=True)


def _add_rotate(app: typer.Typer) -> None:
    @command(app, "rotate", example="carbon-ledger key rotate steelworks")
    def rotate(
        call: Call,
        party: Party,
        request: Request = None,
        reason: Reason = "rotated",
    ) -> None:
        """Put a new key in the place of one (the newest admin key, or --key) and revoke that.

        Both happen in one batch, signed by the old key, so the party is never without a key.
        """

        async def work(place: Place) -> None:
            old = await place.key(party, lambda key: key.admin)
            before = [one for one in await _known(place, party) if one.key == old.public.thumbprint]
            if not before:
                raise NotFound(
                    f"key {old.public.thumbprint} of {party}",
                    expected="a key that is on the ledger",
                    advice=f"See: carbon-ledger key list {party}",
                )
            asked = await request_for(place, party, request)
            events = (
                KeyAuthorized(
                    salt=UNSALTED,
                    key=asked.key,
                    proof=asked.proof,
                    scope=before[0].scope,
                    event_types=before[0].event_types,
                    admin=before[0].admin,
                    read=before[0].read and not before[0].admin,
                ),
                KeyRevoked(salt=UNSALTED, key=before[0].key, reason=reason, compromised_from=None),
            )
            writer = await place.writer_with(old, party)
            posted = await writer.post(f"{party}/keys", events)
            place.keyring.retire(party, before[0].key)
            key = asked.public_key.thumbprint
            show_posted(
                call,
                posted,
                f"Key {key} of {party} is in the place of {before[0].key}, which is revoked",
                party=party,
                key=key,
                revoked=before[0].key,
            )

        ask(call, work, about=party, writing=True)


def _add_revoke(app: typer.Typer) -> None:
    @command(
        app,
        "revoke",
        example="carbon-ledger key revoke steelworks "
        'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k --reason "meter replaced"',
    )
    def revoke(
        call: Call,
        party: Party,
        thumbprint: Annotated[str, typer.Argument(metavar="THUMBPRINT", help="The key to revoke.")],
        reason: Reason,
        compromised_from: Annotated[
            int | None,
            typer.Option(
                min=0,
                metavar="INDEX",
                help="Entries from this index on are shown as disputed until confirmed.",
            ),
        ] = None,
        *,
        last: Annotated[
            bool, flag("--last", "Even if the party can sign nothing afterwards.")
        ] = False,
    ) -> None:
        """Revoke a key: it signs nothing any more; what it has signed stays and stays counted.

        Signed by the party if its key is here, else by the operator. With --compromised-from also for
        a key that is revoked already.
        """
        parse_thumbprint(thumbprint, parse_party(party))

        async def work(place: Place) -> None:
            held = place.keyring.list(party)
            others = [one for one in held if not one.retired and one.thumbprint != thumbprint]
            author = party if others or place.call.as_party == party else None
            author = author or (party if held and call.url else await place.operator_here())
            if author == party and not last:
                await _require_another_admin(place, party, thumbprint)
            event = KeyRevoked(
                salt=UNSALTED, key=thumbprint, reason=reason, compromised_from=compromised_from
            )
            posted = await place.post(
                f"{party}/keys", [event], party=author, fits=lambda one: one.admin
            )
            if any(one.thumbprint == thumbprint and not one.retired for one in held):
                place.keyring.retire(party, thumbprint)
            show_posted(
                call,
                posted,
                f"Revoked key {thumbprint} of {party}, signed by {author}",
                party=party,
                key=thumbprint,
                author=author,
            )
            if compromised_from is not None:
                _warn_who_confirms(await _admins(place, party), party, compromised_from)

        ask(call, work, about=party, writing=True)


async def _require_another_admin(place: Place, party: str, thumbprint: str) -> None:
    """Raise RuleBroken if this is the last key by which the party manages its keys."""
    if [one.key for one in await _admins(place, party)] == [thumbprint]:
        raise RuleBroken(
            f"the last admin key of {party}",
            expected="another admin key, which can go on",
            found=thumbprint,
            advice=f"Make one first: carbon-ledger key rotate {party}. Without any, only the "
            "operator can recover the party; if that is meant, say --last. If it was stolen, that is "
            "the way: what a stolen key has authorised can confirm nothing.",
        )


async def _admins(place: Place, party: str) -> list[KeyInfo]:
    """The keys by which the party manages its keys."""
    return [one for one in await _known(place, party) if one.admin and one.revoked is None]


def _warn_who_confirms(admins: Sequence[KeyInfo], party: str, disputed_from: int) -> None:
    """Say so where every admin key may come from a disputed entry, and could confirm nothing."""
    if all(disputed_from <= one.authorised and not one.recovered for one in admins):
        hint(
            f"No admin key of {party} is from before entry {disputed_from}, and one that a disputed "
            f"entry has brought can confirm nothing. With the operator's carbon-ledger key recover "
            f"{party} the party gets one that can."
        )
