"""Checks of the features of this host, with fixes: `forgather doctor` and the page's host panel."""
