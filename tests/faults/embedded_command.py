"""A command that uses the embedded server, to be started, killed and stopped by tests.

    python embedded_command.py HOME [--as USER_OR_UID] [--packages FOLDER]

Prints `ready`, then runs each line of standard input as SQL under `ledger_owner` and prints its first
value, or `error` and the message's first line; the line `revive` is no SQL. Ends in order when the input
ends. With `--as` it
becomes that user once its modules are loaded (the interpreter itself may be out of that user's
reach). `--packages` comes first on the path, and so decides which PostgreSQL is found.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import psycopg

from ledger.errors import LedgerError
from ledger.store.embedded import EmbeddedServer, stop_on_signals


def become(user: str) -> None:
    """Become this user for good, with no other groups."""
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect("host=/nonexistent", connect_timeout=1)  # loads what psycopg loads late
    if user.isdigit():
        uid, gid = int(user), int(user)
    else:
        entry = pwd.getpwnam(user)
        uid, gid = entry.pw_uid, entry.pw_gid
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def answer(conninfo: str, statement: str) -> str:
    """The first value of the statement's first row."""
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
    except psycopg.Error as error:
        return f"error {str(error).splitlines()[0]}"
    return "done" if row is None else str(row[0])


def main() -> int:
    """Start, serve the input, stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--as", dest="user")
    parser.add_argument("--packages")
    arguments = parser.parse_args()
    if arguments.packages:
        sys.path.insert(0, arguments.packages)
    if arguments.user:
        become(arguments.user)
    try:
        with stop_on_signals(), EmbeddedServer(arguments.home) as server:
            print("ready", flush=True)
            for line in sys.stdin:
                if line == "revive\n":
                    server.revive()
                    print("revived", flush=True)
                else:
                    print(answer(server.conninfo("ledger_owner"), line), flush=True)
    except LedgerError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
