"""What can be set from outside, by environment variables that begin with CARBON_LEDGER_.

A value given to a command wins over the environment. Nothing is read at import.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ledger.store.embedded import default_home


class Settings(BaseSettings):
    """Settings of a ledger that is run here."""

    model_config = SettingsConfigDict(env_prefix="CARBON_LEDGER_", frozen=True, extra="ignore")

    home: Path = Field(
        default_factory=default_home,
        description="Folder of keys, checkpoints and, with the embedded database, all data.",
    )
    database_url: str | None = Field(
        default=None,
        description="PostgreSQL 15 or later to use instead of the embedded one, as its owner.",
    )
    server_database_url: str | None = Field(
        default=None,
        description="The same database as the serving role, where its login is another one; alone, "
        "it serves a database that its owner has migrated.",
    )

    witnesses: Path | None = Field(
        default=None,
        description="File of the witnesses that this ledger asks; by default witnesses.json in the "
        "home, if it is there.",
    )

    @property
    def witness_file(self) -> Path:
        """Where the list of witnesses stands, if there is one."""
        return self.witnesses or self.home / "witnesses.json"

    @property
    def external(self) -> bool:
        """Whether the database is somebody's PostgreSQL, and not the embedded one."""
        return self.database_url is not None or self.server_database_url is not None

    @property
    def serving_url(self) -> str:
        """How the serving role connects to an external database."""
        return self.server_database_url or self.database_url or ""
