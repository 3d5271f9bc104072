"""CSIC requests: reading a split, telling copies, taking a request apart and building one."""

import collections
import random
import urllib.parse

from csic import options
import record as records


def path(scheme, split):
    return options.DATA / scheme / f"{split}.jsonl.gz"


def key(record):
    """What makes two requests copies of each other: method, target, body; not the session's cookie."""
    return record["method"], record["target"], records.body_bytes(record)


def distinct(rows):
    """One record for each key, in order of first sight."""
    seen = {}
    for row in rows:
        seen.setdefault(key(row), row)
    return list(seen.values())


def left_out(rows, fold):
    """Places of the fold's pages: those that normals ask for without parameters only, shared out among the folds by a fixed seed.

    A page with a form has requests in every split of every scheme; of a page
    without parameters all requests are one, so a split that keeps equal
    requests together has it on one side only.
    """
    plain, forms = set(), set()
    for row in rows:
        if row["label"] == "normal":
            (forms if "?" in row["target"] or records.body_bytes(row) else plain).add(place(row))
    candidates = sorted(plain - forms)
    random.Random(options.FOLD_SEED).shuffle(candidates)
    return set(candidates[fold % options.FOLDS::options.FOLDS])


def place(record):
    """The target up to its query."""
    return record["target"].partition("?")[0]


def parameters(record):
    """Names and decoded values of the query and of the form, in order."""
    body = records.body_bytes(record).decode("latin-1")
    pairs = []
    for part in (record["target"].partition("?")[2], body):
        for item in part.split("&") if part else ():
            name, _, value = item.partition("=")
            pairs.append((name, urllib.parse.unquote_plus(value, "latin-1")))
    return pairs


def encode(text):
    return urllib.parse.quote_plus(text, safe="*", encoding="latin-1", errors="replace")


CONSTANT = ("host", "user-agent", "cookie")  # the same in all of CSIC, but for the session's number


def bare(record):
    """The request without the headers that tell nothing."""
    return {**record, "dataset": "bare", "headers": [pair for pair in record["headers"] if pair[0].lower() not in CONSTANT]}


Shape = collections.namedtuple("Shape", "place names")  # a page and its parameters


def shape(record):
    return Shape(place(record), tuple(name for name, _ in parameters(record)))


def build(template, identity, method, place, pairs, session, label):
    """A request like CSIC's: the template's constant headers, parameters in the query (GET) or the body."""
    form = "&".join(f"{name}={encode(value)}" for name, value in pairs)
    headers = [list(pair) for pair in template["headers"] if pair[0].lower() not in ("content-type", "content-length", "cookie")]
    headers.append(["Cookie", f"JSESSIONID={session}"])
    target, body = place, ""
    if form and method == "GET":
        target = f"{place}?{form}"
    elif form:
        body = form
        headers += [["Content-Type", "application/x-www-form-urlencoded"], ["Content-Length", str(len(form))]]
    return {"id": identity, "dataset": "made", "label": label, "class": "none" if label == "normal" else "other",
            "method": method, "target": target, "headers": headers, "body": body}
