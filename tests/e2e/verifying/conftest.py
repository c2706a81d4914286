"""The verifier in a browser without a network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from ledger.browser.module import verifier

HARNESS = """<!doctype html><meta charset="utf-8"><title>harness</title>
<script type="module">
%s
window.check = async (text, options) => {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  try {
    return { facts: (await verifyBundle(bytes, options)).verdict };
  } catch (error) {
    if (error instanceof Refused) return { defect: error.defect, what: error.message };
    if (error instanceof Unable) return { unable: error.message };
    return { fault: `${error.stack}` };
  }
};
window.inner = { canonical: $canonical, ed25519: $ed25519, merkle: $merkle, note: $note, schema: $schema, statement: $statement, bytes: $bytes };
window.ready = true;
</script>"""


class InBrowser:
    """The verifier as it runs in Chromium."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def check_all(self, files: Sequence[bytes], **options: Any) -> list[dict[str, Any]]:
        """What the verifier says of each file: `facts`, `defect` or `unable`."""
        texts = [b64encode(data).decode() for data in files]
        found: list[dict[str, Any]] = self._page.evaluate(
            """async ([texts, options]) => {
                const found = [];
                for (const text of texts) found.push(await window.check(text, options));
                return found;
            }""",
            [texts, options],
        )
        faults = [one["fault"] for one in found if "fault" in one]
        assert faults == []
        return found

    def run(self, script: str, value: object) -> Any:
        """What a function of the verifier's own modules, `inner`, and a value gives."""
        return self._page.evaluate(f"async (value) => {{ {script} }}", value)

    def check(self, data: bytes, **options: Any) -> dict[str, Any]:
        return self.check_all([data], **options)[0]


@pytest.fixture(scope="module")
def in_browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InBrowser]:
    harness: Path = tmp_path_factory.mktemp("verifier") / "harness.html"
    harness.write_text(HARNESS % "".join(verifier().rsplit("export ", 1)))
    page = browser.new_page()
    page.context.set_offline(offline=True)
    page.goto(harness.as_uri())
    page.wait_for_function("window.ready === true")
    yield InBrowser(page)
    page.close()
