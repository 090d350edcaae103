"""What differs between operating systems: processes and files. Imports nothing else of mmexplore."""
