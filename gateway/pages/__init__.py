"""Pages for people: plain HTML, no scripts, no cookies."""
