#!/usr/bin/env python3
"""Generated schemas and documents: our verdict beside that of the Python package jsonschema.

    schema_differential.py PATH/TO/schema_check [--pairs 100000] [--seed 7]

Every keyword of draft-07 takes part, with local references, anchors, $id and recursion. Numbers are decimals on both
sides: Python reads every fraction as decimal.Decimal, integers are exact there anyway, and multipleOf is written here.
They are spelled in many ways, and documents have those of their schema again, spelled otherwise or off by as little as
1e-400. Left out: formats, of which the two assert different ones, and \\w, which Python reads as Unicode.
Exit 1 on a difference, or when fewer than 30 % of the pairs are invalid, or fewer than 30 % valid.
"""
import argparse
import decimal
import fractions
import importlib.metadata
import json
import random
import re
import subprocess
import sys
import time

from jsonschema import Draft7Validator, ValidationError, validators

decimal.setcontext(decimal.Context(prec=2000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN))

NAMES = ["a", "b", "c", "aa", "ab", "x-1", "name", "longer_property_name", "a/b", "t~1", "", "\u00e4", "\U0001F432", "7"]
TEXTS = ["", "a", "b", "aa", "ab", "abc", "foo", "bar", "foobar", "x-1", "42", "A", "aXb", "\u00e4\u00f6", "\U0001F432\U0001F432",
         "a b", "true", "null", "0123456789abcdef01234567", "zzzzzzzzzz", "line\tone", "quote\"s", "back\\slash"]
PATTERNS = ["^a", "b$", "[0-9]+", "^[a-c]{2,3}$", "a.b", "^x-", "(foo|bar)", "^[^a]*$", "\\d", "^$", "o{2}",
            "^(a|b)*$", "[A-Z]", "^[a-f0-9]{24}$", "\u00e4", "^.{2}$", "\\s", "^a?b+c*$", "^[a-z]+[0-9]*$"]
NUMBERS = ["0", "1", "2", "3", "-1", "7", "10", "100", "1.0", "2.0", "0.5", "1.5", "-2.25", "1e2", "100e-2", "-0.0", "0.0",
           "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615",
           "18446744073709551616", "123456789012345678901234567890", "123456789012345678901234567891",
           "-123456789012345678901234567890", "1e15", "1125899906842624.5", "0.1", "0.3", "0.2", "4.2", "0.7", "19.99", "1e23",
           "100000000000000000000000", "1e400", "1.5e400", "-1e400", "0.30", "3e-1", "12.345", "99.99"]
LONG = ["0.30000000000000001", "0.1000000000000000056", "0.10000000000000000001", "9007199254740992.5", "9007199254740993.0",
        "9999999999999999.0", "99999999999999999999.9", "1234567890123456.7", "1e-400", "-1e-400", "5e-324", "2.2250738585072014e-308",
        "4.200000000000000000000000000000000001", "0.1234567890123456789012345678901234567890", "1.7976931348623157e308"]
ABSURD = ["1e999999999999", "-1e999999999999", "1e-999999999999", "0e999999999999", "10e999999999998"]
DIVISORS = ["1", "2", "3", "5", "0.5", "0.25", "10", "7", "4294967297", "1.5", "1e1", "0.1", "0.01", "0.3", "0.7", "1e-3", "1.1",
            "1e-17", "0.30000000000000001", "1e-400", "1e20", "9007199254740993.0"]
