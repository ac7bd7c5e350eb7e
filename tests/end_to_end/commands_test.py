"""What a person meets first: help, version, schemas, and a configuration with mistakes in it."""

import base64
import contextlib
import json
import re
import socket
import subprocess
import textwrap
import time

import jsonschema
import pytest

from peers.place import PROGRAM, ROOT
from peers.program import Tributary, kafka as kafka_sink, run_once, streamelements, write_config
from peers.scripted import CHANNEL, ScriptedUpstream, tip

pytestmark = pytest.mark.quick


def faults_of(folder, text, *more, name="tributary.yaml"):
    """`check`, and `run` too, on a bad file: exit 2 and the same places."""
    path = write_config(folder, textwrap.dedent(text), name)
    places = []
    for command in (["check", "-c", path], ["run", "-c", path]):
        done = run_once(*command, *more, folder=folder)
        assert done.returncode == 2, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        output = done.stdout + done.stderr
        assert "account:" not in output, "something had started"
        faults = "\n".join(line for line in output.splitlines() if "warn" not in line)
        places.append({(int(line), int(column)) for line, column in re.findall(rf"{name}:(\d+):(\d+)", faults)})
    assert places[0] == places[1]
    return places[0], output


def test_help_teaches():
    done = run_once("--help")
    assert done.returncode == 0 and not done.stderr
    for command in ("run", "check", "demo", "simulate", "schema"):
        assert re.search(rf"\b{command}\b", done.stdout), command
    assert "tributary.yaml" in done.stdout
    for command in ("run", "check", "demo", "simulate", "schema"):
        done = run_once(command, "--help")
        assert done.returncode == 0 and command in done.stdout


def test_version_names_the_libraries_it_runs_with():
    done = run_once("--version")
    assert done.returncode == 0
    assert re.search(r"\d+\.\d+\.\d+", done.stdout)
    for library in ("librdkafka", "OpenSSL", "simdjson"):
        assert re.search(rf"{library}\s+\d", done.stdout, re.IGNORECASE), f"{library} in {done.stdout}"


def test_the_program_alone_and_help_teach(work):
    alone = run_once(folder=work)
    assert alone.returncode == 2 and not alone.stdout
    helped = run_once("help", folder=work)
    assert (helped.returncode, helped.stdout, helped.stderr) == (0, alone.stderr, "")
    for command in ("tributary demo", "tributary schema reference", "tributary check"):
        assert command in helped.stdout
    assert run_once("help", "check").stdout == run_once("check", "--help").stdout
    wrong = run_once("help", "nonsense")
    assert wrong.returncode == 2 and "`nonsense` is no command" in wrong.stderr


def test_schema_without_a_name_lists_them():
    done = run_once("schema")
    assert done.returncode == 0 and not done.stderr
    for name in ("event", "streamelements", "config", "reference"):
        assert re.search(rf"^  {name} +\w", done.stdout, re.MULTILINE), done.stdout


def test_the_help_of_one_simulator_is_of_that_one():
    done = run_once("simulate", "dlive", "--help")
    assert done.returncode == 0 and "Behaviours of dlive" in done.stdout
    assert "Behaviours of oha" not in done.stdout
    every = run_once("simulate", "--help").stdout
    assert "Behaviours of dlive" in every and "Behaviours of oha" in every


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--nonsense"], ["run", "-c", "missing.yaml"],
                                       ["simulate", "nonsense"], ["schema", "nonsense"], ["demo", "--for", "soon"]])
def test_wrong_usage_is_exit_2_and_says_why(work, arguments):
    done = run_once(*arguments, folder=work)
    assert done.returncode == 2, done
    word = {"--nonsense": "--nonsense", "-c": "missing.yaml"}.get(arguments[1] if len(arguments) > 1 else "",
                                                                   arguments[-1] if arguments else "subcommand")
    assert word in done.stderr, done.stderr


