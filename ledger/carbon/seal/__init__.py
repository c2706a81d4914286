"""Seals: the operator commits to the area's figures, in lists that anybody can add up.

Source: formats, section 9.
"""
