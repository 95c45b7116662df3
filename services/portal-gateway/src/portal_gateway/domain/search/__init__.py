"""Search: what is asked, how words are folded, what is kept to find projects by, and how they are counted."""
