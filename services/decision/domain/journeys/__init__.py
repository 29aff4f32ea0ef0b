"""Journeys: how they are written (`documents`), checked (`compiling`) and lived (`engine`)."""
