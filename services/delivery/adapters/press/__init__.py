"""Rendering in processes of their own, which a template may stall or break."""
