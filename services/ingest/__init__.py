"""Accepts events exactly once and knows who they are about."""
