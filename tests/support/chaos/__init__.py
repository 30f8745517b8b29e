"""Chaos on the local mesh: a seeded plan of files and faults, its carrying out, and the accounting at the end."""
