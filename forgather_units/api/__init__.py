"""The HTTP API: Flask application, JSON, request parsing, errors, permissions and metrics."""
