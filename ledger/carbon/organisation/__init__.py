"""A company as an organisation: its boundary, meters, facts, and what it says is not there."""
