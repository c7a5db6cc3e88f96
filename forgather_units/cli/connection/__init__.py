"""The client side of the HTTP API: addresses, credentials, requests, event streams."""
