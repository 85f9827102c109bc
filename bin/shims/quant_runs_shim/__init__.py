"""Runs one job: `waiter` watches over the process, `caller` calls the entrypoint in it, both tell `records` what happened."""
