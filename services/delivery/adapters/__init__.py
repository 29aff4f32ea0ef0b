"""The outside world: providers, decision, the catalog, Liquid."""
