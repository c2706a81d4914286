"""The ledger over HTTP: routes, request and response models, sign-in, web pages."""
