"""Who reads, and whose private data they may see.

A company sees its own; the operator and a regulator see the area's. Source: architecture, "Roles
and reading".
"""

from __future__ import annotations

from typing import Final

import msgspec


class Reader(msgspec.Struct, frozen=True):
    """A party that has shown a valid read token."""

    party: str
    roles: tuple[str, ...]

    @property
    def sees_all(self) -> bool:
        """Whether the party may see unsealed figures of everybody."""
        return "operator" in self.roles or "regulator" in self.roles

    def may_read(self, party: str) -> bool:
        """Whether the party may see the private data of another."""
        return self.party == party or self.sees_all


HOLDER: Final = Reader("", ("operator",))
"""Whoever has the home and its database: the operator, who may read everything."""
