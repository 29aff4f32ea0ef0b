"""One rule a file; the docstring of the file says what is forbidden, and why."""
