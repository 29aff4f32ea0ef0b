"""A template as a scene: what can be checked about it before anybody gets it."""
