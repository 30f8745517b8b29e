"""The demonstration: the whole mesh on real data, checked against the same counted by hand. `python -m cli.demo`"""
