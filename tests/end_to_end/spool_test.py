"""What is kept on disk: events that Kafka has not got, ids, and until when channels were listened to."""

import contextlib
import datetime
import json
import signal
import sqlite3
import time

import pytest

from peers.mapping import parse
from peers.place import PATIENCE, wait_until
from peers.program import run_once, write_config
from peers.scripted import ScriptedUpstream, tip
from peers.spools import (CREATED, config_for, count, in_book, leave_on_disk, listing, logged, nobody, numbers,
                          numbers_of, run, say, spool_of)


# ── from one run to the next ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_kafka_has_not_got_at_the_stop_goes_first_in_the_next_run(work, kafka, topics):
    topics.create(kafka)
    old, new = [tip(CREATED) for _ in range(50)], [tip(CREATED) for _ in range(5)]
    with ScriptedUpstream() as upstream:
        account, entries = leave_on_disk(work, upstream, topics, old)
        assert account["offered"] == account["spooled"] == 50 and account["in_flight"] == 0, account
        said = [entry for entry in entries if entry["event"] == "spool_waits"]
        assert said and said[0]["events"] == 50 and "events.spool" in said[0]["message"], said
        end = next(entry for entry in entries if entry["event"] == "program_stopped")
        assert "no event was lost; 50 events wait on disk for the next start" in end["message"], end

        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            say(upstream.live(), new)
            records = kafka.read_topic(topics["events"], 55)
            account = relay.stop()
            assert "holds" in logged(relay, "spool_found")[0]["message"]
    assert numbers(records) == numbers_of(old + new)
    assert account["recovered"] == 50 and account["delivered"] == 55 and account["offered"] == 5, account
    assert count(work) == 0


def test_what_a_topic_does_not_take_waits_on_disk_and_holds_up_no_stop(work, kafka, topics):
    for name in ("dead_letter", "relay"):
        kafka.create_topic(topics[name])
    tips = [tip(CREATED) for _ in range(5)]
    with ScriptedUpstream() as upstream:
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            connection = upstream.live()
            say(connection, tips)
            relay.wait_log("lane_parked", topics["events"])
            connection.wait_read()
            began = time.monotonic()
            account = relay.stop()
            assert time.monotonic() - began < 5 * PATIENCE
            assert account["spooled"] == 5 and account["dropped"] == 0, account
        kafka.create_topic(topics["events"])
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            assert numbers(kafka.read_topic(topics["events"], 5)) == numbers_of(tips)
            assert relay.stop()["recovered"] == 5


def test_after_kill_9_all_that_was_on_disk_is_delivered_once_in_order(work, kafka, topics):
    topics.create(kafka)
    tips = [tip(CREATED) for _ in range(200)]
    with ScriptedUpstream() as upstream:
        with run(work, config_for(upstream.url(), nobody(), topics)) as relay:
            say(upstream.live(), tips)
            wait_until(lambda: count(work) == 200, 20, "all on disk")
            relay.signal(signal.SIGKILL)
            relay.process.wait()
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            records = kafka.read_topic(topics["events"], 200)
            account = relay.stop()
    assert numbers(records) == numbers_of(tips)
    assert account["recovered"] == account["delivered"] == 200 and account["offered"] == 0, account
    assert count(work) == 0


