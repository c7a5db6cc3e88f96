"""MkDocs: the stock development server, its options and project files."""
