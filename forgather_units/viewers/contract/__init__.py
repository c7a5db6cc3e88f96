"""The contract between the server and a kind of viewer: its definition, parsers of job_params, its program."""
