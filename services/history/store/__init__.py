"""Every query on history's tables, a file for each group of tables."""
