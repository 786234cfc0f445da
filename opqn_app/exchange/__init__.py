"""Names and photos travel: in from other programs, out to other programs. No window."""
