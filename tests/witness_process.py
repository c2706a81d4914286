"""A witness as a process of its own on 127.0.0.1, with its files in a folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from ledger.witness.home import FOLDER, WitnessHome

ROOT: Final = Path(__file__).resolve().parents[1]
LONGEST_WAIT_S: Final = 30.0
DYING: Final = """
import os, signal, sys
from pathlib import Path
from api.witness import serve
from ledger.witness.home import WitnessHome

def die() -> int:  # the clock is read when the state is on the disk, and nothing is signed yet
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError

home = WitnessHome(Path(sys.argv[1]))
serve(home, home.log_vkeys(), "127.0.0.1", int(sys.argv[2]),
      lambda url: print('{"url":"%s"}' % url, flush=True), die)
"""


class WitnessProcess:
    """A witness of some logs; it keeps its port when it is started again."""

    def __init__(
        self,
        folder: Path,
        name: str,
        logs: Sequence[str] = (),
        *,
        ml_dsa: bool = False,
        inside: str = FOLDER,
    ) -> None:
        self.folder = folder
        self.home = WitnessHome(folder / inside)
        self.about = self.home.make(name, ml_dsa=ml_dsa)
        self.home.logs.write_text("".join(f"{vkey}\n" for vkey in logs))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def start(self, *, dying: bool = False) -> Self:
        """Serve; `dying` kills itself with SIGKILL between writing its state and answering."""
        if dying:
            return self.run(["-c", DYING, str(self.home.path), str(self.port)])
        return self.run(["-m", "ledger.cli", "witness", "serve", *self.options])

    @property
    def options(self) -> list[str]:
        """What every command that serves takes."""
        return ["--json", "--home", str(self.folder), "--port", str(self.port)]

    def run(self, arguments: list[str]) -> Self:
        """Serve with these arguments of Python."""
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={k: v for k, v in os.environ.items() if not k.startswith("CARBON_LEDGER_")},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (self.folder / "log").read_text()
        assert json.loads(line) == {"url": self.url}
        return self

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status; it may have ended already."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Its exit status, when it has ended by itself."""
        assert self.process is not None
        status = self.process.wait(LONGEST_WAIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.end(signal.SIGKILL)

    def entry(self, role: str, **more: object) -> dict[str, Any]:
        """As it stands in a ledger's list of witnesses."""
        return {"role": role, "url": self.url, "vkeys": list(self.about.vkeys), **more}
