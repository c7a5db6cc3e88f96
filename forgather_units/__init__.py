"""Forgather Units: TensorBoards as transient systemd units behind one authenticated address."""

__version__ = "0.1.0"
