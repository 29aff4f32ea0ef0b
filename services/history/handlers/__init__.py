"""What history does: puts facts on timelines and into sums, answers what they say."""
