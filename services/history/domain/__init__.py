"""Pure rules of history: what a timeline says, in which words, and in which order it is read."""
