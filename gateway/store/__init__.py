"""The only queries of the gateway, a file a concern."""
