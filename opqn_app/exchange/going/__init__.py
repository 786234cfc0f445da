"""Photos and names go out: as copies, zips and lists, and as XMP files beside the photos."""
