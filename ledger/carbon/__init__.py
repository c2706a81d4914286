"""Sources, activity data, factors and gas masses: from a reading to a footprint."""
