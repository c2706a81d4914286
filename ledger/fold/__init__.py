"""What all domain parts share: events in their place, and state as small pieces."""
