"""What the suites share: one set of certificates, one real Kafka, topics of one's own, a secret in a file."""

import itertools
import os
import pathlib

import pytest

from peers.kafka import RealKafka
from peers.place import PROGRAM, Certificates

KAFKA = os.environ.get("TRIBUTARY_KAFKA", "3.9.1")
USERS = {"relay": "relay-test-password", "limited": "limited-test-password"}
_numbers = itertools.count(1)


def pytest_sessionstart(session):
    del session
    if not PROGRAM.is_file():
        raise pytest.UsageError(f"there is no program at {PROGRAM}: make build, or name one in TRIBUTARY")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory, certificates):
    """One broker for the whole run."""
    with RealKafka(tmp_path_factory.mktemp("kafka"), certificates, KAFKA, USERS) as broker:
        yield broker


@pytest.fixture
def own_kafka(tmp_path, certificates):
    """A broker that the test may stop and kill."""
    with RealKafka(tmp_path / "kafka", certificates, KAFKA, USERS) as broker:
        yield broker


class Topics(dict):
    """The three topics of one test, as the configuration wants them."""

    partitions = 3

    def __init__(self):
        number = next(_numbers)
        super().__init__(events=f"test-{number}.events", dead_letter=f"test-{number}.dead-letter",
                         relay=f"test-{number}.relay", state="")

    def create(self, kafka, **config):
        for name in ("events", "dead_letter", "relay"):
            kafka.create_topic(self[name], self.partitions, **config)


@pytest.fixture
def topics():
    return Topics()


@pytest.fixture
def work(tmp_path):
    """The test's folder; `token` in it holds the credential that the upstreams accept."""
    (tmp_path / "token").write_text("good\n")
    (tmp_path / "token").chmod(0o600)
    return pathlib.Path(tmp_path)
