"""An import contract over parts of which some are not built yet.

The import linter refuses a forbidden-contract that names a missing module. Ours names every part of
the architecture from the start, and holds for those that exist. A misspelt part cannot hide here:
`tests/unit/test_imports.py` compares the names with the layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from importlinter.contracts.forbidden import ForbiddenContract

if TYPE_CHECKING:
    from grimp import ImportGraph
    from importlinter.domain.contract import ContractCheck

OURS = ("ledger", "ledger.", "api", "api.")


class ForbiddenIfPresent(ForbiddenContract):
    """A forbidden-contract whose missing modules are passed over."""

    type_name = "forbidden_if_present"

    # The base class declares its fields as descriptors and then holds plain sets in them.
    source_modules: Any = ForbiddenContract.source_modules
    forbidden_modules: Any = ForbiddenContract.forbidden_modules

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001  # its signature
        """Check the modules that exist, as the stock contract does."""
        present = graph.modules

        def counts(module: object) -> bool:
            name = str(module)
            ours = name in OURS or name.startswith(OURS[1::2])
            return name in present or "*" in name or not ours

        self.source_modules = {module for module in self.source_modules if counts(module)}
        self.forbidden_modules = {module for module in self.forbidden_modules if counts(module)}
        return super().check(graph, verbose)
