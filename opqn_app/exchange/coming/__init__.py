"""Names come in: matched to the faces of the library, shown as a plan, taken in."""
