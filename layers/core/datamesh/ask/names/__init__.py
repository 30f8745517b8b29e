"""What the tables, columns and values of a mesh are called, and by what words they are found: the vocabulary."""
