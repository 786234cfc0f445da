"""What other programs know of photos: one module reads what one of them leaves on disk."""
