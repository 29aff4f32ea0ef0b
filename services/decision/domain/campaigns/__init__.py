"""Campaigns: one message to many people, at a time, paced, in variants."""
