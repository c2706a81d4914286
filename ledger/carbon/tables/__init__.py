"""Public tables of factors: what each of their rows becomes, and why a row becomes nothing."""
