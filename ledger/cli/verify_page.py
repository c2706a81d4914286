"""`verify-page`: the page that checks proofs, as one file that works offline in any browser."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from ledger.browser.module import page
from ledger.cli.arguments import write_file
from ledger.cli.call import Call, command
from ledger.cli.output import show


def add(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "verify-page", example="carbon-ledger verify-page -o verify.html")
    def verify_page(
        call: Call,
        output: Annotated[
            Path,
            typer.Option("--output", "-o", metavar="FILE", help="Where the page is written."),
        ],
    ) -> None:
        """Write the page that checks proofs to a file, for people who have a browser only.

        It opens from a disk, asks no host, and checks with what the browser itself has. Every copy
        of one release is the same bytes, so its SHA-256 can be compared.
        """
        data = page().encode()
        write_file(output, data)
        digest = sha256(data).hexdigest()
        show(
            call,
            {"file": str(output), "bytes": len(data), "sha256": digest},
            f"Wrote the page to {output}, {len(data)} bytes. Open it in a browser.",
            f"  SHA-256 {digest}",
        )
