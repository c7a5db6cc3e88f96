"""What the commands about jobs share: options, submission, foreground runs, output."""
