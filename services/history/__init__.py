"""Keeps the timeline of every person."""
