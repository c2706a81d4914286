"""Redaction: the data of a reading is taken out of the log, and what it came to stays.

Source: formats, section 10.
"""
