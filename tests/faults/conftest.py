"""A broker for each worker: the port of its proxy is one test's at a time."""

import pytest

from peers.kafka import RealKafka
from peers.shared import KAFKA, USERS


@pytest.fixture(scope="session")
def kafka(tmp_path_factory, certificates):
    with RealKafka(tmp_path_factory.mktemp("kafka"), certificates, KAFKA, USERS) as broker:
        yield broker
