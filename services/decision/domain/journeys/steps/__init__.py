"""The kinds of steps, one file each: how it is written, how it is checked, what it does."""
