"""Named steps of a build at which a test can have it killed, as by `kill -9` or a power cut.

Armed by the environment variable ASSISTANT_CRASH_AT; without it nothing happens.
"""

from __future__ import annotations

import multiprocessing
import os
import signal

VARIABLE = "ASSISTANT_CRASH_AT"
STEPS = (
    "locked",
    "surveyed",
    "staged",
    "read",
    "content written",
    "lexical written",
    "vectors written",
    "verified",
    "sealed",
    "pointer drafted",
    "published",
    "cleaned up",
)


def crash_point(step: str) -> None:
    """Kill this build, whichever of its processes is here, where `step` is the armed one."""
    if os.environ.get(VARIABLE) != step:
        return
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        os.kill(parent.pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