@pytest.mark.parametrize("arguments, says", [
    (["simulate", "dlive", "--prot", "4"], "`tributary simulate` has no option `--prot`; did you mean `--port`?; see"),
    (["simulate"], "`tributary simulate` needs the word `connector`: Which upstream: streamelements, "),
    (["simulate", "dlve"], "connector: expected streamelements, dlive, oha, stagecast or users, found `dlve`; did you mean `dlive`?"),
    (["simulate", "dlive", "--port", "70000"], "--port: expected a whole number from 0 to 65535, found `70000`"),
    (["simulate", "dlive", "--set", "brust=3"], "there is no behaviour `brust`; did you mean `burst`?"),
    (["simulate", "dlive", "--set", "burst"], "--set: expected NAME=VALUE, found `burst`"),
    (["simulate", "dlive", "--host", "nowhere"], "nowhere is no address; expected one such as 127.0.0.1 or ::1"),
    (["simulate", "dlive", "--certificate", "/nope"], "the certificate /nope cannot be used: No such file or directory; make it, or correct the path\n"),
    (["schema", "nope"], "name: expected event, streamelements, config or reference, found `nope`"),
    (["simulat", "dlive"], "`simulat` is no command; did you mean `simulate`?"),
    (["run", "-c"], "`--config` needs a value: The configuration file"),
    (["run", "other.yaml"], "`tributary run` does not expect the word `other.yaml`; the configuration is named with -c"),
])
def test_wrong_usage_is_told_with_what_was_expected(work, arguments, says):
    done = run_once(*arguments, folder=work)
    assert done.returncode == 2 and not done.stdout, done
    assert done.stderr.startswith("tributary: " + says), done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["check"], ["schema", "event"], ["schema"], ["--help"], ["--version"], ["help"]])
def test_an_answer_that_cannot_be_written_is_no_success(work, arguments):
    write_config(work, {"connectors": {}, "sinks": {}, "routes": []})
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, cwd=work)
    assert done.returncode == 1, done
    assert done.stderr == "tributary: standard output cannot be written to: is its disk full, or has its reader left?\n"


def test_a_simulator_whose_port_is_taken_says_so_in_one_line(work):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_once("simulate", "users", "--port", str(port), folder=work)
    assert done.returncode == 1, done
    assert done.stderr == (f"tributary: cannot listen on 127.0.0.1 port {port}: Address already in use; "
                           "give another --host or --port\n")


@pytest.mark.parametrize("command", ["run", "check"])
def test_without_a_configuration_both_places_are_named(work, command):
    done = run_once(command, folder=work)
    assert done.returncode == 2 and "neither ./tributary.yaml nor /etc/tributary/tributary.yaml" in done.stderr, done


@pytest.mark.parametrize("name", ["event", "streamelements", "config"])
def test_each_schema_is_a_draft_7_schema(name):
    done = run_once("schema", name)
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"].startswith("http://json-schema.org/draft-07/schema")
    file = {"event": "event", "streamelements": "streamelements", "config": "tributary"}[name]
    assert schema == json.loads((ROOT / "schema" / "documents" / f"{file}.schema.json").read_text())


def test_the_configuration_schema_takes_the_reference_and_refuses_a_misspelling():
    import yaml
    schema = json.loads(run_once("schema", "config").stdout)
    validator = jsonschema.Draft7Validator(schema)
    good = {"version": 1, "connectors": {"a": streamelements("wss://x/socket.io/")}, "routes": [{"to": ["b"]}],
            "sinks": {"b": kafka_sink("localhost:9092"), "c": {"type": "file", "path": "x"}, "d": {"type": "stdout"}}}
    assert list(validator.iter_errors(good)) == []
    assert list(validator.iter_errors({**good, "conectors": {}}))
    reference = yaml.safe_load((ROOT / "config" / "tributary.yaml").read_text())
    assert [error.message for error in validator.iter_errors(reference)] == []


def test_the_reference_is_accepted_as_far_as_it_is_built():
    """Every fault the reference has is `not yet`; none is a key or value the program does not know."""
    done = run_once("check", "-c", ROOT / "config" / "tributary.yaml")
    lines = [line for line in (done.stdout + done.stderr).splitlines() if re.search(r"\.yaml:\d+:\d+", line)]
    strange = [line for line in lines if "not yet" not in line and not line.startswith("warn")
               and "cannot" not in line and "no such" not in line.lower()]
    assert strange == []


