#!/usr/bin/env python3
"""The bug that each fuzz target must find, planted in a copy of a shipped file; the shipped file knows nothing of it.

  tests/fuzz/planted.py file TARGET            the shipped file, from the project's root
  tests/fuzz/planted.py write TARGET COPY      writes the file with its bug to COPY

The text that is replaced must stand in the file exactly once. Where it does not, the file has changed: bring the table
below up to date. Exit 1 then, with a sentence.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# target: (file, the text, what it becomes)
PLANTED = {
    # One item too many is taken from the tuple.
    "validator": (
        "schema/validator.cpp",
        "    const bool in_tuple = count < rules.tuple.size();\n",
        "    const bool in_tuple = !rules.tuple.empty() && count <= rules.tuple.size();\n"),
    # An alias inside the value that it stands for is followed.
    "yaml": (
        "config/parse.cpp",
        '    if (known == anchors_.end()) stop(here(mark), "an alias inside the value it stands for");\n',
        ""),
    # An escaped quote is taken for the end of a string.
    "normaliser": (
        "connectors/json/json_text.cpp",
        "      if (*in == '\\\\') *out++ = *in++;\n",
        ""),
    # A text that ends in a backslash is read behind its end.
    "condition": (
        "expression/scanner.cpp",
        "  if (const auto known = at_end() ? std::string_view::npos : written.find(text_[at_]);\n",
        "  if (const auto known = written.find(text_[at_]);\n"),
    # Of a field that begins like a command, one character is taken away.
    "template": (
        "expression/template.cpp",
        "  while (!value.empty()) {\n",
        "  for (int once = 0; once < 1 && !value.empty(); ++once) {\n"),
    # An id is copied into a buffer of the size that it should have.
    "socket_io": (
        "connectors/streamelements/socket_io.cpp",
        "bool is_short(std::string_view ack_id) { return ack_id.size() <= ack_id_limit; }\n",
        "bool is_short(std::string_view ack_id) {\n"
        "  char digits[ack_id_limit + 1] = {};\n"
        "  for (std::size_t i = 0; i < ack_id.size(); ++i) digits[i] = ack_id[i];\n"
        "  return digits[ack_id_limit] == 0;\n"
        "}\n"),
    # A name that is no text is passed on as it is.
    "users": (
        "connectors/users/codec.cpp",
        "      writer_.put_text(member.key, member.value);\n",
        "      writer_.put(member.key, member.value);\n"),
    # Nobody looks at `from`.
    "stagecast": (
        "connectors/stagecast/codec.cpp",
        '  return object["from"].is_string();\n',
        "  return true;\n"),
    # A chat without its data is taken.
    "oha": (
        "connectors/oha/codec.cpp",
        '  if (data.kind != Value::Kind::object) return malformed("wrong_shape", "the data of a chat is an object", outcome);\n',
        ""),
    # A type that is no text, or none, is taken.
    "dlive": (
        "connectors/dlive/codec.cpp",
        "  if (!type.is_string()) {\n"
        '    malformed("wrong_shape", "a frame is an object with a type", outcome);\n'
        "    return packet_;\n"
        "  }\n",
        ""),
    # A mark that no relay has published yet is taken.
    "mark": (
        "event/mark.cpp",
        "    if (number == 0 || number > hops_most) return false;\n",
        "    if (number > hops_most) return false;\n"),
    # A part may lie outside its text.
    "row": (
        "spool/row.cpp",
        "    from.expect(part.offset <= event->text.size() && part.size <= event->text.size() - part.offset);\n",
        ""),
    # The search goes on to before its beginning.
    "history": (
        "connectors/streamelements/backfill.cpp",
        "    return before > from && before < to ? std::optional(page(from, before)) : std::nullopt;\n",
        "    return before < to ? std::optional(page(from, before)) : std::nullopt;\n"),
    # Any word is a way that a frame went.
    "recording": (
        "daemon/recording.cpp",
        '    if (way != "received" && way != "sent") return',
        "    if (way.empty()) return"),
    # What stands behind an address in brackets is not looked at.
    "asker": (
        "admin/access.cpp",
        "    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return {};\n",
        ""),
    # An amount that is no number is taken.
    "unwrap": (
        "connectors/json/event_reader.cpp",
        '  return texts && data["amount"].kind == Value::Kind::number && data["items"].kind == Value::Kind::array;\n',
        '  return texts && data["items"].kind == Value::Kind::array;\n'),
}


def changed(target, text):
    """The file's text with its bug; ValueError when there is no one place for it."""
    file, clean, bug = PLANTED[target]
    found = text.count(clean)
    if found != 1:
        raise ValueError(f"{file}: the text in which the bug of {target}_fuzz is planted stands there {found} times, expected "
                         f"once; bring tests/fuzz/planted.py up to date with the file. The text:\n{clean}")
    return text.replace(clean, bug)


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "file":
        print(PLANTED[arguments[1]][0], end="")
        return 0
    if len(arguments) != 3 or arguments[0] != "write":
        print(__doc__, file=sys.stderr)
        return 2
    target, copy = arguments[1], pathlib.Path(arguments[2])
    try:
        planted = changed(target, (ROOT / PLANTED[target][0]).read_text(encoding="utf-8"))
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 1
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(planted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
