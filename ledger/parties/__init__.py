"""Who may say what: parties, their roles, and their keys over time."""
