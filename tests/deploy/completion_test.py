"""Completion of the command line, as shells do it; everything in it comes from what `--help` tells."""

import re
import subprocess

import pytest

from peers.program import run_once


def script(shell):
    done = run_once("completion", shell)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def commands():
    """{command: its options} as `--help` has them."""
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", run_once("--help").stdout, re.MULTILINE)[1]
    names = re.findall(r"^  ([a-z]\S*)", listed, re.MULTILINE)
    return {name: re.findall(r"(?:^  |,)(--?[a-z]+(?:-[a-z]+)*)", run_once(name, "--help").stdout, re.MULTILINE) for name in names}


def bash(folder, *words):
    """What bash offers for the last word of `tributary WORDS…`."""
    (folder / "completion").write_text(script("bash"))
    line = ["tributary", *words]
    ask = (f". ./completion; COMP_WORDS=({' '.join(repr(word) for word in line)}); COMP_CWORD={len(line) - 1}; "
           'COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; $(complete -p tributary | sed "s/.*-F //; s/ .*//"); '
           'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-euc", ask], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return sorted(word for word in done.stdout.split("\n") if word)


def test_bash_offers_every_command(tmp_path, commands):
    assert set(commands) | {"help"} <= set(bash(tmp_path, ""))
    assert bash(tmp_path, "chec") == ["check"]
    assert "--version" in bash(tmp_path, "--")


def test_bash_offers_every_option_of_each_command(tmp_path, commands):
    for command, options in commands.items():
        offered = bash(tmp_path, command, "-")
        assert set(offered) == set(options), command
        assert "--help" in offered


def test_bash_offers_the_words_that_are_possible_and_files_where_one_is_wanted(tmp_path):
    assert bash(tmp_path, "schema", "") == ["config", "event", "reference", "streamelements"]
    assert bash(tmp_path, "simulate", "d") == ["dlive"]
    assert "run" in bash(tmp_path, "help", "")
    (tmp_path / "relay.yaml").write_text("")
    (tmp_path / "with space.yaml").write_text("")
    for words in (("run", "-c", "re"), ("run", "--config", "re"), ("run", "--config", "=", "re"), ("check", "--try", "re"),
                  ("spool", "re")):
        assert bash(tmp_path, *words) == ["relay.yaml"], words
    assert bash(tmp_path, "run", "-c", "w") == ["with space.yaml"]
    assert bash(tmp_path, "demo", "--rate", "") == [], "a number is nobody's to guess"


def test_every_option_that_names_a_file_says_so_and_completes_files(tmp_path, commands):
    (tmp_path / "relay.yaml").write_text("")
    for command in commands:
        told = re.findall(r"^  (?:-[a-z],)?(--(?:config|written|certificate|key|\S*file))(?: (\S+))?", run_once(command, "--help").stdout,
                          re.MULTILINE)
        for option, value in told:
            assert value == "FILE", (command, option)
            assert bash(tmp_path, command, option, "re") == ["relay.yaml"], (command, option)


def test_zsh_and_fish_take_their_scripts_and_know_every_command(tmp_path, commands):
    (tmp_path / "_tributary").write_text(script("zsh"))
    (tmp_path / "tributary.fish").write_text(script("fish"))
    for check in (["zsh", "-n", "_tributary"], ["fish", "--no-execute", "tributary.fish"]):
        done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), check
    loaded = subprocess.run(["zsh", "-fc", "autoload -Uz compinit; compinit -u -d ./dump; source ./_tributary; print -r -- $_comps[tributary]"],
                            cwd=tmp_path, capture_output=True, text=True)
    assert loaded.stdout.strip() == "_tributary", loaded.stderr
    for command, options in commands.items():
        assert re.search(rf"^    '{command}:", script("zsh"), re.MULTILINE), command
        for option in options:
            assert option in script("zsh").split(f"        {command})\n")[1].split(" ;;\n")[0], (command, option)


def fish(folder, line):
    """What fish offers for a line."""
    (folder / "tributary.fish").write_text(script("fish"))
    done = subprocess.run(["fish", "--no-config", "-c", f"source tributary.fish; complete --do-complete {line!r}"], cwd=folder,
                          capture_output=True, text=True, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    return {row.split("\t")[0] for row in done.stdout.split("\n") if row}


def test_fish_really_completes(tmp_path, commands):
    assert set(commands) | {"help"} <= fish(tmp_path, "tributary ")
    assert fish(tmp_path, "tributary schema ") >= {"config", "event", "reference"}
    for command, options in commands.items():
        assert {option for option in options if option.startswith("--")} <= fish(tmp_path, f"tributary {command} --"), command


def test_another_shell_is_refused_by_name():
    done = run_once("completion", "ksh")
    assert done.returncode == 2 and "bash, zsh or fish" in done.stderr, done.stderr
