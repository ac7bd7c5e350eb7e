"""A real Kafka broker: one node, KRaft, its own folder and ports, with every kind of listener at once.

`plaintext`, `tls` and `behind_proxy` connections are the super user (ANONYMOUS); SASL users have no right until `allow` gives one.
`read_topic` reads back what was written, by kafka-python, which shares no code with librdkafka.
"""

import base64
import contextlib
import hashlib
import logging
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

import kafka as client
from kafka.errors import KafkaConnectionError, KafkaTimeoutError, NoBrokersAvailable, NodeNotReadyError
from kafka.admin import (ACL, ACLFilter, ACLOperation, ACLPermissionType, ACLResourcePatternType, KafkaAdminClient, NewTopic,
                         ResourcePattern, ResourcePatternFilter, ResourceType)

from peers.place import PATIENCE, TOOLS, free_ports, wait_until

logging.getLogger("kafka").setLevel(logging.CRITICAL)  # its retries would bury what a failed test has to say

LISTENERS = ("plaintext", "tls", "sasl", "sasl_tls", "behind_proxy")
_PROTOCOL = {"plaintext": "PLAINTEXT", "tls": "SSL", "sasl": "SASL_PLAINTEXT", "sasl_tls": "SASL_SSL",
             "behind_proxy": "PLAINTEXT"}
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
#: Believes unsigned tokens, which is what both Kafka and librdkafka have for tests.
_OAUTHBEARER = ('org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required '
                'unsecuredLoginStringClaim_sub="broker";')


