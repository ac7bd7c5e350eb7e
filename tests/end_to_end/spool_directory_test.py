"""The directory of spools and its files: who may have it, what becomes of damage, and a look into one."""

import json
import os
import shutil

from peers.place import wait_until
from peers.program import run_once
from peers.scripted import ScriptedUpstream, tip
from peers.spools import (CREATED, config_for, count, leave_on_disk, listing, logged, nobody, numbers, numbers_of, run,
                          say, spool_of)


def remove_spool(work):
    """At once: the relay writes while files are removed one by one."""
    (work / "spool").rename(work / "gone")
    shutil.rmtree(work / "gone")


def test_what_is_destroyed_on_disk_is_said_to_be_lost(work, topics):
    tips = [tip(CREATED) for _ in range(20)]
    config = {"stop_timeout": "2s"}
    with ScriptedUpstream() as upstream, run(work, config_for(upstream.url(), nobody(), topics, config)) as relay:
        say(upstream.live(), tips)
        wait_until(lambda: count(work) == 20, 20, "all on disk")
        remove_spool(work)
        (work / "spool").write_text("in its place")  # so that it cannot be made again
        relay.wait_log("spool_failing", "the file is gone", str(spool_of(work)))
        account = relay.stop(code=1)
        assert account["dropped"] == 20 and account["spooled"] == 0, account
        said = logged(relay, "events_lost")[0]["message"]
        assert "20 that lay on disk in a file that was destroyed (spool_lost)" in said, said
        assert "20 events were lost" in logged(relay, "program_stopped")[-1]["message"]


def test_a_directory_that_is_removed_is_made_and_locked_again_with_what_was_in_it(work, kafka, topics):
    topics.create(kafka)
    tips = [tip(CREATED) for _ in range(20)]
    with ScriptedUpstream() as upstream:
        with run(work, config_for(upstream.url(), nobody(), topics)) as relay:
            connection = upstream.live()
            say(connection, tips)
            wait_until(lambda: count(work) == 20, 20, "all on disk")
            remove_spool(work)
            relay.wait_log("spool_damaged", "it has been removed or replaced while it was in use")
            wait_until(lambda: (work / "spool" / "lock").exists() and count(work) == 20, 10, "all on disk again")
            done = run_once("run", "-c", relay.folder / "tributary.yaml", folder=work)
            assert done.returncode == 2 and f"in use by another process, {relay.process.pid}" in done.stderr, done
            assert relay.stop()["spooled"] == 20
        with run(work, config_for(upstream.url(), kafka.bootstrap(), topics)) as relay:
            assert numbers(kafka.read_topic(topics["events"], 20)) == numbers_of(tips)
            relay.stop()


def test_check_finds_who_uses_the_directory_and_a_file_of_a_later_version(work, topics):
    config = config_for(None, nobody(), topics)
    with run(work, config) as relay:
        relay.wait_log("program_started")
        wait_until(lambda: spool_of(work).exists(), 10, "the spool")
        done = run_once("check", "-c", relay.folder / "tributary.yaml", folder=work)
        assert done.returncode == 0 and f"is in use by process {relay.process.pid}" in done.stdout + done.stderr, done
        relay.stop()
    before = listing(work / "spool")
    done = run_once("check", "-c", relay.folder / "tributary.yaml", folder=work)
    assert done.returncode == 0 and "is in use" not in done.stdout + done.stderr, done
    assert listing(work / "spool") == before
    with open(spool_of(work), "r+b") as file:
        file.seek(63)
        file.write(b"\x63")  # user_version
    done = run_once("check", "-c", relay.folder / "tributary.yaml", folder=work)
    assert done.returncode == 2 and "events.spool is of version 99" in done.stdout + done.stderr, done


def test_records_for_a_topic_that_is_not_named_any_more_are_told(work, topics):
    with ScriptedUpstream() as upstream:
        leave_on_disk(work, upstream, topics, [tip(CREATED) for _ in range(3)])
    with run(work, config_for(None, nobody(), {**topics, "events": "another.topic"})) as relay:
        info, warning = relay.wait_log('"spool_found"', count=2)[:2]
        assert topics["events"] in info and json.loads(info)["level"] == "info", info
        assert json.loads(warning)["level"] == "warn" and json.loads(warning)["records"] == 3, warning
        assert f"for topic {topics['events']}, which this sink does not name any more" in warning
        relay.stop()


def test_what_is_dropped_at_the_size_is_told_with_its_number(work, topics):
    tips = [tip(CREATED) for _ in range(3000)]
    policy = {"size": "1MiB", "at_limit": "drop_newest"}
    with ScriptedUpstream() as upstream:
        config = config_for(upstream.url(), nobody(), topics, memory="1MiB", spool=policy)
        with run(work, config) as relay:
            connection = upstream.live()
            say(connection, tips)
            connection.wait_read()
            full = relay.wait_log('"spool_full"')[0]
            assert "what comes is dropped until there is room again" in full, full
            relay.wait_log('"spool_dropped"', '"dropped_newest"')
            account = relay.stop()
            told = [line for line in logged(relay, "spool_dropped")]
    assert all(line["level"] == "warn" and line["reason"] == "dropped_newest" for line in told), told
    notices = sum(line["records"] for line in told) - account["dropped"]  # the relay's own are beside the book
    assert account["dropped"] > 0 and 0 <= notices <= 3, (told, account)


def test_a_look_into_a_damaged_one_shows_what_verifies(work, topics):
    tips = [tip(CREATED) for _ in range(30)]
    with ScriptedUpstream() as upstream:
        leave_on_disk(work, upstream, topics, tips)
    with open(spool_of(work), "r+b") as file:
        file.write(b"x" * 4096)  # its first page
    before = listing(work / "spool")
    exported = run_once("spool", spool_of(work), "--export")
    assert exported.returncode == 1 and "is damaged" in exported.stderr, exported
    events = [json.loads(line) for line in exported.stdout.splitlines()]
    assert {event["_id"] for event in events if event["provider"] == "twitch"} == {one["_id"] for one in tips}
    counted = run_once("spool", spool_of(work))
    assert counted.returncode == 1 and "30 records" in counted.stdout and "is damaged" in counted.stderr, counted
    assert listing(work / "spool") == before


def test_what_is_no_spool_is_said_truly(work):
    (work / "memory.db").write_bytes(b"x")
    os.mkfifo(work / "pipe")
    (work / "text").write_text("x" * 500)
    for name, code, words in (("", 2, "is a directory"), ("pipe", 2, "is no file, but a pipe"),
                              ("memory.db", 2, "what connectors remember"), ("text", 1, "is no spool"),
                              ("gone", 1, "is not there")):
        done = run_once("spool", work / name)
        assert done.returncode == code and words in done.stderr, done