STEPS = ["0.1", "1e-15", "1e-16", "1e-17", "1e-20", "1e-40", "1e-400", "1"]
NUMBER_KEYWORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def number(self):
        pool = self.rng.random()
        return f"@@{self.rng.choice(NUMBERS if pool < 0.7 else LONG if pool < 0.97 else ABSURD)}@@"

    # The same number in other characters.
    def spelled(self, value):
        rng = self.rng
        sign, digits, exponent = value.as_tuple()
        zeros = rng.choice([0, 0, 1, 2, 20])
        digits = "".join(map(str, digits)) + "0" * zeros
        exponent -= zeros
        if -60 < exponent < 40 and rng.random() < 0.6:
            plain = format(decimal.Decimal((sign, tuple(map(int, digits)), exponent)), "f")
            return plain + (".0" if "." not in plain and rng.random() < 0.5 else "")
        shift = rng.randrange(len(digits) + 1)
        whole, fraction = digits[:shift].lstrip("0") or "0", digits[shift:]
        mark = rng.choice("eE") + ("+" if exponent + len(fraction) >= 0 and rng.random() < 0.5 else "")
        return "-" * sign + whole + ("." + fraction if fraction else "") + f"{mark}{exponent + len(fraction)}"

    # That number, or one just beside it.
    def near(self, number):
        value = decimal.Decimal(number.strip("@"))
        if self.rng.random() < 0.5 and abs(value.adjusted()) < 1000:
            value += self.rng.choice([1, -1]) * decimal.Decimal(self.rng.choice(STEPS))
        return f"@@{self.spelled(value)}@@"

    # The same value with its numbers in other characters, sometimes with another number.
    def respelled(self, value):
        if isinstance(value, str) and value.startswith("@@"):
            return self.near(value) if self.rng.random() < 0.3 else f"@@{self.spelled(decimal.Decimal(value.strip('@')))}@@"
        if isinstance(value, list):
            return [self.respelled(item) for item in value]
        if isinstance(value, dict):
            return {name: self.respelled(item) for name, item in value.items()}
        return value

    def value(self, depth=0):
        kind = self.rng.random()
        if kind < 0.25:
            return self.number()
        if kind < 0.5:
            return self.rng.choice(TEXTS)
        if kind < 0.6:
            return self.rng.choice([True, False])
        if kind < 0.67 or depth > 2:
            return None
        if kind < 0.83:
            return [self.value(depth + 1) for _ in range(self.rng.randrange(4))]
        return {self.rng.choice(NAMES): self.value(depth + 1) for _ in range(self.rng.randrange(5))}

    # A schema. `level`: the definition it stands in; a reference in place goes to a later one, so that none loops.
    def schema(self, depth, level, in_place=True):
        rng = self.rng
        if rng.random() < 0.06:
            return rng.random() < 0.8
        if rng.random() < 0.16:
            reference = self.reference(level, in_place)
            if reference:
                return {"$ref": reference, **({"type": "null"} if rng.random() < 0.1 else {})}
        result = {}
        if rng.random() < 0.5:
            types = ["string", "number", "integer", "object", "array", "object", "array", "boolean", "null"]
            result["type"] = rng.choice(types) if rng.random() < 0.8 else sorted(set(rng.choices(types, k=3)))
        of = result.get("type") if isinstance(result.get("type"), str) else None
        groups = {"string": self.text, "number": self.numeric, "integer": self.numeric, "object": self.members, "array": self.items}
        for name, group in [("string", self.text), ("number", self.numeric), ("object", self.members), ("array", self.items)]:
            if groups.get(of) == group or (of is None and rng.random() < 0.35):
                group(result, depth, level)
        if rng.random() < 0.05:
            result["enum"] = [self.value() for _ in range(rng.randrange(1, 5))]
        if rng.random() < 0.04:
            result["const"] = self.value()
        if depth < 3 and rng.random() < 0.3:
            self.combined(result, depth, level)
        if rng.random() < 0.05:
            result.update(rng.choice([{"default": 1}, {"title": "t"}, {"unknownKeyword": {"type": 5}}, {"format": "unheard-of"},
                                      {"contentEncoding": "base64"}, {"examples": [1]}, {"$comment": "c"}]))
        return result

    def reference(self, level, in_place):
        if not in_place:
            return self.rng.choice(["#", "#/definitions/d0", "#/definitions/d1", "#/definitions/d2", "#anchored", self.base + "#/definitions/d1"])
        later = [f"#/definitions/d{i}" for i in range(level + 1, 3)]
        if level < 2:
            later.append("#anchored")  # it is d2
        return self.rng.choice(later) if later else None

    def inner(self, depth, level):
        return self.schema(depth + 1, level, False) if depth < 3 else self.rng.choice([True, {}, {"type": "string"}, {"type": "integer"}])

    def some(self, result, **keywords):
        chosen = self.rng.sample(sorted(keywords), k=self.rng.choice([1, 1, 1, 2, 2, 3]))
        for keyword in chosen:
            result[keyword] = keywords[keyword]()

    def text(self, result, depth, level):
        pick = self.rng.choice
        self.some(result, minLength=lambda: pick([0, 1, 2, "@@2.0@@", 3]), maxLength=lambda: pick([1, 2, 3, 5, 24]), pattern=lambda: pick(PATTERNS))

    def numeric(self, result, depth, level):
        self.some(result, minimum=self.number, maximum=self.number, exclusiveMinimum=self.number, exclusiveMaximum=self.number,
                  multipleOf=lambda: f"@@{self.rng.choice(DIVISORS)}@@")

    def items(self, result, depth, level):
        rng = self.rng
        self.some(result, minItems=lambda: rng.randrange(3), maxItems=lambda: rng.randrange(1, 5), uniqueItems=lambda: rng.random() < 0.9,
                  contains=lambda: self.inner(depth, level), items=lambda: self.inner(depth, level))
        if rng.random() < 0.35:
            result["items"] = [self.inner(depth, level) for _ in range(rng.randrange(1, 4))]
            if rng.random() < 0.6:
                result["additionalItems"] = self.inner(depth, level)

    def members(self, result, depth, level):
        rng = self.rng
        names = lambda most: sorted(set(rng.choices(NAMES, k=rng.randrange(1, most))))
        self.some(
            result,
            minProperties=lambda: rng.randrange(4), maxProperties=lambda: rng.randrange(1, 5), required=lambda: names(4),
            patternProperties=lambda: {rng.choice(PATTERNS): self.inner(depth, level) for _ in range(rng.randrange(1, 3))},
            additionalProperties=lambda: self.inner(depth, level),
            propertyNames=lambda: rng.choice([{"maxLength": 3}, {"pattern": "^[a-z]"}, {"enum": NAMES[:6]}, {"minLength": 1}, {"not": {"const": "a"}}, {"type": "string"}]),
            dependencies=lambda: {rng.choice(NAMES): names(3) if rng.random() < 0.5 else self.schema(depth + 1, level) if depth < 3 else True})
        if rng.random() < 0.8:
            result["properties"] = {name: self.inner(depth, level) for name in names(5)}

    def combined(self, result, depth, level):
        branches = lambda: [self.schema(depth + 1, level) for _ in range(self.rng.randrange(1, 4))]
        one = lambda: self.schema(depth + 1, level)
        self.some(result, allOf=branches, anyOf=branches, oneOf=branches, **{"not": one, "if": one})
        if "if" in result:
            result["then"] = one()
            if self.rng.random() < 0.6:
                result["else"] = one()

    def root(self):
        self.base = ""
        if self.rng.random() < 0.3:
            self.base = "http://example.test/schemas/root.json"
        schema = self.schema(0, -1)
        if not isinstance(schema, dict) or "$ref" in schema:
            schema = {"allOf": [schema]}
        schema["definitions"] = {f"d{i}": self.schema(1, i) for i in range(3)}
        anchored = schema["definitions"]["d2"]
        if not isinstance(anchored, dict) or "$ref" in anchored:
            anchored = schema["definitions"]["d2"] = {"type": ["object", "string", "number"]}
        anchored["$id"] = "#anchored"
        if self.base:
            schema["$id"] = self.base
        return schema

    # A value that tries to satisfy a schema, and often does.
    def sample(self, schema, root, depth=0):
        rng = self.rng
        if not isinstance(schema, dict) or depth > 5:
            return self.value(depth)
        if "$ref" in schema:
            reference = schema["$ref"].split("#")[-1]
            definition = "d2" if reference == "anchored" else reference.rsplit("/", 1)[-1]
            return self.sample(root["definitions"].get(definition, root) if definition else root, root, depth + 1)
        if "const" in schema:
            return self.respelled(schema["const"])
        if "enum" in schema:
            return self.respelled(rng.choice(schema["enum"]))
        for several in ("allOf", "anyOf", "oneOf"):
            if several in schema and "type" not in schema and rng.random() < 0.7:
                return self.sample(rng.choice(schema[several]), root, depth + 1)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = rng.choice(kind)
        if kind is None:
            marks = {"object": ("properties", "required", "dependencies", "patternProperties"), "array": ("items", "contains", "uniqueItems"),
                     "string": ("minLength", "maxLength", "pattern"), "number": ("minimum", "maximum", "multipleOf")}
            fitting = [name for name, keywords in marks.items() if any(k in schema for k in keywords)]
            kind = rng.choice(fitting or ["any"])
        if kind == "object":
            result = {}
            for name in schema.get("required", []):
                result[name] = self.value(depth + 1)
            for name, inner in schema.get("properties", {}).items():
                if name in result or rng.random() < 0.6:
                    result[name] = self.sample(inner, root, depth + 1)
            if rng.random() < 0.3:
                result[rng.choice(NAMES)] = self.value(depth + 1)
            return result
        if kind == "array":
            items = schema.get("items", True)
            result = [self.sample(inner, root, depth + 1) for inner in items] if isinstance(items, list) else \
                [self.sample(items, root, depth + 1) for _ in range(rng.randrange(schema.get("minItems", 0), 5))]
            if schema.get("uniqueItems") and result and rng.random() < 0.5:
                result.append(self.respelled(rng.choice(result)))
            if "contains" in schema:
                result.append(self.sample(schema["contains"], root, depth + 1))
            return result[:schema.get("maxItems", 9)]
        if kind == "string":
            return rng.choice(TEXTS)
        if kind in ("number", "integer"):
            named = [schema[keyword] for keyword in NUMBER_KEYWORDS if keyword in schema]
            return self.near(rng.choice(named)) if named and rng.random() < 0.7 else self.number()
        return {"boolean": True, "null": None}.get(kind, self.value(depth))


