"""Server-sent events: changes for the page, and the output of a job."""
