"""Arguments that name a project, a config or a run, and plots of runs."""
