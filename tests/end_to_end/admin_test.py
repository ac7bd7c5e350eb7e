"""The admin port: who may ask, what is answered, reload, and the run file by which the owner's commands find it."""

import contextlib
import json
import os
import re
import socket
import stat
import time

import pytest
import yaml

from peers.browser import Asker, raw
from peers.place import PATIENCE, free_port, wait_until
from peers.program import Tributary, run_once, streamelements, write_config
from peers.scripted import ScriptedUpstream

pytestmark = pytest.mark.quick
TOKEN = "a-token-of-the-admin-port"


def configuration(admin=None, **more):
    config = {"sinks": {"out": {"type": "file", "path": "out.jsonl"}}, "routes": [{"to": ["out"]}],
              "spool": {"directory": "state"}, **more}
    return config if admin is None else {**config, "admin": admin}


@contextlib.contextmanager
def relay_of(work, admin=None, **more):
    (work / "state").mkdir(exist_ok=True)
    with Tributary(work, configuration(admin, **more)) as relay:
        yield relay
        relay.stop()


@contextlib.contextmanager
def reached_from_elsewhere(work, **more):
    """Every address is listened on, and there is a token."""
    (work / "admin.token").write_text(TOKEN + "\n")
    with relay_of(work, {"listen": "0.0.0.0:0", "token": {"file": "admin.token"}}, **more) as relay:
        yield relay, relay.admin()


def command(relay, *words, seconds=30):
    return run_once(*words, folder=relay.folder, seconds=seconds, env=relay.environment())


def test_a_probe_of_kubernetes_is_answered_without_a_token_and_without_details(work):
    with reached_from_elsewhere(work) as (_, address):
        probe = Asker(address, User_Agent="kube-probe/1.30", Accept="*/*", Connection="close")
        for path in ("/livez", "/readyz", "/livez?verbose", "/readyz?verbose"):
            answer = probe.ask(path, host="10.1.2.3:9464")
            assert (answer.status, answer.body) == (200, "ok\n"), path
        for path in ("/metrics", "/status", "/config", "/events", "/"):
            assert probe.ask(path, host="10.1.2.3:9464").status == 401, path


def test_readyz_says_no_while_no_upstream_is_live_and_tells_the_owner_why(work):
    with ScriptedUpstream() as upstream:
        port = free_port()
        with relay_of(work, connectors={"main": streamelements(f"ws://127.0.0.1:{port}")}) as relay:
            asker = Asker(relay.admin())
            assert asker.ask("/livez").status == 200
            relay.wait_log('"connector_waiting"')
            answer = asker.ask("/readyz?verbose")
            assert answer.status == 503 and "connector main is " in answer.body, answer.body
            assert asker.ask("/readyz").body == "not ok\n"
            write_config(work, {"log": {"level": "debug", "format": "json"},
                                **configuration(connectors={"main": streamelements(upstream.url())})})
            assert command(relay, "reload", "-c", "tributary.yaml").returncode == 0
            upstream.live()
            wait_until(lambda: asker.ask("/readyz").status == 200, 20, "ready")


def test_a_scraper_gives_its_token_on_one_connection(work):
    """As Prometheus does with authorization.credentials_file."""
    with reached_from_elsewhere(work) as (_, address):
        asker = Asker(address, Authorization=f"Bearer {TOKEN}")
        assert asker.ask("/config", host="relay.default.svc:9464").status == 200
        assert asker.ask("/config", Authorization="Bearer wrong").status == 401
        assert "Bearer" in asker.ask("/config", Authorization="").headers["www-authenticate"]
        request = f"GET /livez HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
        last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        assert raw(address, request + request + last).count("HTTP/1.1 200 OK") == 3


