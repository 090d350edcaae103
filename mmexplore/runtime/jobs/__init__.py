"""Background jobs, long work as processes of their own: client, worker, folder, reporters."""
