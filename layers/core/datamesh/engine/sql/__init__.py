"""What a statement from outside must be before an engine sees it: text, parts and functions that are understood."""
