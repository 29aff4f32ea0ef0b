"""Rules that neither ruff nor the import contracts can say: `python -m dev.lint [path ...]`."""
