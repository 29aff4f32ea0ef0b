"""Liquid: its bounds, its filters by language, and templates made of it."""
