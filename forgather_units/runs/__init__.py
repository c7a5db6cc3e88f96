"""What trainings have written: trainer_logs.json and event files, their figures and their curves."""
