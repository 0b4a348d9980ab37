"""A process whose system clock is set by the script, by libfaketime; its monotonic clock runs as it does."""

from pathlib import Path

import lab


def library():
    """libfaketime, which comes with Debian's faketime."""
    return str(next(iter(sorted(Path("/usr/lib").glob("*-linux-gnu/faketime/libfaketime.so.1")))))


class Clock:
    """Seconds that the system's clock is ahead of the real one."""

    def __init__(self, ahead=0):
        self.file = lab.folder() / "ahead"
        self.set(ahead)

    def set(self, ahead):
        self.file.write_text(f"{ahead:+d}\n")

    def env(self):
        return {
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
