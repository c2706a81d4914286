"""`key recover`: a new key for a party that lost its own, by the operator and with evidence.

The operator's own keys are recovered with the recovery key, which may only authorise and revoke in
the operator's key stream. Source: formats, section 5.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ledger.carbon.info import Posted
from ledger.cli.arguments import parse_evidence
from ledger.cli.call import Call, command
from ledger.cli.key_request import Party, Reason, Request, request_for
from ledger.cli.posted import show_posted
from ledger.cli.where import Place, ask, here_only
from ledger.client.keyring import KeyRequest, read_key_file
from ledger.client.writer import UNSALTED
from ledger.errors import BadValue
from ledger.parties.events import KeyAuthorized, KeyRecovered, KeyRevoked


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(
        app,
        "recover",
        example="carbon-ledger key recover steelworks --request request.json "
        '--reason "laptop lost" --evidence letter.pdf',
    )
    def recover(
        call: Call,
        party: Party,
        reason: Reason,
        evidence: Annotated[
            list[str] | None,
            typer.Option(
                metavar="FILE",
                help="A document that shows it, or its SHA-256; only the hash is posted.",
            ),
        ] = None,
        replaces: Annotated[
            list[str] | None,
            typer.Option(metavar="THUMBPRINT", help="A lost key, revoked at once."),
        ] = None,
        request: Request = None,
        recovery_key: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE", help="For the operator's own keys: the key that init told to move."
            ),
        ] = None,
    ) -> None:
        """Give a party that lost its keys a new one. Verdicts that rest on it will say so.

        The operator does it for a party, with evidence. The operator's own keys are recovered with
        the recovery key.
        """
        here_only(call, "key recover")

        async def work(place: Place) -> None:
            operator = (await place.status()).operator
            asked = await request_for(place, party, request)
            lost = tuple(sorted(set(replaces or ())))
            thumbprint = asked.public_key.thumbprint
            if party == operator:
                posted = await _recover_operator(place, asked, lost, reason, recovery_key)
            else:
                if not evidence:
                    raise BadValue(
                        "--evidence",
                        expected="at least one document that shows who asks",
                        found="none",
                    )
                event = KeyRecovered(
                    salt=UNSALTED,
                    key=asked.key,
                    proof=asked.proof,
                    reason=reason,
                    evidence=parse_evidence(evidence),
                    replaces=lost,
                )
                author = await place.operator_here()
                posted = await place.post(
                    f"{party}/keys", [event], party=author, fits=lambda one: one.admin
                )
            show_posted(
                call,
                posted,
                f"Recovered: {party} has the key {thumbprint}",
                party=party,
                key=thumbprint,
                revoked=list(lost),
            )

        ask(call, work, writing=True)


async def _recover_operator(
    place: Place,
    asked: KeyRequest,
    lost: tuple[str, ...],
    reason: str,
    recovery_key: Path | None,
) -> Posted:
    """The recovery key authorises a new admin key of the operator and revokes the lost ones."""
    if recovery_key is None:
        raise BadValue(
            "--recovery-key",
            expected="the file that init told to move offline: nobody else recovers the operator",
            found="none",
        )
    operator = asked.party
    events: list[msgspec.Struct] = [
        KeyAuthorized(
            salt=UNSALTED,
            key=asked.key,
            proof=asked.proof,
            scope=(f"{operator}/",),
            admin=True,
        )
    ]
    events += [
        KeyRevoked(salt=UNSALTED, key=one, reason=reason, compromised_from=None) for one in lost
    ]
    key = read_key_file(recovery_key, operator)
    writer = await place.writer_with(key, operator)
    return await writer.post(f"{operator}/keys", events)