def test_a_browser_exchanges_the_token_for_a_cookie(work):
    with reached_from_elsewhere(work) as (_, address):
        browser = Asker(address, Accept="text/html", Sec_Fetch_Site="none", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")
        away = browser.ask("/config")
        assert (away.status, away.headers["location"]) == (303, "/login")
        form = browser.ask("/login")
        assert form.status == 200 and "<form method=\"post\" action=\"/login\">" in form.body
        assert "default-src 'self'" in form.headers["content-security-policy"] and "<style" not in form.body
        own = {"Origin": f"http://{address}", "Sec_Fetch_Site": "same-origin", "Content_Type": "application/x-www-form-urlencoded"}
        wrong = browser.ask("/login", "POST", "token=wrong", **own)
        assert wrong.status == 401 and "set-cookie" not in wrong.headers
        right = browser.ask("/login", "POST", f"token={TOKEN}", **own)
        assert (right.status, right.headers["location"]) == (303, "/")
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and TOKEN not in cookie
        session = cookie.partition(";")[0]
        assert browser.ask("/config", Cookie=session).status == 200
        assert browser.ask("/reload", "POST", Cookie=session, **own).status == 200
        foreign = {**own, "Origin": "https://elsewhere.example", "Sec_Fetch_Site": "cross-site"}
        assert browser.ask("/reload", "POST", Cookie=session, **foreign).status == 403
        assert browser.ask("/logout", "POST", Cookie=session, **own).status == 303
        assert browser.ask("/config", Cookie=session).status == 303


def test_who_guesses_has_to_wait(work):
    with reached_from_elsewhere(work) as (_, address):
        asker = Asker(address)
        answers = [asker.ask("/login", "POST", f"token={guess}").status for guess in range(12)]
        assert answers == [401] * 10 + [429] * 2
        assert asker.ask("/login", "POST", f"token={TOKEN}").status == 303, "others' guesses shut nobody out"
        assert asker.ask("/status", Authorization="Bearer guess").status == 429
        assert asker.ask("/status", Authorization=f"Bearer {TOKEN}").status == 200
        assert asker.ask("/livez").status == 200


def test_a_name_that_was_rebound_to_loopback_is_refused(work):
    with relay_of(work) as relay:
        address = relay.admin()
        port = address.rpartition(":")[2]
        asker = Asker(address)
        for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
            assert asker.ask("/config", host=host).status == 200, host
        for host in (f"evil.example:{port}", "127.0.0.1.evil.example", "192.0.2.7", ""):
            for path in ("/config", "/livez", "/nothing"):
                assert asker.ask(path, host=host).status in (400, 421), (host, path)


def test_a_page_of_another_origin_is_refused_here_too(work):
    with relay_of(work) as relay:
        asker = Asker(relay.admin())
        for origin in ("https://evil.example", "http://localhost:1", "null"):
            for path, method in (("/config", "GET"), ("/livez", "GET"), ("/reload", "POST"), ("/login", "POST")):
                answer = asker.ask(path, method, Origin=origin)
                assert answer.status == 403 and "access-control-allow-origin" not in answer.headers, (origin, path)
        for site in ("cross-site", "same-site"):
            assert asker.ask("/config", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="image").status == 403
            assert asker.ask("/config", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe").status == 403
        assert asker.ask("/config", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document").status == 200
        assert "reloaded" not in relay.output


def test_a_token_that_is_configured_is_needed_on_loopback_and_read_again(work):
    (work / "admin.token").write_text("first-token\n")
    with relay_of(work, {"listen": "127.0.0.1:0", "token": {"file": "admin.token"}}) as relay:
        asker = Asker(relay.admin())
        assert asker.ask("/config").status == 401
        assert asker.ask("/config", Authorization="Bearer first-token").status == 200
        (work / "new.token").write_text("second-token\n")
        (work / "new.token").rename(work / "admin.token")
        wait_until(lambda: asker.ask("/config", Authorization="Bearer second-token").status == 200, 15, "the new token",
                   interval=2)
        assert asker.ask("/config", Authorization="Bearer first-token").status == 401


def test_the_configuration_in_force_is_shown_without_secrets(work):
    upstreams = {"main": streamelements("ws://127.0.0.1:1/", headers={"X-Key": "CANARY"},
                                        proxy="http://user:CANARY@127.0.0.1:1"),
                 "other": streamelements("ws://user:CANARY@127.0.0.1:1/?token=CANARY")}
    with relay_of(work, connectors=upstreams) as relay:
        answer = Asker(relay.admin()).ask("/config")
        assert answer.headers["content-type"].startswith("application/yaml")
        assert "CANARY" not in answer.body
        shown = yaml.safe_load(answer.body)
        assert shown["connectors"]["main"]["auth"]["token"] == {"file": "token"}
        assert shown["connectors"]["main"]["ping_interval"] == "20s" and shown["sinks"]["out"]["path"] == "out.jsonl"


def test_reload_changes_what_it_says_or_nothing(work):
    with relay_of(work) as relay:
        asker = Asker(relay.admin())
        done = command(relay, "reload")
        assert (done.returncode, done.stdout) == (0, "reloaded: nothing has changed\n"), done
        config = {"log": {"level": "debug", "format": "json"}, **configuration()}
        write_config(work, {**config, "limits": {"nesting": 32}})
        done = command(relay, "reload", "-c", "tributary.yaml")
        assert (done.returncode, done.stdout) == (0, "reloaded: changed: limits.nesting\n"), done
        assert "nesting: 32" in asker.ask("/config").body
        write_config(work, {**config, "limits": {"nesting": "many"}, "spoool": {}})
        checked = [line for line in run_once("check", "-c", work / "tributary.yaml", folder=work).stdout.splitlines() if line.startswith("fault")]
        done = command(relay, "reload")
        assert done.returncode == 2 and done.stdout.splitlines() == checked and len(checked) == 2, done
        assert "the running configuration goes on" in done.stderr
        answer = asker.ask("/reload", "POST")
        assert answer.status == 422 and answer.json["applied"] is False and len(answer.json["faults"]) == 2
        assert "nesting: 32" in asker.ask("/config").body
        assert asker.ask("/reload").status == 405


def test_a_directory_that_was_moved_is_found_also_by_a_file_with_faults(work):
    (work / "elsewhere").mkdir()
    with relay_of(work, spool={"directory": "elsewhere"}) as relay:
        relay.admin()
        write_config(work, {"spool": {"directory": "elsewhere"}, "sinks": {"out": {"type": "nothing"}}})
        done = command(relay, "reload")
        assert done.returncode == 2 and "sinks.out.type" in done.stdout, done


def test_another_address_is_taken_at_a_reload_or_everything_stays(work):
    with relay_of(work) as relay:
        first = relay.admin()
        config = {"log": {"level": "debug", "format": "json"}, **configuration()}
        port = free_port()
        with socket.create_server(("127.0.0.1", port)):
            write_config(work, {**config, "admin": {"listen": f"127.0.0.1:{port}"}, "limits": {"nesting": 32}})
            done = command(relay, "reload")
            assert done.returncode == 2 and "admin.listen" in done.stdout and "Address already in use" in done.stdout, done
        assert "nesting: 64" in Asker(first).ask("/config").body
        write_config(work, {**config, "admin": {"listen": f"127.0.0.1:{port}"}})
        done = command(relay, "reload")
        assert (done.returncode, done.stdout) == (0, "reloaded: changed: admin.listen\n"), done
        assert Asker(f"127.0.0.1:{port}").ask("/livez").status == 200
        # The same port, on every address: the old one gives way, and the asker still has its answer.
        (work / "admin.token").write_text(TOKEN)
        write_config(work, {**config, "admin": {"listen": f"0.0.0.0:{port}", "token": {"file": "admin.token"}}})
        assert command(relay, "reload").returncode == 0
        wait_until(lambda: Asker(f"127.0.0.1:{port}").ask("/config").status == 401, 10, "the token is needed")
        write_config(work, {**config, "admin": {"listen": ""}})
        assert command(relay, "reload").returncode == 0
        with pytest.raises(OSError):
            Asker(f"127.0.0.1:{port}").ask("/livez")
        assert not (work / "state" / "admin.json").exists()
        done = command(relay, "reload", "-c", "tributary.yaml")
        assert done.returncode == 1 and "no relay runs with" in done.stderr, done


def test_the_run_file_is_the_owners_and_goes_at_the_end(work):
    path = work / "state" / "admin.json"
    with relay_of(work) as relay:
        address = relay.admin()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        content = json.loads(path.read_text())
        assert content["address"] == address and content["pid"] == relay.process.pid
        assert content["configuration"] == str(work / "tributary.yaml")
        assert content["token"] not in relay.output
    assert not path.exists()
    done = command(relay, "reload")
    assert done.returncode == 1 and f"no relay runs with {work}/tributary.yaml" in done.stderr and "--url" in done.stderr, done
    with Tributary(work, configuration()) as killed:
        killed.admin()
    assert path.exists(), "it was killed"
    done = command(killed, "reload")
    assert done.returncode == 1 and f"is of process {killed.process.pid}, which has ended" in done.stderr, done
    with Tributary(work, configuration()) as relay:
        address = relay.admin()
        assert json.loads(path.read_text())["address"] == address


def test_what_relays_that_were_killed_left_is_told_in_few_words_and_removed(work):
    """Their files lie where a relay notes itself that cannot write to its directory."""
    def left():
        return sorted((work / "tributary").glob("admin-*.json"))

    def run(name):
        config = {**configuration(), "log": {"format": "json"}, "spool": {"directory": str(work / "no" / "directory")}}
        write_config(work, config, name)
        return Tributary(work, arguments=("-c", work / name), env={"XDG_RUNTIME_DIR": str(work)})

    def status(*words):
        return run_once("status", *words, folder=work / "elsewhere", env={"XDG_RUNTIME_DIR": str(work), "HOME": str(work)})

    (work / "elsewhere").mkdir()
    for name in ("one.yaml", "two.yaml"):
        with run(name) as killed:
            killed.admin()
    assert len(left()) == 1, "the second has removed what the first left"
    with run("three.yaml") as relay:
        relay.admin()
        assert len(left()) == 1
        assert '"name"' in status("--json").stdout
        (work / "tributary" / "admin-left.json").write_bytes(left()[0].read_bytes())
        assert '"name"' in status("--json").stdout, "the only one that lives"
        assert [file.name for file in left()] != ["admin-left.json"] and len(left()) == 1
    done = status()
    assert done.returncode == 1 and done.stderr == ("tributary: no relay of this user runs; 1 was killed, and what it left "
                                                    "is removed; start it by `tributary run`, or say where it is by --url\n"), done
    assert left() == []


def test_a_file_with_a_fault_does_not_say_that_no_relay_runs(work):
    with relay_of(work) as relay:
        relay.admin()
        whole = (work / "tributary.yaml").read_text()
        (work / "tributary.yaml").write_text(whole + "bad: [\n")
        for name in ("reload", "status"):
            done = command(relay, name)
            assert done.returncode == 1 and "the file has a fault: " in done.stderr and "no relay runs" not in done.stderr, done
        (work / "tributary.yaml").write_text(whole)


def test_a_file_that_might_never_end_is_not_read_again(work):
    with relay_of(work) as relay:
        address = relay.admin()
        (work / "tributary.yaml").rename(work / "aside")
        os.mkfifo(work / "tributary.yaml")
        answer = Asker(address).ask("/reload", "POST")
        assert answer.status == 422 and "not a regular file" in answer.body, answer
        relay.wait_log('"reload_refused"', "not a regular file")


def test_a_second_relay_in_the_same_directory_is_told(work):
    with relay_of(work) as relay:
        relay.admin()
        with Tributary(work / "other", configuration(spool={"directory": str(work / "state")})) as other:
            other.admin()
            other.wait_log('"admin_unavailable"', f"another relay, process {relay.process.pid}, has {work}/state")
            other.stop()


def test_without_a_state_directory_the_run_file_is_in_the_users_own(work):
    with Tributary(work, configuration(spool={"directory": "/nonexistent/state"})) as relay:
        relay.admin()
        files = list((work / "tributary").glob("admin-*.json"))
        assert len(files) == 1 and stat.S_IMODE((work / "tributary").stat().st_mode) == 0o700
        assert command(relay, "reload").returncode == 0
        relay.stop()
    assert not files[0].exists()


def test_by_url_with_a_token_file(work):
    with reached_from_elsewhere(work) as (_, address):
        def at_url(*words):
            return run_once("reload", "--url", f"http://{address}", *words, folder=work)
        assert at_url("--token-file", "admin.token").returncode == 0
        done = at_url()
        assert done.returncode == 1 and "refuses (401): a token is needed" in done.stderr, done
        (work / "wrong").write_text("wrong")
        assert at_url("--token-file", "wrong").returncode == 1
        assert at_url("--token-file", "none").returncode == 1
    done = at_url("--token-file", "admin.token")
    assert done.returncode == 1 and "does not answer" in done.stderr, done
    assert run_once("reload", "--url", "relay-1", folder=work).returncode == 1


def test_a_port_that_is_taken_is_a_fault_when_it_was_asked_for(work):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        write_config(work, configuration({"listen": f"127.0.0.1:{port}"}))
        done = run_once("run", folder=work)
        assert done.returncode == 2 and f"admin.listen: 127.0.0.1:{port} cannot be listened on: Address already in use" in done.stderr
        assert run_once("check", folder=work).returncode == 0, "check does not try it"


def test_the_usual_port_that_is_taken_is_told_and_done_without(work):
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(socket.create_server(("127.0.0.1", 9464)))
        except OSError:
            pass  # somebody has it: as good
        with Tributary(work, yaml.safe_dump({"version": 1, "log": {"format": "json"}, **configuration()})) as relay:
            (line,) = relay.wait_log('"admin_unavailable"')
            assert json.loads(line)["level"] == "warn" and "127.0.0.1:9464" in line
            relay.stop()


def test_beyond_loopback_without_a_token_nothing_starts(work):
    config = write_config(work, configuration({"listen": "0.0.0.0:0"}))
    line = next(number for number, text in enumerate(config.read_text().splitlines(), 1) if "listen" in text)
    for name, output in (("check", "stdout"), ("run", "stderr")):
        done = run_once(name, folder=work)
        assert done.returncode == 2, done
        assert re.search(rf"tributary.yaml:{line}:\d+: admin.listen: others than this machine reach", getattr(done, output)), done


def test_a_token_that_cannot_be_read_stops_nothing(work):
    with relay_of(work, {"listen": "0.0.0.0:0", "token": {"file": "none"}}) as relay:
        address = relay.admin()
        (line,) = relay.wait_log('"admin_unavailable"')
        assert json.loads(line)["level"] == "error" and "admin.token" in line
        assert Asker(address).ask("/config", Authorization="Bearer ").status == 401
        assert command(relay, "reload").returncode == 0, "the owner's own token is in the run file"
        (work / "none").write_text(TOKEN)
        wait_until(lambda: Asker(address).ask("/config", Authorization=f"Bearer {TOKEN}").status == 200, 15, "the token",
                   interval=2)


def test_a_slow_request_ends_and_many_of_them_keep_nobody_away(work):
    with relay_of(work) as relay:
        address = relay.admin()
        begin = time.monotonic()
        with contextlib.ExitStack() as held:
            host, _, port = address.rpartition(":")
            slow = [held.enter_context(socket.create_connection((host, int(port)), timeout=30 * PATIENCE)) for _ in range(80)]
            for one in slow:
                with contextlib.suppress(OSError):
                    one.sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
            assert Asker(address).ask("/livez").status == 200, "80 of them are there"
            assert slow[-1].recv(100) == b"", "the last is ended as well"
        assert time.monotonic() - begin < 20 * PATIENCE
        assert Asker(address).ask("/livez").status == 200


def test_what_is_no_request_is_told_so_and_harms_nothing(work):
    with relay_of(work) as relay:
        address = relay.admin()
        for sent, status in ((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03rubbish\r\n\r\n", 400),
                             (b"GET /livez\r\n\r\n", 400),
                             (b"GET /livez HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
                             (b"POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413),
                             (b"DELETE /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
                             (b"GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404)):
            assert raw(address, sent).startswith(f"HTTP/1.1 {status} "), sent[:40]
        assert '"internal_error"' not in relay.output


def test_the_demo_says_where_its_page_is(work):
    with Tributary(work, command="demo", arguments=("--for", "60s")) as demo:
        found = wait_until(lambda: re.search(r"dashboard\s+http://(127\.0\.0\.1:\d+)/", demo.output), 20, "its address")
        asker = Asker(found[1])
        assert asker.ask("/livez").status == 200
        assert asker.ask("/reload", "POST").json["faults"] == ["the demo has no file to read again"]
        demo.stop()


def test_the_owner_reads_nothing_of_others(work):
    """A directory in which others may write holds no run file."""
    (work / "tributary").mkdir()
    os.chmod(work / "tributary", 0o777)
    with Tributary(work, configuration(spool={"directory": "/nonexistent/state"})) as relay:
        relay.wait_log('"admin_unavailable"', "need --url")
        assert Asker(relay.admin()).ask("/livez").status == 200
        relay.stop()
