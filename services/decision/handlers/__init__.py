"""What this service does when something arrives: load → decide → record; never commits."""
