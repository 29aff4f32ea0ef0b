"""The pure core: state, catalog, rules and the step. No I/O, no clock, no randomness."""
