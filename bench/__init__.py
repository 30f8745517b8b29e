"""Measured against others on the same files: `make bench`. See docs/performance.md."""
