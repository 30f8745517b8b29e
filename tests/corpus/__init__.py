"""Malformed and odd files, made by code, each with how publishing it must end. `python -m tests.corpus` tells."""
