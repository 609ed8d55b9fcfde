# SPDX-License-Identifier: GPL-3.0-or-later
"""Publishes messages as JSON on a ZeroMQ PUB socket."""

from collections.abc import Mapping
from typing import Any

import zmq

from .errors import UserError
from .message import to_json

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5556"
"""Loopback: nobody outside this machine reads along unless told so."""

HIGH_WATER_MARK = 64
"""Messages kept for a subscriber that does not keep up; later ones are lost to it alone."""


class ZmqPublisher:
    """One JSON object a message, in one frame, to whoever has subscribed.

    Sending never waits: a subscriber that is slow or dead misses messages, and can tell
    from the gap in ``window``. To be used from one thread at a time.
    """

    def __init__(self, endpoint: str = DEFAULT_ENDPOINT) -> None:
        """Binds the socket.

        Raises:
            UserError: the endpoint is malformed or taken.
        """
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, HIGH_WATER_MARK)
        self._socket.setsockopt(zmq.LINGER, 0)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise UserError(f"{endpoint}: cannot publish there: {error.strerror}") from None
        self.endpoint = str(self._socket.getsockopt_string(zmq.LAST_ENDPOINT))
        """Where it is bound, with the port that was chosen for port 0 or ``*``."""

    def send(self, record: Mapping[str, Any]) -> None:
        """Publishes a record, see ``message.to_record``."""
        self._socket.send_string(to_json(record), zmq.NOBLOCK)

    def close(self) -> None:
        """Closes the socket; what has not been sent is lost."""
        self._socket.close()
        self._context.term()
