"""A process that does what it is told, one thing after the other, until nobody is there to tell it.

    python -m ledger.worker FD

FD is its end of a socket; the other end is its owner's alone. Down come tasks, up go answers, each a
pickle behind its length in four bytes. A task is (function, argument), the function named by its
module; an answer is (whether it was done, value or error). When the owner closes its end, or is
killed, the process ends: nothing is ever left of it. `ledger.service.workers` is the owner.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import socket
import sys
from typing import BinaryIO, Final

LENGTH_BYTES: Final = 4
NICER: Final = 5
"""The owner and its database go first: what they wait for holds everybody up, and this does not."""


def frame(value: object) -> bytes:
    """A value as it is sent."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def main() -> None:
    """Work until the socket is closed."""
    os.nice(NICER)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner.
    # Events hold no cycles: what they leave behind goes without being searched for.
    gc.set_threshold(100_000, 50, 50)
    owner = socket.socket(fileno=int(sys.argv[1]))
    with owner, owner.makefile("rb") as tasks, contextlib.suppress(EOFError, ConnectionError):
        while True:
            owner.sendall(frame(_answer(_next(tasks))))


def _next(tasks: BinaryIO) -> bytes:
    length = tasks.read(LENGTH_BYTES)
    task = tasks.read(int.from_bytes(length, "big"))
    if not task:
        raise EOFError
    return task


def _answer(task: bytes) -> tuple[bool, object]:
    try:
        function, argument = pickle.loads(task)  # noqa: S301  (from its owner alone)
        return True, function(argument)
    except Exception as error:  # noqa: BLE001  (the owner raises it)
        return False, error


if __name__ == "__main__":
    main()
