"""The commands of `mesh`, one module per group."""
