"""The four services behind the gateway; they know each other only through the bus."""
