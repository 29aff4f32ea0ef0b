"""The only queries of the delivery service: all name the workspace, all go in key order."""
