"""What every room stands on: errors, home, cache, progress, logs, registry, devices, jobs."""
