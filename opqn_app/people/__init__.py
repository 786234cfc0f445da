"""Who is who: groups of faces that show one person, and what the user has decided about them."""
