"""Ranges checked on a Dask cluster: its workers get bytes and send summaries; none needs a database.

What is asked of the cluster: a scheduler that answers, and workers that have the same carbon-ledger
and the same Python. A worker that is lost is no harm, Dask does its ranges again elsewhere. Messages
between client, scheduler and workers are not signed: run the cluster on machines and a network that
you trust as you trust the one that audits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast

from ledger.errors import InvalidInput, Unavailable
from ledger.ranges import Found, Range, check_range_as, release
from ledger.service.spread import AHEAD

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S: Final = 5.0
SCHEMES: Final = ("tcp://", "tls://", "ucx://", "ws://", "wss://")
AHEAD_MAX: Final = 256
"""Ranges of a megabyte each, whatever the size of the cluster."""


class OnDask:
    """Checks ranges on a cluster."""

    def __init__(self, client: Client, address: str, threads: int) -> None:
        self._client = client
        self._address = address
        self.ahead = min(AHEAD_MAX, AHEAD * threads)

    async def check(self, part: Range) -> Found:
        """What follows from a range; raises Unavailable."""
        from distributed import CancelledError as Lost  # noqa: PLC0415  (an extra)
        from distributed import KilledWorker  # noqa: PLC0415

        # Not `pure`: Dask need not look for an equal range that was checked before.
        future = self._client.submit(check_range_as, release(), part, pure=False)
        try:
            return cast("Found", await future)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            raise self._lost("its scheduler forgot a range") from None
        except (KilledWorker, Lost, OSError, TimeoutError) as error:
            raise self._lost(str(error) or type(error).__name__) from error
        finally:
            future.release()  # type: ignore[no-untyped-call]

    async def check_release(self) -> None:
        """Raise Unavailable unless every worker has what this process has."""
        try:
            found = await self._client.run(release)
        except ImportError as error:
            raise Unavailable(
                "a Dask worker cannot check a ledger",
                expected=release(),
                found=f"no {error.name}",
                advice='Install "carbon-ledger[server,dask]" where the workers run.',
            ) from error
        for worker, other in sorted(found.items()):
            if other != release():
                raise Unavailable(
                    f"the Dask worker {worker} has another release",
                    expected=release(),
                    found=str(other),
                    advice="Install the same carbon-ledger and the same Python everywhere.",
                )

    def _lost(self, why: str) -> Unavailable:
        return Unavailable(
            f"the Dask cluster at {self._address} did not finish",
            expected="a scheduler and workers that stay to the end",
            found=why[:300],
            advice="Look at the log of scheduler and workers, then run the command again.",
        )


@asynccontextmanager
async def on_dask(address: str) -> AsyncIterator[OnDask]:
    """The cluster whose scheduler listens at an address; raises InvalidInput, Unavailable."""
    if not address.startswith(SCHEMES):
        raise InvalidInput(
            "address of a Dask scheduler",
            expected="such as tcp://10.0.0.5:8786",
            found=address,
            advice="The scheduler says its address when it starts.",
        )
    try:
        from distributed import Client  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Unavailable(
            "checking on a Dask cluster needs Dask",
            expected="carbon-ledger installed with its extra, dask",
            found=f"no {error.name}",
            advice='Install "carbon-ledger[server,dask]", or use --jobs on this machine.',
        ) from error
    for name in logging.root.manager.loggerDict:
        if name.partition(".")[0] == "distributed":
            # What it would tell of a lost connection is in the error that is raised here.
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        client = await Client(  # type: ignore[no-untyped-call]
            address, asynchronous=True, timeout=CONNECT_S, set_as_default=False
        )
    except (OSError, TimeoutError, ValueError) as error:
        raise Unavailable(
            f"no Dask scheduler answers at {address}",
            expected=f"an answer within {CONNECT_S:.0f} seconds",
            found=str(error)[:300] or type(error).__name__,
            advice="Start one with: dask scheduler",
        ) from error
    try:
        threads = sum((await client.nthreads()).values())
        if not threads:
            raise Unavailable(
                f"the Dask cluster at {address} has no workers",
                expected="at least one",
                found="none",
                advice=f"Start one or more with: dask worker {address}",
            )
        cluster = OnDask(client, address, threads)
        await cluster.check_release()
        yield cluster
    finally:
        await client.close()
