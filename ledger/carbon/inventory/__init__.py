"""A company's inventory: what it answers for, in scopes and categories, complete and comparable."""
