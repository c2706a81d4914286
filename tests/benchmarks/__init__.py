"""Measured speed, each figure beside its limit or peer in the same run."""
