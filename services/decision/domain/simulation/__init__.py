"""A catalog lived through by many people, on the core that serves live traffic."""
