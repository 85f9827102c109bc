"""Runs one job. The shim forks the job's process (`job_process`), claims the job (`claiming`), lets the process go and waits
(`waiter`); in the process, `caller` calls the entrypoint. A `launcher` starts shims, a `template` forks them of itself.
"""
