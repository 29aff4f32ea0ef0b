"""Shared machinery without domain words."""
