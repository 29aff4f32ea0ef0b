"""Renders, sends, retries, takes receipts."""
