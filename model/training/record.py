"""One request in JSON Lines form: reading, writing, headers.

A record is the dict of the JSON line: id, dataset, label, class, method,
target, headers [[name, value], …], body (text) or body_b64 (base64 of bytes).
"""

import base64
import gzip
import json

CARRIER_HEADERS = {"host", "content-type", "content-length", "content-encoding", "transfer-encoding"}


def read(path):
    """Yields the records of a .jsonl or .jsonl.gz file."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def line(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def header(record, name):
    """The first value of the header called name (lower case), or ""."""
    for key, value in record["headers"]:
        if key.lower() == name:
            return value
    return ""


def set_header(record, name, value):
    """Replaces the header called name, or appends it."""
    for pair in record["headers"]:
        if pair[0].lower() == name.lower():
            pair[1] = value
            return
    record["headers"].append([name, value])


def drop_headers(record, names):
    record["headers"] = [pair for pair in record["headers"] if pair[0].lower() not in names]


def set_body(record, text):
    """Puts a text body and the Content-Length that fits it."""
    record.pop("body_b64", None)
    record["body"] = text
    if text:
        set_header(record, "Content-Length", str(len(text.encode("utf-8", "surrogatepass"))))


def body_text(record):
    """The body as text; "" when there is none or it is binary."""
    return record.get("body") or ""


def body_bytes(record):
    if record.get("body_b64"):
        return base64.b64decode(record["body_b64"])
    return (record.get("body") or "").encode("utf-8", "surrogatepass")


def copy(record, identity):
    """A copy that can be changed, without the source's bookkeeping fields."""
    fresh = {key: record[key] for key in ("dataset", "label", "class", "method", "target")}
    fresh["id"] = identity
    fresh["headers"] = [list(pair) for pair in record["headers"]]
    for key in ("body", "body_b64"):
        if record.get(key):
            fresh[key] = record[key]
    return fresh
