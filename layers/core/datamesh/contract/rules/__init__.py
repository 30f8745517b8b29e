"""Lint's third layer: can this contract be published here? Each module has one `check(subject)`."""
