"""Tools for working on Kairos; nothing that runs in production imports them."""
