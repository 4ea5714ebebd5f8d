#!/usr/bin/env python3
"""A second implementation of docs/identity.md, written from that page alone, which computes the golden digests.

    python3 tests/identity/golden/reference.py            # rewrites golden.txt from vectors.json
    python3 tests/identity/golden/reference.py --check    # fails if golden.txt is not what it would write

Standard library only. `vectors.json` is a list of vectors. A vector is a name and either a configuration (`id`, `args`
and, if declared, `version`) or `x`, short for the configuration `golden.x` with the one argument `x`. An argument is
`name`, `value`, and what its declaration says: `id` (an older name), `ignored`, `job_path`, `default`,
`ignore_default`, and `type`, which matters when it is "path" (a path, or an option, list or set of paths) or "option".
Values are what `encode` takes.
"""

import decimal
import hashlib
import json
import math
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent


def u64(n):
    return struct.pack(">Q", n)


def i128(n):
    return n.to_bytes(16, "big", signed=True)


def string(text):
    utf8 = text.encode("utf-8")
    return b"S" + u64(len(utf8)) + utf8


def float_bytes(x):
    if x != x:
        return bytes.fromhex("7ff8000000000000")
    return struct.pack(">d", 0.0 if x == 0 else x)


def widened(bits):
    """The f64 that the shortest decimal form of the f32 with these bits reads as."""
    single = bytes.fromhex(bits)
    x = struct.unpack(">f", single)[0]
    if x != x or x in (float("inf"), float("-inf")):
        return x
    exact = decimal.Decimal(abs(x))
    for digits in range(1, 18):
        unit = decimal.Decimal(1).scaleb(exact.adjusted() - digits + 1)
        # At a power of two the nearest decimal of a length may not read back while the second nearest does.
        below = exact.quantize(unit, decimal.ROUND_FLOOR)
        for y in sorted([below, below + unit], key=lambda y: abs(y - exact)):
            y = math.copysign(float(y), x)
            if rounded(y) == single:
                return y
    raise ValueError(bits)


def rounded(y):
    try:
        return struct.pack(">f", y)
    except OverflowError:
        return None


def encode(value):
    kind, content = value[0], value[1] if len(value) > 1 else None
    if kind == "N":
        return b"N"
    if kind == "B":
        return b"B" + bytes([content])
    if kind == "I":
        return b"I" + i128(int(content))
    if kind == "F":
        return b"F" + float_bytes(float(content))
    if kind == "f32":
        return b"F" + float_bytes(widened(content))
    if kind == "nan bits":
        return b"F" + float_bytes(struct.unpack(">d", bytes.fromhex(content))[0])
    if kind == "S":
        return string(content)
    if kind == "U":
        return b"U" + i128(int(content))
    if kind in ("L", "T"):
        made = next((i for i, item in enumerate(content) if item[0] in ("J", "O")), len(content))
        items = (b"P" if item[0] == "P" and i > made else encode(item) for i, item in enumerate(content))
        return kind.encode() + u64(len(content)) + b"".join(items)
    if kind == "Z":
        return b"Z" + u64(len(content)) + b"".join(sorted(map(encode, content)))
    if kind == "M":
        entries = sorted(((encode(k), encode(v)) for k, v in content), key=lambda entry: entry[0])
        return b"M" + u64(len(entries)) + b"".join(k + v for k, v in entries)
    if kind == "E":
        return b"E" + string(content["id"]) + string(content["variant"]) + arguments(content["args"])
    if kind == "D":
        return b"D" + digest(content)
    if kind == "O":
        return b"O" + digest(content)
    if kind == "J":
        return b"J" + digest(content) + string(value[2])
    if kind == "R":
        return b"R" + digest(content) + digest(value[2])
    if kind == "P":
        return b""
    if kind == "X":
        text = canonical(content).encode("utf-8")
        return b"X" + u64(len(text)) + text
    raise ValueError(f"no such value: {value}")


def holds_job_file(value):
    return value[0] in ("J", "O") or (value[0] in ("L", "T", "Z") and any(map(holds_job_file, value[1])))


def takes_part(argument):
    value = argument["value"]
    if argument.get("ignored") or argument.get("job_path"):
        return False
    if argument.get("type") == "path" and not holds_job_file(value):
        return False
    if argument.get("type") == "option" and "default" not in argument and value == ["N"]:
        return False
    return not (argument.get("ignore_default") and encode(value) == encode(argument["default"]))


def arguments(declared):
    parts = [(a.get("id", a["name"]).encode("utf-8"), a) for a in declared if takes_part(a)]
    parts.sort(key=lambda part: part[0])
    return u64(len(parts)) + b"".join(string(name.decode("utf-8")) + encode(a["value"]) for name, a in parts)


def digest(config):
    if "x" in config:
        config = {"id": "golden.x", "args": [{"name": "x", "value": config["x"]}]}
    version = b"V" + u64(config["version"]) if "version" in config else b""
    return hashlib.sha256(b"xpm1C" + string(config["id"]) + version + arguments(config["args"])).digest()


def canonical(value):
    """RFC 8785, and integers beyond 2^53 with all their digits and an `n`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= 2**53 else f"{value}n"
    if isinstance(value, float):
        return ecmascript(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(quoted(k) + ":" + canonical(v) for k, v in members) + "}"


def quoted(text):
    short = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    return '"' + "".join(short.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text) + '"'


def ecmascript(x):
    """Number::toString of ECMAScript, from the shortest digits, which Python's repr has too."""
    if x == 0:
        return "0"
    sign, x = ("-", -x) if x < 0 else ("", x)
    mantissa, _, exponent = repr(x).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = int(exponent or 0) + len(whole) if whole != "0" else int(exponent or 0) - (len(fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + digits[0] + ("." + digits[1:] if count > 1 else "") + power


def main():
    vectors = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))
    names = [vector["name"] for vector in vectors]
    assert len(names) == len(set(names)), "a name stands twice: " + str({n for n in names if names.count(n) > 1})
    text = "".join(f"{digest(vector).hex()} {vector['name']}\n" for vector in vectors)
    golden = HERE / "golden.txt"
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if golden.read_text(encoding="utf-8") == text else "golden.txt is not what vectors.json gives")
    golden.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
