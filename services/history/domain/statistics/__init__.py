"""Honest statistics of experiments: planning, checking, comparing, looking early without lying."""
