"""The only public HTTP door."""