def test_a_channel_that_was_not_heard_across_kill_9_has_its_gap(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream() as upstream:
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            connection = upstream.live()
            until = time.monotonic() + 4  # the memory is told every two seconds while messages come
            while time.monotonic() < until:
                say(connection, [tip(CREATED)])
                time.sleep(0.1)
            killed = datetime.datetime.now(datetime.timezone.utc)
            relay.signal(signal.SIGKILL)
            relay.process.wait()
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            upstream.live()

            def gaps():
                notices = [parse(record.value) for record in kafka.read_topic(topics["relay"])]
                return [notice for notice in notices if notice["type"] == "gap"]

            gap = wait_until(gaps, 20, lambda: f"a gap: {relay.output[-2000:]}")[0]
            relay.stop()
    since = datetime.datetime.fromisoformat(gap["data"]["from"].replace("Z", "+00:00"))
    assert killed - datetime.timedelta(seconds=5 * PATIENCE) <= since <= killed, (gap, killed)
    assert gap["data"]["cause"] == "stopped"


def ids_on_disk(work):
    with contextlib.closing(sqlite3.connect(f"file:{work / 'spool' / 'memory.db'}?mode=ro", uri=True)) as file:
        return file.execute("SELECT total(count) FROM ids").fetchone()[0]


@pytest.mark.parametrize("end", ["stop", "kill -9"])
def test_what_comes_again_after_a_restart_is_a_duplicate(work, kafka, topics, end):
    topics.create(kafka)
    one, other = tip(CREATED), tip(CREATED)
    with ScriptedUpstream() as upstream:
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            say(upstream.live(), [one])
            kafka.read_topic(topics["events"], 1)
            if end == "stop":
                relay.stop()
            else:
                wait_until(lambda: ids_on_disk(work) >= 1, 10, "the id on disk")
                relay.signal(signal.SIGKILL)
                relay.process.wait()
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            say(upstream.live(), [one, other])
            records = kafka.read_topic(topics["events"], 2)
            relay.stop()
            assert in_book(relay, "duplicate") == 1
    assert numbers(records) == numbers_of([one, other])


def test_what_lies_in_the_spool_is_known_after_kill_9(work, kafka, topics):
    topics.create(kafka)
    tips = [tip(CREATED) for _ in range(10)]
    with ScriptedUpstream() as upstream:
        with run(work, config_for(upstream.url(), nobody(), topics)) as relay:
            say(upstream.live(), tips)
            wait_until(lambda: count(work) == 10, 20, "all on disk")
            relay.signal(signal.SIGKILL)
            relay.process.wait()
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            connection = upstream.live()
            say(connection, tips)
            records = kafka.read_topic(topics["events"], 10)
            connection.wait_read()
            relay.stop()
            assert in_book(relay, "duplicate") == 10
    assert numbers(records) == numbers_of(tips)


@pytest.mark.parametrize("exposure", ["0ms", "20ms"])
def test_with_kafka_healthy_nothing_is_left_on_disk(work, kafka, topics, exposure):
    topics.create(kafka)
    tips = [tip(CREATED) for _ in range(300)]
    with ScriptedUpstream() as upstream, \
            run(work, config_for(upstream.url(), kafka.bootstrap(), topics, spool={"exposure": exposure})) as relay:
        say(upstream.live(), tips)
        records = kafka.read_topic(topics["events"], 300)
        account = relay.stop()
    assert numbers(records) == numbers_of(tips)
    assert account["delivered"] == 300 and account["recovered"] == account["spooled"] == 0, account
    assert count(work) == 0


# ── reload ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def reload(relay, config, *words):
    write_config(relay.folder, {"log": {"level": "debug", "format": "json"}, "spool": {"directory": str(relay.folder.parent / "spool")}, **config})
    before = len(logged(relay, "reloaded")) + len(logged(relay, "reload_refused"))
    relay.signal(signal.SIGHUP)
    wait_until(lambda: len(logged(relay, "reloaded")) + len(logged(relay, "reload_refused")) > before, 20, "the reload")
    return relay.wait_log(*words)


@pytest.mark.parametrize("steps", [
    [{}],
    [{"spool": {"enabled": False}}],
    [{"spool": {"exposure": "0ms", "size": "1MiB"}}, {"spool": {"enabled": False}}, {"memory": "1MiB"}],
])
def test_a_sink_that_is_made_anew_goes_on_with_what_lies_on_disk(work, kafka, topics, steps):
    topics.create(kafka)
    tips = []
    with ScriptedUpstream() as upstream, run(work, config_for(upstream.url(), nobody(), topics)) as relay:
        connection = upstream.live()

        def some_more():
            tips.extend(tip(CREATED) for _ in range(40))
            say(connection, tips[-40:])
            connection.wait_read()

        some_more()
        wait_until(lambda: count(work) == 40, 20, "all on disk")
        for step in steps:
            reload(relay, config_for(upstream.url(), nobody(), topics, **step), '"reloaded"', "sinks.events")
            some_more()
        reload(relay, config_for(upstream.url(), kafka.bootstrap(), topics, **steps[-1]), '"reloaded"', "sinks.events.brokers")
        some_more()
        records = kafka.read_topic(topics["events"], len(tips))
        account = relay.stop()
    assert numbers(records) == numbers_of(tips)
    assert account["offered"] == account["delivered"] == len(tips) and account["recovered"] == 0, account


def test_a_spool_that_is_turned_on_takes_over_what_waits(work, kafka, topics):
    topics.create(kafka)
    tips = [tip(CREATED) for _ in range(30)]
    with ScriptedUpstream() as upstream:
        with run(work, config_for(upstream.url(), nobody(), topics, spool={"enabled": False})) as relay:
            connection = upstream.live()
            say(connection, tips)
            connection.wait_read()
            assert not (work / "spool").exists()
            reload(relay, config_for(upstream.url(), nobody(), topics), '"reloaded"', "sinks.events.spool.enabled")
            wait_until(lambda: spool_of(work).exists() and count(work) == 30, 20, "all on disk")
            account = relay.stop()
            assert account["spooled"] == 30, account
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            assert numbers(kafka.read_topic(topics["events"], 30)) == numbers_of(tips)
            assert relay.stop()["recovered"] == 30


def test_another_directory_needs_a_restart(work, kafka, topics):
    topics.create(kafka)
    with ScriptedUpstream() as upstream, run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
        connection = upstream.live()
        reload(relay, config_for(upstream.url(), kafka.bootstrap(), topics, {"spool": {"directory": "other"}}),
               '"reload_refused"', "spool.directory: it cannot change while the program runs", str(work / "spool"))
        assert not (work / "other").exists()
        say(connection, [tip(CREATED)])
        kafka.read_topic(topics["events"], 1)
        relay.stop()


# ── the directory and its files ───────────────────────────────────────────────────────────────────────────────────────


def at_rest(folder, seconds=1):
    """The listing of a folder that nothing has changed for so long: the threads of a start write a while after each other."""
    since, seen = time.monotonic(), listing(folder)

    def still():
        nonlocal since, seen
        if (now := listing(folder)) != seen:
            since, seen = time.monotonic(), now
        return time.monotonic() - since >= seconds

    wait_until(still, 20, "a spool at rest")
    return seen


def test_a_second_process_is_refused_and_touches_nothing(work, topics):
    config = config_for(None, nobody(), topics)
    with run(work, config) as relay:
        relay.wait_log("program_started")
        wait_until((work / "spool" / "admin.json").exists, 10, "the run file, the last that a start writes")
        before = at_rest(work / "spool")
        done = run_once("run", "-c", relay.folder / "tributary.yaml", folder=work)
        assert done.returncode == 2, done
        assert f"spool.directory: {work / 'spool'} is in use by another process, {relay.process.pid}" in done.stderr, done
        assert listing(work / "spool") == before
        assert relay.alive()
        relay.stop()
    for path in [work / "spool", *(work / "spool").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_file_of_a_later_version_is_refused_and_not_changed(work, topics):
    config = config_for(None, nobody(), topics)
    with run(work, config) as relay:
        relay.wait_log("program_started")
        wait_until(lambda: spool_of(work).exists(), 10, "the spool")
        relay.stop()
    for file in ("events.spool", "memory.db"):
        database = sqlite3.connect(work / "spool" / file)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute("PRAGMA user_version = 99")
        database.commit()
        database.close()
        before = (work / "spool" / file).read_bytes()
        done = run_once("run", "-c", relay.folder / "tributary.yaml", folder=work)
        assert done.returncode == 2 and "is of version 99" in done.stderr and file in done.stderr, done
        assert (work / "spool" / file).read_bytes() == before
        database = sqlite3.connect(work / "spool" / file)
        database.execute(f"PRAGMA user_version = {version}")
        database.commit()
        database.close()


def test_a_damaged_file_is_set_aside_and_the_relay_runs(work, kafka, topics):
    topics.create(kafka)
    tips = [tip(CREATED) for _ in range(100)]
    with ScriptedUpstream() as upstream:
        leave_on_disk(work, upstream, topics, tips)
        with open(spool_of(work), "r+b") as file:
            file.write(b"x" * 4096)  # its first page
        (work / "spool" / "memory.db").write_bytes(b"y" * 4096)
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            relay.wait_log("spool_damaged", '"events"', ".damaged-")
            relay.wait_log("spool_damaged", "memory.db.damaged-")
            say(upstream.live(), [tip(CREATED, number=1 << 40)])
            wait_until(lambda: 1 << 40 in numbers(kafka.read_topic(topics["events"])), 20, "what is new")
            relay.stop()
    assert list((work / "spool").glob("events.spool.damaged-*"))


def test_a_spool_that_is_off_with_records_in_it_is_told(work, topics):
    with ScriptedUpstream() as upstream:
        leave_on_disk(work, upstream, topics, [tip(CREATED) for _ in range(7)])
        with run(work, config_for(None, nobody(), topics, spool={"enabled": False})) as relay:
            line = relay.wait_log("spool_left")[0]
            assert json.loads(line)["level"] == "warn" and str(spool_of(work)) in line and "spool.enabled" in line, line
            assert json.loads(line)["records"] >= 7
            relay.stop()
    assert count(work) == 7


def test_a_directory_that_is_asked_for_and_cannot_be_used_is_a_fault(work, topics):
    (work / "file").write_text("x")
    for directory, words in (("file", "is no directory"), ("file/in", "cannot be made")):
        config = config_for(None, nobody(), topics, {"spool": {"directory": directory}})
        path = write_config(work, config)
        for command in ("check", "run"):
            done = run_once(command, "-c", path, folder=work)
            assert done.returncode == 2 and "spool.directory" in done.stdout + done.stderr, done
            assert words in done.stdout + done.stderr, done


def test_files_and_standard_output_need_no_directory(work):
    config = {"connectors": {}, "sinks": {"a": {"type": "file", "path": "a.jsonl"}}, "routes": [],
              "spool": {"directory": "spool"}}
    with run(work, config) as relay:
        relay.wait_log("program_started")
        relay.stop()
    assert not (work / "spool").exists()


# ── a look into one ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_look_into_a_spool(work, topics):
    tips = [tip(CREATED) for _ in range(3)]
    with ScriptedUpstream() as upstream:
        leave_on_disk(work, upstream, topics, tips)
    before = spool_of(work).read_bytes()
    counted = run_once("spool", spool_of(work))
    assert counted.returncode == 0 and topics["events"] in counted.stdout and "3 records" in counted.stdout, counted
    assert counted.stdout == run_once("spool", spool_of(work), "--count").stdout
    shown = run_once("spool", spool_of(work), "--show").stdout.splitlines()
    assert [line.split()[5] for line in shown if topics["events"] in line] == [one["_id"] for one in tips], shown
    exported = [json.loads(line) for line in run_once("spool", spool_of(work), "--export").stdout.splitlines()]
    assert [event["_id"] for event in exported if event["provider"] == "twitch"] == [one["_id"] for one in tips]
    assert spool_of(work).read_bytes() == before


def test_what_is_no_spool_is_told(work):
    (work / "text").write_text("hello\n" * 1000)
    for file in ("missing.spool", "text"):
        done = run_once("spool", work / file)
        assert done.returncode == 1 and str(work / file) in done.stderr and not done.stdout, done
    done = run_once("spool", work / "text", "--show", "--export")
    assert done.returncode == 2, done
    assert run_once("spool").returncode == 2
