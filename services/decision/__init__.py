"""Decides for each person which one message is worth sending next."""