class RealKafka:
    """Start with `with RealKafka(folder, certificates) as kafka:`; `ports["sasl_tls"]` etc. say where it listens."""

    def __init__(self, folder, certificates, version="3.9.1", users=None):
        self.folder = pathlib.Path(folder)
        self.version = version
        self.certificates = certificates
        self.users = users or {"relay": "relay-password"}
        self.libraries = TOOLS / f"kafka-{version}" / "libs"
        self.ports = {}
        self.process = None
        self.life_is_ours = True
        assert self.libraries.is_dir(), f"no Kafka {version} there: run tests/test-tools kafka {version}"

    def __enter__(self):
        try:
            self.format_and_start()
        except BaseException:  # nobody calls __exit__ then
            self.kill()
            raise
        return self

    def __exit__(self, *_):
        self.kill()

    def bootstrap(self, listener="plaintext"):
        return f"127.0.0.1:{self.ports[listener]}"

    @classmethod
    def of_others(cls, folder, certificates, version, users, ports):
        """A broker that another process started: its topics and rights are for everybody, its life is not."""
        broker = cls(folder, certificates, version, users)
        broker.ports = ports
        broker.life_is_ours = False
        return broker

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def format_and_start(self):
        """A new, empty broker; other ports are tried when another process was quicker to take one."""
        for attempt in range(4):
            names = (*LISTENERS, "controller", "proxy")
            self.ports = dict(zip(names, free_ports(len(names))))
            try:
                self._format(attempt)
                if not self._classes.exists():
                    self._keep_classes()
                self.start()
                return
            except BrokerDidNotStart as fault:
                if "Address already in use" not in str(fault):
                    raise
        raise AssertionError("no free ports for Kafka after 4 tries")

    def start(self):
        """Starts on the same ports and data, and waits until it answers."""
        assert self.life_is_ours and self.process is None
        kept = self._classes.is_file() and self._classes.stat().st_size > 0
        self._start(*[f"-XX:SharedArchiveFile={self._classes}"] * kept)

    def _start(self, *options):
        with open(self.folder / "broker.log", "ab") as log:
            self.process = subprocess.Popen(self._java(*options, "kafka.Kafka", str(self.folder / "server.properties")),
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder)

        def ready():
            if self.process.poll() is not None:
                self.process = None
                raise BrokerDidNotStart((self.folder / "broker.log").read_text()[-4000:])
            try:
                admin = self.admin()
                admin.close()
                return True
            except (NoBrokersAvailable, KafkaConnectionError, NodeNotReadyError, KafkaTimeoutError):
                return False

        wait_until(ready, 60, lambda: "Kafka: " + (self.folder / "broker.log").read_text()[-2000:], interval=0.2)

    def stop(self):
        """A tidy end (SIGTERM)."""
        self._end(signal.SIGTERM, 60)

    def kill(self):
        """kill -9: nothing is flushed, no goodbye."""
        self._end(signal.SIGKILL, 10)

    def pause(self):
        """SIGSTOP: the connections stand, nobody answers."""
        assert self.life_is_ours
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        assert self.life_is_ours
        self.process.send_signal(signal.SIGCONT)

    def _end(self, how, seconds):
        assert self.life_is_ours, "others use this broker, too: take own_kafka"
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        self.process.wait(seconds * PATIENCE)
        self.process = None

    # ── set-up ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _java(self, *arguments):
        return ["java", "-Xms192m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-cp", f"{self.libraries}/*", *arguments]

    def _format(self, attempt):
        self.folder.mkdir(parents=True, exist_ok=True)
        data = self.folder / f"data-{attempt}"
        properties = self.folder / "server.properties"
        where = ",".join(f"{name.upper()}://127.0.0.1:{self.ports[name]}" for name in LISTENERS)
        # Clients of the listener `behind_proxy` are sent to the port `proxy`, where a test has its proxy listen.
        told = where.replace(f":{self.ports['behind_proxy']}", f":{self.ports['proxy']}")
        controller = self.ports["controller"]
        plain_users = " ".join(f'user_{name}="{password}"' for name, password in self.users.items())
        lines = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"{where},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": told,
            "listener.security.protocol.map":
                ",".join(f"{name.upper()}:{_PROTOCOL[name]}" for name in LISTENERS) + ",CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": data,
            "num.partitions": 3,
            "auto.create.topics.enable": "false",
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "group.initial.rebalance.delay.ms": 0,
            "num.network.threads": 2,
            "num.io.threads": 2,
            # the broker's own rule that CONSUMING.md's timestamp window is there for
            "log.message.timestamp.after.max.ms": 3600000,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "allow.everyone.if.no.acl.found": "false",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.certificates.server_pem,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.certificates.ca,
            "ssl.client.auth": "requested",
        }
        for listener in ("sasl", "sasl_tls"):
            lines[f"listener.name.{listener}.plain.sasl.jaas.config"] = f"{_PLAIN} {plain_users};"
            for mechanism in ("scram-sha-256", "scram-sha-512"):
                lines[f"listener.name.{listener}.{mechanism}.sasl.jaas.config"] = _SCRAM
            lines[f"listener.name.{listener}.oauthbearer.sasl.jaas.config"] = _OAUTHBEARER
            lines[f"listener.name.{listener}.oauthbearer.connections.max.reauth.ms"] = 2000
        properties.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        shutil.copytree(self._formatted(properties), data)

    def _formatted(self, properties):
        """What Kafka makes of an empty folder: it is asked once, and every broker with these users begins with it, also
        with its cluster id. Another text of this file asks anew."""
        named = hashlib.sha256(repr((self.version, sorted(self.users.items()))).encode() +
                               pathlib.Path(__file__).read_bytes()).hexdigest()[:16]
        kept = self.libraries.parent / f"formatted-{named}"
        if kept.is_dir():
            return kept
        made = self.folder / "formatted"
        shutil.rmtree(made, ignore_errors=True)  # of an attempt before
        lines = properties.read_text().splitlines()
        settings = self.folder / "format.properties"
        settings.write_text("".join(f"log.dirs={made}\n" if line.startswith("log.dirs=") else f"{line}\n" for line in lines))
        command = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id(), "--config", str(settings)]
        for name, password in self.users.items():
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                command += ["--add-scram", f"{mechanism}=[name={name},password={password}]"]
        done = subprocess.run(self._java(*command), capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == 0, f"Kafka's storage could not be formatted:\n{done.stdout}{done.stderr}"
        ours = pathlib.Path(tempfile.mkdtemp(dir=kept.parent))
        try:
            shutil.copytree(made, ours / "data")
            with contextlib.suppress(OSError):  # another process was quicker
                (ours / "data").rename(kept)
        finally:
            shutil.rmtree(ours)
        return kept

    @property
    def _classes(self):
        """Where this Java keeps what it made of a broker's classes, which is two fifths of a start. Empty when it could not."""
        java = pathlib.Path(shutil.which("java")).resolve()
        named = hashlib.sha256(f"{java} {java.stat().st_mtime_ns}".encode()).hexdigest()[:16]
        return self.libraries.parent / f"classes-{named}.jsa"

    def _keep_classes(self):
        file = self.folder / "classes.jsa"
        self._start(f"-XX:ArchiveClassesAtExit={file}")
        self.stop()  # only a tidy end writes it
        file.touch()
        ours = self._classes.with_suffix(f".{os.getpid()}")  # another process may make it, too
        shutil.move(file, ours)
        ours.rename(self._classes)

    # ── as the super user ─────────────────────────────────────────────────────────────────────────────────────────

    def admin(self):
        return KafkaAdminClient(bootstrap_servers=self.bootstrap(), request_timeout_ms=15000, api_version=(3, 5))

    def create_topic(self, name, partitions=3, **config):
        """`config` with underscores for dots: max_message_bytes=1000."""
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        admin = self.admin()
        admin.create_topics([NewTopic(name, partitions, 1, topic_configs=settings)])
        admin.close()

        def known():  # a topic is there for producers when its leaders are
            admin = self.admin()
            try:
                described = admin.describe_topics([name])
                return described and len(described[0]["partitions"]) == partitions and all(
                    partition["leader"] == 1 for partition in described[0]["partitions"])
            finally:
                admin.close()

        wait_until(known, 20, f"the leaders of {name}", interval=0.1)

    def topics(self):
        admin = self.admin()
        try:
            return set(admin.list_topics())
        finally:
            admin.close()

    def allow(self, user, *topics, operations=("WRITE", "DESCRIBE")):
        self._acls(user, topics, operations, create=True)

    def forbid(self, user, *topics, operations=("WRITE", "DESCRIBE")):
        """Takes back what `allow` gave."""
        self._acls(user, topics, operations, create=False)

    def allow_cluster(self, user, *operations):
        admin = self.admin()
        admin.create_acls([ACL(f"User:{user}", "*", ACLOperation[operation], ACLPermissionType.ALLOW,
                               ResourcePattern(ResourceType.CLUSTER, "kafka-cluster")) for operation in operations])
        admin.close()

    def forbid_cluster(self, user, *operations):
        admin = self.admin()
        admin.delete_acls([ACLFilter(f"User:{user}", "*", ACLOperation[operation], ACLPermissionType.ALLOW,
                                     ResourcePatternFilter(ResourceType.CLUSTER, "kafka-cluster", ACLResourcePatternType.LITERAL))
                           for operation in operations])
        admin.close()

    def _acls(self, user, topics, operations, create):
        admin = self.admin()
        rules = [ACL(f"User:{user}", "*", ACLOperation[operation], ACLPermissionType.ALLOW,
                     ResourcePattern(ResourceType.TOPIC, topic)) for topic in topics for operation in operations]
        if create:
            admin.create_acls(rules)
        else:
            admin.delete_acls(rules)
        admin.close()

    # ── reading back ──────────────────────────────────────────────────────────────────────────────────────────────

    def end_offsets(self, topic):
        with _Reader(self.bootstrap()) as reader:
            return reader.end_offsets(topic)

    def count(self, topic):
        return sum(self.end_offsets(topic).values())

    def read_topic(self, topic, at_least=0, seconds=30):
        """Every record of `topic`, waiting until there are `at_least` so many; by partition, then by offset."""
        deadline = time.monotonic() + seconds * PATIENCE
        with _Reader(self.bootstrap()) as reader:
            while True:
                ends = reader.end_offsets(topic)
                if sum(ends.values()) >= at_least or time.monotonic() > deadline:
                    break
                time.sleep(0.1)
            records = reader.read(topic, ends)
        assert len(records) >= at_least, f"{topic} holds {len(records)} records, expected at least {at_least}"
        return records


class BrokerDidNotStart(Exception):
    pass


class _Reader:
    def __init__(self, bootstrap):
        self.consumer = client.KafkaConsumer(
            bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest",
            api_version=(3, 5), max_partition_fetch_bytes=8 << 20, fetch_max_bytes=32 << 20, check_crcs=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.consumer.close()

    def _partitions(self, topic):
        numbers = wait_until(lambda: self.consumer.partitions_for_topic(topic), 20, f"the topic {topic}")
        return [client.TopicPartition(topic, number) for number in sorted(numbers)]

    def end_offsets(self, topic):
        def ask():
            try:
                return self.consumer.end_offsets(self._partitions(topic))
            except AttributeError:  # kafka-python's own, while a topic that was made just now has no leader
                return None
        return {place.partition: end for place, end in wait_until(ask, 20, f"the ends of {topic}").items()}

    def _position(self, place):
        """0 while it is not known yet: kafka-python finds it in `poll`, and without a limit waits here for ever."""
        return self.consumer.position(place, timeout_ms=100) or 0

    def read(self, topic, ends):
        places = self._partitions(topic)
        self.consumer.assign(places)
        self.consumer.seek_to_beginning(*places)
        records, waiting = [], {number for number, end in ends.items() if end}
        deadline = time.monotonic() + 60 * PATIENCE
        while waiting:
            assert time.monotonic() < deadline, f"{topic} could not be read to its end; left: {waiting}"
            for place, batch in self.consumer.poll(timeout_ms=500).items():
                records += [record for record in batch if record.offset < ends[place.partition]]
                deadline = time.monotonic() + 60 * PATIENCE  # a long topic takes as long as it takes, while it comes
            waiting = {place.partition for place in places
                       if ends[place.partition] and self._position(place) < ends[place.partition]}
        return sorted(records, key=lambda record: (record.partition, record.offset))


def cluster_id():
    """A UUID as Kafka writes it; never with a dash in front, which would be read as an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if text[0] != "-":
            return text
