"""For each {hex, expression?} on stdin: what cbor2 reads from the bytes, writes for it again, and for the expression."""

import datetime
import json
import re
import struct
import sys
import uuid

from cbor2 import CBORTag, dumps, loads, undefined

NAMES = {name: globals()[name] for name in ("CBORTag", "datetime", "re", "undefined", "uuid")}


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return struct.pack(">d", a) == struct.pack(">d", b)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a), list(b)) and same(list(a.values()), list(b.values()))
    if isinstance(a, CBORTag):
        return a == CBORTag(b.tag, frozen(b.value))
    return a == b


def frozen(value):
    # Inside of a tag cbor2 reads arrays as tuples.
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def answer(case):
    read = loads(bytes.fromhex(case["hex"]))
    result = {"read": repr(read), "again": dumps(read, canonical=True, datetime_as_timestamp=True).hex()}
    if "expression" in case:
        expected = eval(case["expression"], NAMES)
        result["same"] = same(read, expected)
        result["written"] = dumps(expected, datetime_as_timestamp=True).hex()
    return result


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
