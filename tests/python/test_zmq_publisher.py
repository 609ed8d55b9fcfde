# SPDX-License-Identifier: GPL-3.0-or-later
import json

import pytest
import zmq
from gnuradio.lwmspectro import UserError
from gnuradio.lwmspectro.zmq_publisher import DEFAULT_ENDPOINT, HIGH_WATER_MARK, ZmqPublisher

TIMEOUT_MS = 30_000


@pytest.fixture
def publisher():
    made = ZmqPublisher("tcp://127.0.0.1:*")
    yield made
    made.close()


@pytest.fixture
def subscribe(publisher):
    """A subscriber that has been seen by the publisher."""
    with zmq.Context() as context:
        sockets = []

        def make():
            socket = context.socket(zmq.SUB)
            sockets.append(socket)
            socket.setsockopt(zmq.RCVHWM, 1)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt_string(zmq.SUBSCRIBE, "")
            socket.connect(publisher.endpoint)
            while not socket.poll(10):
                publisher.send({"hello": True})
            return socket

        yield make
        for socket in sockets:
            socket.close()


def test_json_in_one_frame(publisher, subscribe):
    socket = subscribe()
    publisher.send({"window": 1, "text": "ä"})
    while (record := json.loads(socket.recv())) == {"hello": True}:
        pass
    assert record == {"window": 1, "text": "ä"}
    assert not socket.getsockopt(zmq.RCVMORE)


def test_a_subscriber_that_does_not_read_holds_up_nothing(publisher, subscribe):
    dead, live = subscribe(), subscribe()
    text = "x" * 100_000
    seen = []
    for window in range(10 * HIGH_WATER_MARK):
        publisher.send({"window": window, "text": text})
        if live.poll(TIMEOUT_MS if not seen else 0):
            seen.append(json.loads(live.recv()).get("window"))
    assert seen
    assert dead.poll(0)  # it has its few, and the rest was lost to it


def test_nobody_listens(publisher):
    for window in range(10_000):
        publisher.send({"window": window})


def test_default_is_loopback():
    assert DEFAULT_ENDPOINT.startswith("tcp://127.0.0.1:")


@pytest.mark.parametrize("endpoint", ["", "nonsense", "tcp://256.0.0.1:1", "tcp://127.0.0.1:x"])
def test_endpoints_that_are_wrong(endpoint):
    with pytest.raises(UserError, match="cannot publish there"):
        ZmqPublisher(endpoint)


def test_an_endpoint_that_is_taken(publisher):
    with pytest.raises(UserError, match="cannot publish there: Address already in use"):
        ZmqPublisher(publisher.endpoint)
