"""Runtime: processes, files, jobs, caches, devices, logs. Imports nothing else of mmexplore."""
