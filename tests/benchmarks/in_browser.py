"""How long Chromium takes to verify a bundle of one event with its ancestors, in a log of ten million events.

    python -m tests.benchmarks.in_browser [--rounds 50]

The log has ten thousand entries of a thousand events each; the file holds the event, its source, site and
factor, and the keys. Told are the bytes of the file, and the milliseconds of the first check on a fresh
page, of the median and of the slowest one of the others. The time is taken in the page, from bytes to verdict.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import sync_playwright

from ledger.browser.module import verifier
from ledger.log.hashes import LeafHash
from tests.e2e.conftest import CHROMIUM, QUIET
from tests.e2e.verifying.conftest import HARNESS
from tests.unit.proof_file import ProofFiles, as_file
from tests.unit.world import LOG, World, after, reading

ENTRIES, EVENTS = 10_000, 1_000
POWER = "acme/plant/power"
START = "2026-01-01T00:00:00+08:00"

MEASURE = """async ([text, logKey, rounds]) => {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const times = [];
    for (let round = 0; round < rounds; round += 1) {
        const began = performance.now();
        await verifyBundle(bytes, { logKey });
        times.push(performance.now() - began);
    }
    return times;
}"""


def one_event() -> bytes:
    """The file about one reading out of the middle of a batch, early in a large log."""
    world = World()
    world.party("acme")
    world.factor("grid", CO2="0.5827")
    world.key("acme", "meter", f"{POWER}")
    world.source(POWER, location="operator/grid@1")
    starts = [START]
    for _ in range(EVENTS - 1):
        starts.append(after(starts[-1], "PT15M"))
    world.post("meter", POWER, [reading(start, "PT15M", "3.17") for start in starts])
    files = ProofFiles(world)
    others = range(len(files.leaves), ENTRIES)
    files.leaves += [LeafHash(sha256(str(number).encode()).digest()) for number in others]
    grounds = ("acme/register@1", "acme/register@2", "operator/factors@1")
    return as_file(files.event(f"{POWER}@{EVENTS // 2}", *grounds))


def lacking() -> str | None:
    """What this machine lacks to measure it, None if nothing."""
    if CHROMIUM is None:
        return "Chromium is not installed"
    driver = [sys.executable, "-m", "playwright", "--version"]
    if subprocess.run(driver, capture_output=True, check=False).returncode:
        return "Playwright's driver does not start"
    return None


def measure(data: bytes, log_key: str, rounds: int) -> list[float]:
    """Milliseconds of each check, the first one by a browser that has checked nothing yet.

    Not to be called where an event loop runs.
    """
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        harness = Path(folder) / "harness.html"
        module = "".join(verifier().rsplit("export ", 1))
        harness.write_text(HARNESS % (module + "window.verifyBundle = verifyBundle;"))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        page.goto(harness.as_uri())
        page.wait_for_function("window.ready === true")
        times: list[float] = page.evaluate(MEASURE, [b64encode(data).decode(), log_key, rounds])
        browser.close()
    return times


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    data = one_event()
    first, *others = measure(data, LOG, rounds)
    print(f"bytes of the file       {len(data)}")
    print(f"first check, ms         {first:.0f}")
    print(f"median of {len(others)}, ms     {statistics.median(others):.0f}")
    print(f"slowest of {len(others)}, ms    {max(others):.0f}")


if __name__ == "__main__":
    main()