def text_of(value):
    return re.sub(r'"@@([^@]*)@@"', r"\1", json.dumps(value, ensure_ascii=False))


# Every number of a text as it is written: an int or a Decimal.
def read(text):
    return json.loads(text, parse_float=decimal.Decimal)


# The quotient itself where it can be written out, else what is left of it by arithmetic modulo the divisor.
def is_multiple(value, divisor):
    value, divisor = decimal.Decimal(value), decimal.Decimal(divisor)
    if abs(value.adjusted()) + abs(divisor.adjusted()) < 5000:
        return (fractions.Fraction(value) / fractions.Fraction(divisor)).denominator == 1
    whole, by = value.normalize().as_tuple(), divisor.normalize().as_tuple()
    shift = whole.exponent - by.exponent
    number, modulus = (int("".join(map(str, part.digits))) for part in (whole, by))
    return number == 0 or (shift >= 0 and number * pow(10, shift, modulus) % modulus == 0)


def exact_validator():
    def is_integer(_, value):
        if isinstance(value, bool):
            return False
        return isinstance(value, int) or (isinstance(value, decimal.Decimal) and value == value.to_integral_value())

    def multiple_of(validator, divisor, value, _):
        if validator.is_type(value, "number") and not is_multiple(value, divisor):
            yield ValidationError(f"{value} is not a multiple of {divisor}")

    return validators.extend(Draft7Validator, {"multipleOf": multiple_of},
                             type_checker=Draft7Validator.TYPE_CHECKER.redefine("integer", is_integer))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("schema_check")
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--documents", type=int, default=10, help="for each schema")
    options = parser.parse_args()
    started = time.monotonic()
    generator = Generator(random.Random(options.seed))
    exact = exact_validator()
    cases = []
    for _ in range(-(-options.pairs // options.documents)):
        schema = generator.root()
        documents = [generator.value() if i % 5 == 4 else generator.sample(schema, schema) for i in range(options.documents)]
        cases.append((text_of(schema), [text_of(document) for document in documents]))

    lines = "".join(f"{schema}\n{len(documents)}\n" + "".join(d + "\n" for d in documents) for schema, documents in cases)
    ours = subprocess.run([options.schema_check], input=lines, capture_output=True, text=True, encoding="utf-8", check=True).stdout.splitlines()

    pairs = invalid = differences = 0
    keywords = {}
    for (schema_text, documents), verdicts in zip(cases, ours, strict=True):
        validator = exact(read(schema_text))
        for keyword in set(re.findall(r'"([a-zA-Z$]+)":', schema_text)):
            keywords[keyword] = keywords.get(keyword, 0) + 1
        expected = "".join("1" if validator.is_valid(read(document)) else "0" for document in documents)
        pairs += len(documents)
        invalid += expected.count("0")
        if verdicts != expected:
            differences += 1
            if differences <= 5:
                print(f"schema: {schema_text}\n  theirs: {expected}\n  ours:   {verdicts}")
                for document, a, b in zip(documents, expected, verdicts):
                    if a != b:
                        print(f"  {a} {b} {document}")
    known = ["type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
             "items", "additionalItems", "maxItems", "minItems", "uniqueItems", "contains", "maxProperties", "minProperties", "required", "properties",
             "patternProperties", "additionalProperties", "dependencies", "propertyNames", "if", "then", "else", "allOf", "anyOf", "oneOf", "not", "definitions", "$ref", "$id"]
    unused = [keyword for keyword in known if keywords.get(keyword, 0) < 50]
    share = 100 * invalid / pairs
    print(f"jsonschema {importlib.metadata.version('jsonschema')}, seed {options.seed}: {pairs} pairs of {len(cases)} schemas, {share:.1f} % invalid, "
          f"{differences} schemas with a difference, {time.monotonic() - started:.0f} s")
    if unused:
        print("keywords hardly used: " + ", ".join(unused))
    return 1 if differences or unused or pairs < options.pairs or not 30 <= share <= 70 else 0


if __name__ == "__main__":
    sys.exit(main())
