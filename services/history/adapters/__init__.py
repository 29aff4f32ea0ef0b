"""The world outside history."""
