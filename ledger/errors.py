"""Every error the product raises on purpose, in one tree.

Each message says what went wrong, what was expected, what was found, and what the user can do:

    LedgerError
    ├── InvalidInput            the bytes or the call are wrong; sending them again will not help
    │   ├── NotCanonical        not the one spelling of canonical JSON
    │   ├── BadName             a party, stream, scope, origin or event name
    │   ├── BadValue            a time, decimal, unit, code or other single value
    │   ├── BadKey              a public key that must not be trusted
    │   ├── BadJws              a signed statement out of form, or of an algorithm not accepted
    │   ├── BadBatch            a submission whose parts contradict each other
    │   ├── BadNote             a signed note, checkpoint, receipt or verifier key
    │   ├── BadBundle           a provenance bundle
    │   ├── UnknownEventType    an event type that no rule knows
    │   ├── TooLarge            a body, line or batch over its limit
    │   ├── WrongMediaType      a body of another media type, or one that is encoded
    │   └── BadFile             a file that a command was given
    ├── Refused                 well formed, but the ledger's rules say no
    │   ├── NotAuthorised       the key may not say this, here, now
    │   │   └── NotSignedIn     no reader's token, or one that does not hold
    │   ├── Conflict            another event stands where this one wants to stand
    │   └── RuleBroken          a rule of parties or of accounting
    ├── NotFound                there is no such thing, or the asker may not know of it
    ├── ProofFailed             the answer is no
    │   ├── BadSignature        a signature does not verify
    │   ├── OtherHistory        a log has shown two people, or one twice, different histories
    │   └── Damaged             stored bytes contradict what was signed or published
    └── Unavailable             the ledger cannot do it now
        ├── DatabaseUnavailable the database does not answer
        ├── LogStopped          the log must not sign: the database is behind or disagrees
        │   └── LogEnded        the log has come to its end, and another one continues it
        ├── Overloaded          too much work is waiting
        └── TooSlow             a body did not arrive in time
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class LedgerError(Exception):
    """Something the product refuses, with what a person needs to act on it."""

    exit_status: ClassVar[int] = 2

    def __init__(
        self, what: str, *, expected: str = "", found: str = "", advice: str = "", defect: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.found = found
        self.advice = advice
        self.defect = defect
        """What is wrong with a file that is verified: a name of the table "Defects" in the
        specification of bundles, the same in every verifier. Empty for every other error."""

    @property
    def code(self) -> str:
        """The error's name for programs: its class, in kebab case."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() else c for c in name).lstrip("-")

    def again(self, what: str | None = None) -> LedgerError:
        """A fresh error that says the same (or the same of something else), to be raised anew."""
        fresh = type(self)(
            self.what if what is None else what,
            expected=self.expected,
            found=self.found,
            advice=self.advice,
            defect=self.defect,
        )
        fresh.__dict__.update({k: v for k, v in self.__dict__.items() if k not in fresh.__dict__})
        return fresh

    def __str__(self) -> str:
        text = self.what
        if self.expected:
            text += f": expected {self.expected}"
        if self.found:
            text += f"{',' if self.expected else ':'} found {self.found}"
        if self.advice:
            text += f". {self.advice}"
        return text

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process pools, so the keyword parts must survive pickling."""
        parts = (self.what, self.expected, self.found, self.advice, self.defect)
        return (_rebuild, (type(self), *parts))


def _rebuild(
    kind: type[LedgerError], what: str, expected: str, found: str, advice: str, defect: str
) -> LedgerError:
    return kind(what, expected=expected, found=found, advice=advice, defect=defect)


@contextmanager
def refusing(defect: str, place: str = "") -> Iterator[None]:
    """Every error raised inside names this defect, unless it names one already, and this place."""
    try:
        yield
    except LedgerError as error:
        error.defect = error.defect or defect
        if place:
            error.what = f"{place}: {error.what}"
        raise


@contextmanager
def advising(kind: type[LedgerError], advice: str) -> Iterator[None]:
    """Every error of a kind that is raised inside gives this advice, unless it gives one already."""
    try:
        yield
    except kind as error:
        error.advice = error.advice or advice
        raise


class InvalidInput(LedgerError):
    """The bytes or the call are wrong; sending them again will not help."""


class NotCanonical(InvalidInput):
    """Not the one spelling of canonical JSON."""


class BadName(InvalidInput):
    """A party, stream, scope, origin or event name out of form."""


class BadValue(InvalidInput):
    """A time, decimal, unit, code or other single value out of form or range."""


class BadKey(InvalidInput):
    """A public key that must not be trusted."""


class BadJws(InvalidInput):
    """A signed statement out of form, or of an algorithm that is not accepted."""


class BadBatch(InvalidInput):
    """A submission whose parts contradict each other."""


class BadNote(InvalidInput):
    """A signed note, checkpoint, receipt or verifier key out of form."""


class BadBundle(InvalidInput):
    """A provenance bundle out of form."""


class UnknownEventType(InvalidInput):
    """An event type that no rule knows."""


class TooLarge(InvalidInput):
    """A body, line or batch over its limit."""


class WrongMediaType(InvalidInput):
    """A body of another media type, or one that is encoded."""


class BadFile(InvalidInput):
    """A file that a command was given cannot be used."""


class Refused(LedgerError):
    """Well formed, but the ledger's rules say no."""

    exit_status = 1


class NotAuthorised(Refused):
    """The key may not say this, here, now."""


class NotSignedIn(NotAuthorised):
    """There is no reader's token, or it does not hold."""


class Conflict(Refused):
    """Another event stands where this one wants to stand; carries the JWS already logged."""

    logged_jws: bytes = b""


class RuleBroken(Refused):
    """A rule of parties or of accounting does not allow it."""


class NotFound(LedgerError):
    """There is no such thing, or the asker may not know of it."""

    exit_status = 1


class ProofFailed(LedgerError):
    """The answer is no: a proof does not hold."""

    exit_status = 1


class BadSignature(ProofFailed):
    """A signature does not verify."""


class OtherHistory(ProofFailed):
    """A log has shown two people, or one person twice, different histories."""


class Damaged(ProofFailed):
    """Stored bytes contradict what was signed or published."""


class Unavailable(LedgerError):
    """The ledger cannot do it now."""

    exit_status = 3


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""


class LogStopped(Unavailable):
    """The log must not sign: the database is behind or disagrees with what was published."""


class LogEnded(LogStopped):
    """The log has come to its end, and another one continues it."""


class Overloaded(Unavailable):
    """Too much work is waiting; try again later."""


class TooSlow(Unavailable):
    """A body did not arrive in time; send it again."""
