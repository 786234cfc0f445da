"""What stands in the XMP of photos, and how it is read and changed without losing the rest."""
