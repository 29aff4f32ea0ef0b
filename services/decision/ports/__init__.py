"""What the handlers need from the world: the store's promises and the values that pass between
them, a file a concern.
"""
