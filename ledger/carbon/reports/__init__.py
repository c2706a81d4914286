"""Reports: the same figures in the forms that people ask for, each figure with its identifier."""
