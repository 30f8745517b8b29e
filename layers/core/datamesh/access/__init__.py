"""Who may read what, asked for and decided on: the wing of requests for access."""
