"""Imports: the past of another tool, row by row, never whole in memory."""
