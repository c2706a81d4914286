"""What somebody may say in the brief ledger and in a log that continues it, and the file about it.

    about(two_logs(say("acme", "acme/keys", revoked("acme")), area="Elsewhere"))

What is said stands in the earlier log; members of the opening are changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from ledger.log.jws import possession_proof
from ledger.parties.events import RulesActivated
from tests.unit.proof_file import Value
from tests.unit.world import LOG, Logged, authorisation, jwk, key_of, reading, rules_ref, salt
from tests.vectors.continued.chain import Chain
from tests.vectors.continued.files import Files
from tests.vectors.continued.logs import LEDGER, SECOND, THIRD, reopening, salts_from, vkey_of
from tests.vectors.continued.worlds import POWER, brief
from tests.vectors.deep.dishonest import plain
from tests.vectors.deep.honest import day

Make = Callable[[], Value]
Cases = dict[str, tuple[str, Make]]
"""By name: the defect that a verifier names, and the file."""
LOST: Final = "ef" * 32
LOG_2: Final = vkey_of(SECOND)
LOG_3: Final = vkey_of(THIRD)
ADMIN: Final = {"admin": True}


def later(number: int = 3, **more: Any) -> Any:
    """Another reading."""
    return reading(day(number), "P1D", f"{number}0", **more)


@cache
def brief_log() -> Chain:
    """The brief ledger as it should be."""
    with salts_from(1):
        return Chain.of(brief())


def first_log(*more: Callable[[Chain], Any]) -> Chain:
    """The brief ledger, and what somebody adds to it."""
    chain = brief_log().copy()
    for lie in more:
        lie(chain)
    return chain


def two_logs(*more: Callable[[Chain], Any], signer: str | None = None, **changed: Any) -> Chain:
    """The brief ledger with more in it, continued by an opening that is `changed`."""
    chain = first_log(*more)
    chain.open(SECOND, signer, **changed)
    return chain


def three_logs() -> Chain:
    """Three logs, each with an opening more."""
    chain = two_logs()
    chain.open(THIRD)
    return chain


def histories_of_keys() -> Chain:
    """Rules that changed twice, and a company's keys in both logs."""
    chain = first_log(
        say("operator", LEDGER, RulesActivated(salt=salt(), rules=rules_ref("1"))),
        say("operator", LEDGER, RulesActivated(salt=salt(), rules=rules_ref("2"))),
        say("acme", "acme/keys", given(LOG, "acme", "one", "acme/")),
        say("acme", "acme/keys", given(LOG, "acme", "two", "acme/")),
        say("operator", "operator/keys", given(LOG, "operator", "hand", "operator/")),
    )
    chain.open(SECOND)
    chain.lie("acme", "acme/keys", given(LOG_2, "acme", "three", "acme/"))
    return chain


def about(chain: Chain, signer: str = "acme", **asked: Any) -> Value:
    """A file about a new reading."""
    name = chain.lie(signer, POWER, later())
    return Files(chain, **asked).event(name)


def held(chain: Chain, name: str, **asked: Any) -> Value:
    """A file about what has been said."""
    return Files(chain, **asked).event(name)


def say(signer: str, stream: str, *events: Any, **more: Any) -> Callable[[Chain], str]:
    return lambda chain: chain.lie(signer, stream, *events, **more)


def given(log: str, party: str, name: str, *scope: str, **more: Any) -> Any:
    """A key of a party whose holder means this log."""
    proof = possession_proof(key_of(name), log, party)
    return authorisation(party, name, *scope, proof=proof, **more)


def holder(log: str, party: str, name: str) -> dict[str, Any]:
    return {"key": jwk(key_of(name)), "proof": possession_proof(key_of(name), log, party)}


def said(origin: str, chain: Chain, **changed: Any) -> Value:
    """An honest opening that continues the chain, as plain JSON."""
    return plain(reopening(origin, chain.end(), **changed))


def then(begin: Callable[[], Chain], *lies: Callable[[Chain], Any]) -> Make:
    def make() -> Value:
        chain = begin()
        for lie in lies:
            lie(chain)
        return about(chain)

    return make


def replay(chain: Chain, entries: Sequence[Logged]) -> None:
    """Append entries as they are."""
    for logged in entries:
        at = len(chain.last.entries)
        entry = msgspec.structs.replace(logged.entry, index=at)
        chain.last.entries.append(msgspec.structs.replace(logged, index=at, entry=entry))
        version = logged.entry.first + logged.entry.count - 1
        chain.heads[logged.entry.stream] = (version, logged.leaves[-1].hex())


def rewrite(chain: Chain, log: int, at: int, change: Callable[[bytes], bytes]) -> None:
    """An entry has another JWS, in a log that has it there."""
    entries = chain.logs[log].entries
    entries[at] = msgspec.structs.replace(entries[at], jws=change(entries[at].jws))
