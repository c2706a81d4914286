"""Whether the area gets where it means to be: targets, park indicators, residents."""