def test_every_fault_is_reported_at_once_with_its_place(work):
    places, output = faults_of(work, """\
        version: 1
        conectors: {}
        connectors:
          main:
            type: streamelements
            url: http://example.org
            engine_io: 5
            auth: {method: jwd, token: {file: token}}
            ping_intervall: 20s
            frame_limit: lots
          twice: {type: streamelements, auth: {token: {file: token}}}
          twice: {type: streamelements, auth: {token: {file: token}}}
          other: {type: streamelement, auth: {token: {file: token}}}
        sinks:
          events: {type: kafka, brokers: [], linger: 5 parsecs}
          "bad name!": {type: stdout}
        routes:
          - {to: [evnts]}
          - {from: [mian], to: [events]}
        io_threads: 0
        """)
    lines = {line for line, _ in places}
    assert {2, 6, 7, 8, 9, 10, 12, 13, 15, 16, 18, 19, 20} <= lines, output
    for meant in ("connectors", "jwt", "ping_interval", "streamelements", "events", "main"):
        assert re.search(rf"\b{meant}\b", output)
    assert (2, 1) in places and (9, 5) in places, places


@pytest.mark.parametrize("text, line", [
    ("version: 1\nconnectors: [\n", 2),  # not closed
    ("version: 2\n", 1),
    ("connectors: {}\n", None),  # version is required
    ("version: 1\nsinks: {a: {type: nonsense}}\n", 2),
    ("version: 1\nsinks: {a: {type: kafka, brokers: 5}}\n", 2),
    ("version: 1\nsinks: {a: {type: kafka}}\n", 2),  # brokers are required
    ("version: 1\nlog: {level: loud}\n", 2),
    ("version: 1\nstop_timeout: 25\n", 2),  # no unit
    ("version: 1\ninclude: [nowhere/one.yaml]\n", 2),
    ("version: 1\nx: &a [*a]\n", 2),
    ("version: 1\nsinks: {k: {type: kafka, brokers: [a], librdkafka: {enable.idempotence: false}}}\n", 2),
    ("version: 1\nsinks: {k: {type: kafka, brokers: [a], librdkafka: {acks: 1}}}\n", 2),
    ("version: 1\nsinks: {k: {type: kafka, brokers: [a], librdkafka: {no.such.setting: 1}}}\n", 2),
    ("version: 1\nsinks: {k: {type: kafka, brokers: [a], topics: {events: 'a.{nonsense}'}}}\n", 2),
    ("version: 1\nsinks: {k: {type: kafka, brokers: [a], topics: {events: 'bad topic!'}}}\n", 2),
    ("version: 1\nsinks: {k: {type: kafka, brokers: [a], validation: {schema: nowhere.json}}}\n", 2),
    ("version: 1\nconnectors: {d: {type: dlive, url: wss://x, streamers: []}}\n", 2),
    ("version: 1\nmarks: {key: {file: k}}\n", 2),  # no such key
    ("version: 1\nconnectors: {d: {type: dlive, url: 'wss://x:99999/', streamers: [a]}}\n", 2),
    ("version: 1\nconnectors: {d: {type: dlive, url: 'wss://x:/', streamers: [a]}}\n", 2),
    ("version: 1\nconnectors: {d: {type: dlive, url: 'wss://x/#y', streamers: [a]}}\n", 2),
    ("version: 1\nconnectors: {d: {type: dlive, streamers: [a], headers: {Sec-WebSocket-Key: a}}}\n", 2),
    ("version: 1\nconnectors: {d: {type: dlive, streamers: [a], headers: {host: a}}}\n", 2),
    ("version: 1\nconnectors: {d: {type: dlive, streamers: [a], headers: {X Y: a}}}\n", 2),
    ("version: 1\nconnectors: {d: {type: dlive, streamers: [a], headers: {X-Y: \"a\\nb\"}}}\n", 2),
])
def test_one_fault_is_exit_2_with_its_line(work, text, line):
    path = write_config(work, text)
    done = run_once("check", "-c", path, folder=work)
    output = done.stdout + done.stderr
    assert done.returncode == 2, output
    if line is not None:
        assert re.search(rf"tributary\.yaml:{line}:\d+", output), output


@pytest.mark.parametrize("text, words", [
    ("version: 1\nconnectors: {both: {type: astro}}\n", "connectors.both.type: not yet: connectors of the type `astro`"),
    ("version: 1\nconnectors: {requests: {type: kafka}}\n", "connectors.requests.type: not yet: connectors of the type `kafka`"),
    ("version: 1\ncluster: {through: events}\n", 'not yet: several relays that share the connectors; leave it out or write {through: ""}')])
