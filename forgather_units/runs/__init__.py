"""Logs of trainings (trainer_logs.json and event files), their figures and curves."""
