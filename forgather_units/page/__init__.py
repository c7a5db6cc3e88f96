"""The web pages: the built page of web/, and a plain one without scripts."""
