"""Follows a log from elsewhere, as anybody can, and holds it to all that it has ever signed.

It stands on the formats of the log alone and sees no private data. Source: specification, monitoring.
"""
