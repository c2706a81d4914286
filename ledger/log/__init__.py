"""Bytes: everything that is hashed, signed or sent, and nothing that knows what it means.

Pure: no I/O, no clock, no randomness. Time, salts and keys are arguments. The formats are written
down in docs/specification; every parser here accepts exactly the bytes that its writer produces.
"""
