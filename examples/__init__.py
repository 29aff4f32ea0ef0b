"""Story packs, and the programs that play them."""
