"""What a party runs: key files, signing, outbox, import, HTTP. Needs no database and no server."""
