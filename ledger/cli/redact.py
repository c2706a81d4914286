"""`redact`: the data of a reading is taken out of the log; what it came to stays.

Its author asks, in an event that says what the reading had contributed, and the operator confirms. Before
the author signs, what the ledger drafts is held against the reading's own proof.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec
import typer

from ledger.carbon.redaction.draft import RedactionDraft
from ledger.carbon.redaction.events import RedactionConfirmed
from ledger.carbon.redaction.info import RedactionInfo
from ledger.cli.call import Call, command, flag
from ledger.cli.output import show, table
from ledger.cli.posted import show_posted
from ledger.cli.stated import parse_event
from ledger.cli.where import Place, ask
from ledger.client.writer import UNSALTED
from ledger.errors import ProofFailed, RuleBroken
from ledger.log.names import parse_party, party_of


def add(app: typer.Typer) -> None:
    """Add the commands."""
    _add_ask(app)
    _add_confirm(app)
    _add_list(app)


def _add_ask(app: typer.Typer) -> None:
    @command(
        app,
        "ask",
        example='carbon-ledger redact ask steelworks/plant/electricity@42 --who "data protection '
        'officer" --legal-basis "PIPL article 47"',
    )
    def ask_(
        call: Call,
        event: Annotated[str, typer.Argument(metavar="STREAM@VERSION", help="The reading.")],
        who: Annotated[str, typer.Option(help="Who asked for it; not by a person's name.")],
        legal_basis: Annotated[str, typer.Option(help="On which legal basis.")],
    ) -> None:
        """Give the data of one reading up. It goes when the operator confirms it, and for ever.

        A reading that was corrected, counted again with its source, or read on by its meter stays.
        """
        parse_event(event)

        async def work(place: Place) -> None:
            draft = await place.connection.redaction_draft(event)
            proof = await place.connection.bundle(event)
            check_draft(draft, proof, (await place.status()).log_key)
            party = party_of(event)
            posted = await place.post(
                f"{party}/redactions", [draft.signed(who, legal_basis, UNSALTED)]
            )
            show_posted(
                call,
                posted,
                f"Asked for the redaction of {event}. Its data goes when the operator confirms.",
                redacts=event,
                data_hash=draft.data_hash,
            )

        ask(call, work, about=party_of(event), writing=True)


def _add_confirm(app: typer.Typer) -> None:
    @command(
        app,
        "confirm",
        example='carbon-ledger redact confirm steelworks/redactions@1 --reason "request looked at"',
    )
    def confirm(
        call: Call,
        redaction: Annotated[
            str, typer.Argument(metavar="REDACTION", help="As redact list names it.")
        ],
        reason: Annotated[str, typer.Option(help="Why; without naming a person.")],
    ) -> None:
        """Confirm a redaction: the data goes from this ledger's database at once.

        Copies elsewhere (backups, exports, witnesses that replay) are not reached. Only the operator.
        """
        parse_event(redaction)

        async def work(place: Place) -> None:
            operator = await place.operator_here()
            said = RedactionConfirmed(salt=UNSALTED, event=redaction, reason=reason)
            posted = await place.post(f"{operator}/redactions", [said])
            known = {one.redaction: one for one in await place.connection.redactions()}
            found = known[redaction]
            erased = (
                f"The data of {found.event} is gone from the database."
                if found.erased
                else f"The data of {found.event} goes when the ledger next starts."
            )
            show_posted(
                call,
                posted,
                f"{erased} Backups, exports and copies of it elsewhere are not reached.",
                redacts=found.event,
                erased=found.erased,
            )

        ask(call, work, writing=True)


def _add_list(app: typer.Typer) -> None:
    @command(app, "list", example="carbon-ledger redact list --waiting")
    def list_(
        call: Call,
        party: Annotated[
            str | None, typer.Argument(metavar="PARTY", help="Whose; all without it.")
        ] = None,
        *,
        waiting: Annotated[
            bool, flag("--waiting", "Only those that the operator has not confirmed.")
        ] = False,
    ) -> None:
        """Redactions that were asked for, the oldest first. Private."""
        wanted = None if party is None else parse_party(party)
        found = [
            one
            for one in ask(call, lambda place: place.connection.redactions(wanted), about=wanted)
            if not waiting or one.confirmed is None
        ]
        grid = table(
            ("redaction", "event", "who", "legal basis", "state"),
            [(one.redaction, one.event, one.who, one.legal_basis, _state(one)) for one in found],
        )
        value = {"redactions": msgspec.to_builtins(found)}
        show(call, value, grid if found else "No redaction was asked for.")


def check_draft(draft: RedactionDraft, proof: bytes, log_key: str) -> None:
    """Raise ProofFailed unless a draft says what the reading's own bundle gives."""
    from ledger.provenance import verify_bundle  # noqa: PLC0415  (all event types; only this needs it)

    verdict = verify_bundle(proof, log_key)
    data = verdict.finding.data
    if data is None or verdict.subject.get("event") != draft.event:
        raise RuleBroken(
            f"redaction of {draft.event}", expected="a reading whose data is there", found="none"
        )
    found = masses_of(draft)
    if sha256(bytes(data)).hexdigest() != draft.data_hash or verdict.claim["masses"] != found:
        raise ProofFailed(
            f"the ledger's draft of the redaction of {draft.event}",
            expected=f"what its proof gives: {verdict.claim['masses']}",
            found=str(found),
            advice="Nothing was signed. Ask the operator, and run carbon-ledger prove and verify.",
        )


def masses_of(draft: RedactionDraft) -> dict[str, dict[str, dict[str, str]]]:
    """Milligrams by month, role and gas, as a verdict has them: without zeros."""
    sums: dict[tuple[str, str, str], int] = {}
    for one in draft.deltas:
        key = (one.month, one.role, one.gas)
        sums[key] = sums.get(key, 0) + one.mass_mg
    found: dict[str, dict[str, dict[str, str]]] = {}
    for (month, role, gas), mass_mg in sorted(sums.items()):
        if mass_mg:
            found.setdefault(month, {}).setdefault(role, {})[gas] = str(mass_mg)
    return found


def _state(one: RedactionInfo) -> str:
    if one.confirmed is None:
        return "asked for"
    return "data is gone" if one.erased else "confirmed"
