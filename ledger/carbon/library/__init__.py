"""The factors that ship with the product, as data with a source for every value."""
