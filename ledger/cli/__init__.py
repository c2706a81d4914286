"""The program `carbon-ledger`: arguments in, text or JSON out, and a status that says how it ended.

Exit status: 0 done, 1 the answer is no, 2 the call was wrong, 3 the ledger could not do it now;
130 after Ctrl-C, 143 after SIGTERM. Results go to stdout, everything else to stderr.

A company needs this package without the packages of the server: what only the operator needs is
imported by the command that needs it, when it runs.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the program with the arguments of this process, and end it."""
    from ledger.cli.program import run  # noqa: PLC0415  (importing the package stays cheap)

    sys.exit(run(sys.argv[1:]))
