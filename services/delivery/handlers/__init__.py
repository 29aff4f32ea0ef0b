"""What delivery does: takes orders, sends, recovers, takes receipts, answers."""
