"""The life of one job as its shim leads it from the claim on: tell, wait, record. It runs no code of the user's."""

from .ending import ending_of
from .watch import Watch


def run(claimed):
    """Returns when nothing of the job is left, and its end is recorded."""
    directory, starter, started_at = claimed.directory, claimed.starter, claimed.started_at
    was_told = starter.tell_claim(directory.claim_record)
    directory.write_status("running", started_at)
    if not was_told:
        directory.announce("running")
    watch = Watch(directory, started_at, claimed.process, claimed.wake, claimed.alive)
    watch.until_the_end()
    ending = {"version": 1, "started_at": started_at, **ending_of(watch)}
    directory.write_exit(ending)
    directory.write_status(ending["status"], started_at, ending)
    if not starter.waits:
        directory.announce("ended")
