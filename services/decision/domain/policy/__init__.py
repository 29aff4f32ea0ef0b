"""Contact policy: one pure file per rule; their order stands in `policies.py`."""
