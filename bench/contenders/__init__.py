"""One script for each way of doing the work. Each is run as `python FILE ARGUMENTS`, alone in its process."""
