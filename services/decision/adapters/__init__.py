"""The outside world of decision: other systems that journeys tell something."""
