"""Blueprints of /api/, one module for each group of URLs. Each receives only the parts it uses."""
