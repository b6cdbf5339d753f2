"""Carries nudges between the processes of one machine, where no broker does: a datagram each."""

import logging
import socket
import threading
from collections.abc import Callable

from django.conf import settings

log = logging.getLogger(__name__)

LONGEST_NAME = 200


def has_listener() -> bool:
    """Whether a process listens, or did so when it was killed."""
    return bool(settings.NUDGE_SOCKET.exists())


def send(task: str) -> None:
    """Hand the name of a task to the process that listens. Neither waits nor raises."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(task.encode(), str(settings.NUDGE_SOCKET))
    except OSError:
        pass  # nobody listens, or too many wait: the next sweep finds the row


def listen(wake: Callable[[str], None]) -> None:
    """Call `wake` with each name that arrives, in a thread of its own, until the process ends."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        settings.NUDGE_SOCKET.unlink(missing_ok=True)
        listener.bind(str(settings.NUDGE_SOCKET))
        settings.NUDGE_SOCKET.chmod(0o600)
    except OSError as error:
        listener.close()
        log.warning("%s: %s; work waits for the next sweep", settings.NUDGE_SOCKET, error)
        return

    def read_names() -> None:
        while True:
            wake(listener.recv(LONGEST_NAME).decode(errors="replace"))

    threading.Thread(target=read_names, name="nudges", daemon=True).start()
