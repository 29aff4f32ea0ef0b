"""The only public HTTP door: authentication, limits, routing, public pages. No domain rules."""