def test_what_comes_later_is_refused_as_not_yet(work, text, words):
    _, output = faults_of(work, text)
    assert words in output


def test_what_comes_later_may_be_named_where_it_is_off(work):
    (work / "tributary.yaml").write_text('version: 1\ncluster: {through: "", group: tributary, slots: 64}\n')
    done = run_once("check", "-c", work / "tributary.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_schema_file_is_a_fault_with_its_place(work):
    (work / "mine.json").write_text('{"type": "objekt"}')
    (work / "broken.json").write_text('{"type": ')
    (work / "remote.json").write_text('{"$ref": "https://example.org/other.json"}')
    for name in ("mine", "broken", "remote"):
        places, output = faults_of(work, f"""\
            version: 1
            sinks:
              k:
                type: kafka
                brokers: [localhost:9092]
                validation: {{schema: {name}.json}}
            """)
        assert 6 in {line for line, _ in places} or f"{name}.json:" in output, output
        assert f"{name}.json" in output
        if name == "broken":
            assert "broken.json: line 1, column 10: not JSON: found the end of the text, expected a value" in output


def test_a_schema_file_may_have_a_byte_order_mark_and_no_other_encoding(work):
    config = {"connectors": {}, "sinks": {"k": {"type": "kafka", "brokers": ["localhost:9092"],
                                                "validation": {"schema": "mine.json"}}}, "routes": [{"to": ["k"]}]}
    path = write_config(work, config)
    (work / "mine.json").write_bytes(b'\xef\xbb\xbf{"type": "object"}')
    done = run_once("check", "-c", path, folder=work)
    assert done.returncode == 0, done
    (work / "mine.json").write_bytes('{"type": "object"}'.encode("utf-16"))
    done = run_once("check", "-c", path, folder=work)
    assert done.returncode == 2 and "mine.json: the file is in UTF-16" in done.stdout, done


def test_an_included_file_has_places_of_its_own(work):
    (work / "more").mkdir()
    (work / "more" / "a.yaml").write_text("connectors:\n  main: {type: streamelements, auth: {token: {file: t}}, urll: x}\n")
    path = write_config(work, "version: 1\ninclude: [more/*.yaml]\nconnectors:\n  main: {type: streamelements, auth: {token: {file: t}}}\n")
    done = run_once("check", "-c", path, folder=work)
    assert done.returncode == 2
    assert re.search(r"more/a\.yaml:2:\d+", done.stdout + done.stderr)


def test_an_unreadable_secret_is_a_fault_for_check_and_a_value_in_the_file_is_warned_of(work):
    config = {"connectors": {"main": streamelements("ws://localhost:1/socket.io/", token_file="nowhere")}}
    done = run_once("check", "-c", write_config(work, config), folder=work)
    assert done.returncode == 2 and "nowhere" in done.stdout + done.stderr
    config["connectors"]["main"]["auth"]["token"] = {"value": "fake-secret-in-the-file"}
    done = run_once("check", "-c", write_config(work, config), folder=work)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert re.search(r"warn", output, re.IGNORECASE) and "fake-secret-in-the-file" not in output


def test_a_token_that_expires_and_cannot_be_renewed_is_warned_of(work):
    def token(seconds):
        claims = json.dumps({"exp": int(time.time()) + seconds, "channel": CHANNEL}).encode()
        return "e30." + base64.urlsafe_b64encode(claims).decode().rstrip("=") + ".made-up"
    config = {"connectors": {"main": streamelements("ws://localhost:1/socket.io/")},
              "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}]}
    for where, seconds, words in (("env", 3600, "cannot be renewed"), ("env", -60, "has expired"), ("file", -60, "has expired")):
        (work / "token").write_text(token(seconds))
        config["connectors"]["main"]["auth"]["token"] = {"file": "token"} if where == "file" else {"env": "MADE_UP_TOKEN"}
        done = run_once("check", "-c", write_config(work, config), folder=work, env={"MADE_UP_TOKEN": token(seconds)})
        output = done.stdout + done.stderr
        assert done.returncode == 0 and words in output and "connectors.main.auth.token" in output, output
        assert token(seconds) not in output
    (work / "token").write_text(token(3600))  # it can be renewed in time
    assert "warn" not in run_once("check", "-c", write_config(work, config), folder=work).stdout


@pytest.mark.parametrize("expiry", ["-5", '"never"', "1893456000000"])
def test_a_token_whose_expiry_cannot_be_meant_is_warned_of(work, expiry):
    claims = base64.urlsafe_b64encode(f'{{"exp":{expiry}}}'.encode()).decode().rstrip("=")
    (work / "token").write_text(f"e30.{claims}.made-up")
    config = {"connectors": {"main": streamelements("ws://localhost:1/socket.io/")},
              "sinks": {"out": {"type": "stdout"}}, "routes": [{"to": ["out"]}]}
    done = run_once("check", "-c", write_config(work, config), folder=work)
    assert done.returncode == 0 and f"the token's `exp` is {expiry}, expected" in done.stdout, done.stdout


def test_a_mistyped_type_is_warned_of_with_its_place(work):
    done = run_once("check", "-c", write_config(work, textwrap.dedent("""\
        version: 1
        connectors:
          arcade: {type: dlive, streamers: [ada]}
        sinks:
          f: {type: stdout}
        routes:
          - {to: [f], types: [tips]}
        """)), folder=work)
    assert done.returncode == 0, done
    assert "tributary.yaml:7:23: routes[0].types[0]: no upstream has type `tips`; did you mean `tip`?" in done.stdout


def test_a_certificate_that_cannot_be_used_is_warned_of(work):
    config = {"connectors": {"main": streamelements("wss://localhost:1/socket.io/")}}
    (work / "torn.pem").write_text("-----BEGIN CERTIFICATE-----\nnothing\n")
    for tls, words in (({"ca_file": "nowhere.pem"}, "No such file"), ({"certificate": "torn.pem", "key": "torn.pem"}, "torn.pem cannot be used")):
        config["connectors"]["main"]["tls"] = tls
        done = run_once("check", "-c", write_config(work, config), folder=work)
        assert done.returncode == 0 and re.search(rf"warn +\S+tributary\.yaml:\d+:\d+: connectors\.main\.tls: .*{words}", done.stdout), done.stdout


def test_check_connect_dials_and_asks_kafka_and_publishes_nothing(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream() as upstream:
        config = {"connectors": {"main": streamelements(upstream.url())},
                  "sinks": {"events": kafka_sink(kafka.bootstrap(), topics=dict(topics))}, "routes": [{"to": ["events"]}]}
        done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        assert upstream.dials == 1 and upstream.live(1)
        assert CHANNEL in output and topics["events"] in output
        assert sum(kafka.count(topics[name]) for name in ("events", "dead_letter", "relay")) == 0
        config["sinks"]["events"]["topics"]["events"] = "a-topic-that-is-not-there"
        config["connectors"]["second"] = streamelements("ws://localhost:1/socket.io/")
        done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
        output = done.stdout + done.stderr
        assert done.returncode == 1, output
        assert re.search(r"fault +\S+tributary\.yaml:\d+:\d+: sinks\.events\.topics\.events: topic a-topic-that-is-not-there", output)
        assert re.search(r"fault +\S+tributary\.yaml:\d+:\d+: connectors\.second\.url: connect_refused", output)
    assert "a-topic-that-is-not-there" not in kafka.topics()


def check_as(work, kafka, topics, user, **more):
    """`check --connect` of a Kafka sink alone, as a user with a password."""
    (work / "password").write_text(kafka.users[user])
    security = {"protocol": "sasl_plaintext", "sasl_mechanism": "PLAIN", "username": user, "password": {"file": "password"}}
    config = {"sinks": {"events": kafka_sink(kafka.bootstrap("sasl"), topics=dict(topics), security=security, **more)},
              "connectors": {}, "routes": [{"to": ["events"]}]}
    done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
    return done.returncode, done.stdout + done.stderr


def test_check_connect_asks_all_sinks_side_by_side(work):
    """Four clusters that take the connection and say nothing: together they take as long as one."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        sinks = {f"k{i}": kafka_sink(f"127.0.0.1:{one.getsockname()[1]}") for i, one in enumerate(silent)}
        path = write_config(work, {"connectors": {}, "sinks": sinks, "routes": [{"to": list(sinks)}]})
        began = time.monotonic()
        done = run_once("check", "-c", path, "--connect", "--timeout", "3s", folder=work)
        took = time.monotonic() - began
    assert done.returncode == 1 and done.stdout.count("fault ") == 4, done
    assert took < 6, f"two seconds for each listing, one after the other: {took:.1f} s"


def test_check_connect_asks_whether_the_topics_may_be_written_to(work, kafka, topics):
    """By the access lists, when they may be read; what was not asked is said."""
    topics.create(kafka)
    user = next(iter(kafka.users))
    events = topics["events"]
    kafka.allow(user, *topics.values(), operations=("DESCRIBE", "DESCRIBE_CONFIGS"))
    try:
        _, output = check_as(work, kafka, topics, user)
        assert re.search("may be written to was not checked: .*needs Describe on the cluster", output), output
        kafka.allow_cluster(user, "DESCRIBE")
        kafka.allow(user, events, operations=("WRITE",))
        _, output = check_as(work, kafka, topics, user)
        assert f"topic {events}: User:{user} may write" in output, output
        assert re.search(rf"warn +\S+:\d+:\d+: sinks\.events\.topics\.relay: topic {topics['relay']}: no access list lets "
                         rf"User:{user} write", output), output
    finally:
        kafka.forbid(user, *topics.values(), operations=("DESCRIBE", "DESCRIBE_CONFIGS", "WRITE"))
        kafka.forbid_cluster(user, "DESCRIBE")


def test_a_replication_over_the_number_of_brokers_is_a_fault(work, kafka, topics):
    config = {"sinks": {"events": kafka_sink(kafka.bootstrap(), topics=dict(topics), create_topics={"enabled": True})},
              "connectors": {}, "routes": [{"to": ["events"]}]}
    done = run_once("check", "--connect", "-c", write_config(work, config), folder=work, seconds=60)
    assert done.returncode == 1 and re.search(r"fault .*replication 3 on 1 broker", done.stdout), done.stdout


def test_what_an_upstream_says_cannot_steer_the_terminal(work):
    """C1 controls and overrides of direction, in what a person types and in what a server answers."""
    steering = "\x9b31m\u202e\u2066\u200f\u2028"
    done = run_once("non" + steering, folder=work)
    assert done.returncode == 2 and not set(steering[:1] + steering[4:]) & set(done.stderr), ascii(done.stderr)
    done = run_once("simulate", "x" + steering, folder=work)
    assert done.returncode == 2 and not set(steering[:1] + steering[4:]) & set(done.stderr), ascii(done.stderr)
    done = run_once("run", "--" + steering, folder=work)
    assert done.returncode == 2 and not set(steering[:1] + steering[4:]) & set(done.stderr), ascii(done.stderr)


def examples():
    """The configuration that `--help` shows, and the README's first."""
    text = run_once("--help").stdout
    shown = text[text.index("  version: 1"):text.index("\n\nExit codes")]
    readme = (ROOT / "README.md").read_text()
    return {"help": textwrap.dedent(shown), "README": re.search(r"```yaml\n(version: 1.*?)```", readme, re.DOTALL)[1]}


@pytest.mark.parametrize("where", ["help", "README"])
def test_the_example_delivers_on_a_fresh_kafka(work, own_kafka, where):
    """Only the addresses are others: the topics are made by the example itself."""
    import yaml
    config = yaml.safe_load(examples()[where])
    with ScriptedUpstream() as upstream:
        for settings in config["connectors"].values():
            settings["url"] = upstream.url()
            (work / settings["auth"]["token"]["file"]).write_text("good\n")
        for settings in config["sinks"].values():
            settings["brokers"] = [own_kafka.bootstrap()]
        config.pop("version")
        with Tributary(work, config) as relay:
            upstream.live().emit("event", tip("2026-10-01T12:34:56.789Z"))
            assert len(own_kafka.read_topic("stream.events", at_least=1)) == 1
            account = relay.stop()
    assert account["delivered"] == 1


def test_no_connectors_at_all_is_allowed(work):
    with Tributary(work, {"sinks": {"out": {"type": "stdout"}}}) as relay:
        relay.wait_log("start")
        relay.wait_log("configuration_warning", "there is no connector")
        relay.wait_log("configuration_warning", "there is no route")
        account = relay.stop()
    assert set(account.values()) == {0}
