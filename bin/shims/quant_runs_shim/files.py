"""Writing files that others read while they are written, on disks that may be full, beside a job that may do anything."""

import errno
import os
import stat

PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EMFILE)
"""Troubles of a disk that somebody may mend while the shim waits."""


def create(path):
    """A new file for its owner alone, whatever stood there before; a link is replaced, never followed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        os.unlink(path)
        return os.open(path, flags, 0o600)


def open_logs(directory):
    """Descriptors of both logs, to append to."""
    stdout = _open_log(os.path.join(directory, "stdout.log"))
    try:
        return [stdout, _open_log(os.path.join(directory, "stderr.log"))]
    except OSError:
        os.close(stdout)
        raise


def take_logs(directory, outputs):
    """Opens them at these descriptors, as a process that is executed finds them: 1 is stdout.log, any other stderr.log."""
    stdout, stderr = open_logs(directory)
    for descriptor in outputs:
        os.dup2(stdout if descriptor == 1 else stderr, descriptor, inheritable=descriptor <= 2)
    os.close(stdout)
    os.close(stderr)


def _open_log(path):
    """Follows no link, waits for no reader of a FIFO and takes nothing but a file."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    log = os.open(path, flags, 0o600)
    try:
        _expect_file(log, path)
    except OSError:
        os.close(log)
        raise
    return log


def _expect_file(descriptor, path):
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "is not a regular file", path)


def close_from(first):
    """Every descriptor from this one on."""
    try:
        last = max(map(int, os.listdir("/dev/fd")))
    except OSError:
        last = 1024
    os.closerange(first, last + 1)


def read_to_mark(descriptor):
    """What comes up to a NUL, behind which nothing comes yet; nothing where nobody is left who could write one."""
    received = b""
    while not received.endswith(b"\0"):
        part = os.read(descriptor, 65536)
        if not part:
            return b""
        received += part
    return received[:-1]


def read_text(path):
    """All of a small UTF-8 file. Waits for no writer of a FIFO, and takes nothing that has no end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _expect_file(descriptor, path)
        parts = [os.read(descriptor, 65536)]
        while parts[-1]:
            parts.append(os.read(descriptor, 1024 * 1024))
        return b"".join(parts).decode("utf-8")
    finally:
        os.close(descriptor)


def write(descriptor, texts, durable=False):
    """Writes all texts and closes the file; a durable one outlives a loss of power (fsync(2))."""
    try:
        for part in _parts(texts):
            write_all(descriptor, part.encode("utf-8"))
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor, remaining):
    while remaining:
        remaining = remaining[os.write(descriptor, remaining) :]


def write_and_rename(descriptor, temporary, path, texts, durable):
    """Readers see the old file or the new one (rename(2)); nothing is left behind when the disk is full."""
    try:
        write(descriptor, texts, durable)
    except OSError:
        os.unlink(temporary)
        raise
    try:
        os.rename(temporary, path)
    except IsADirectoryError:  # the job has put a folder where the record belongs
        os.rename(path, temporary + ".aside")
        os.rename(temporary, path)


def remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass  # not there, or on a disk that takes no change now: it harms nobody


def make_writable(path):
    """For a run directory that its own job has made read-only."""
    try:
        os.chmod(path, 0o700)
    except OSError:
        pass  # not ours, or gone


def sync_folder(path):
    """Makes the names in a folder outlive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    os.fsync(descriptor)
    os.close(descriptor)


def note(text):
    """A line of the shim's own in the job's stderr.log, where there is still room for it."""
    try:
        os.write(2, ("quant-runs: %s\n" % text).encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # the records say it too


def _parts(texts, length=1024 * 1024):
    """Small texts in one, large ones in slices, so that half a gigabyte of result is not copied as a whole to be encoded."""
    if sum(map(len, texts)) <= length:
        return ["".join(texts)]
    return (text[start : start + length] for text in texts for start in range(0, len(text), length))
