"""Conditions on a person, compiled once: whether they hold, and when time alone changes that.

`compile.py` turns documents into rules, `rule.py` says what a rule is; the other files each hold
what one subject needs.
"""
