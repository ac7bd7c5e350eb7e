"""What the suites share: one set of certificates, one real Kafka, topics of one's own, a secret in a file."""

import itertools
import os
import pathlib

import pytest

from peers.kafka import RealKafka
from peers.place import PROGRAM
from peers.shared import KAFKA, USERS, Shared

_numbers = itertools.count(1)


def pytest_sessionstart(session):
    del session
    if not PROGRAM.is_file():
        raise pytest.UsageError(f"there is no program at {PROGRAM}: make build, or name one in TRIBUTARY")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(0))


def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        return
    folder = getattr(session.config._tmp_path_factory, "_basetemp", None)  # None: nothing has been made in it
    if folder is not None and folder.is_dir():
        Shared(folder).end()


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id):
    """What all workers of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    return Shared(base if worker_id == "master" else base.parent)


@pytest.fixture(scope="session")
def certificates(shared):
    return shared.certificates()


@pytest.fixture(scope="session")
def kafka(shared, certificates):
    """One broker for the whole run: a test may make topics and rights in it, and not end it."""
    return shared.kafka(certificates, KAFKA, USERS)


@pytest.fixture
def own_kafka(tmp_path, certificates):
    """A broker that the test may stop and kill."""
    with RealKafka(tmp_path / "kafka", certificates, KAFKA, USERS) as broker:
        yield broker


class Topics(dict):
    """The three topics of one test, as the configuration wants them."""

    partitions = 3

    def __init__(self):
        name = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}-{next(_numbers)}"  # workers share a broker
        super().__init__(events=f"{name}.events", dead_letter=f"{name}.dead-letter", relay=f"{name}.relay", state="")

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
