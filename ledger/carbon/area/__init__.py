"""The whole area: what flows between its parties, and what it means to reach."""
