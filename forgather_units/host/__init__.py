"""This host: the account, its addresses and ports, boot, lingering and environment variables."""
