"""Client of the service manager: D-Bus calls and signals, unit names, scope, and counters of units."""
