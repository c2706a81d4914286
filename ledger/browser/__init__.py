"""What runs in a browser: the verifier as an ES module, and the page around it."""
