"""Whole requests from productions and carriers."""

import gzip
import importlib
import json
import pathlib
import random

from heldout import grammar, place, serialised, special  # serialised adds atoms
from heldout.carrier import Request

FOLDER = pathlib.Path(__file__).parent
COUNT = {"val": 400, "test": 400}
CLASSES = {"xxe": "xxe", "log4shell": "log4shell", "shellshock": "shellshock", "cmdi-unix": "cmdi", "cmdi-windows": "cmdi", "code-injection": "cmdi", "sqli": "sqli", "xss": "xss", "traversal": "traversal"}
WEIGHTS = {"path": 1, "query": 3, "header": 1.5, "cookie": 1, "form": 2, "json": 2, "xml": 1, "multipart": 1, "graphql": 1, "raw": 0.7}
TEXT_PLACES = {"query": 3, "form": 3, "json": 3, "multipart": 1.5, "xml": 1.2, "graphql": 1.2, "raw": 1, "header": 0.5, "cookie": 0.5, "path": 0.4}
DOCUMENTS = {"form": 3, "json": 3, "multipart": 1.5, "xml": 1.2, "graphql": 1.2, "raw": 1.2}  # nobody types these into a path or a header
KIND_PLACES = dict.fromkeys(("code-review", "config", "logs", "markdown", "files", "base64-images", "templates", "minified-js"), dict(DOCUMENTS, query=1))
KIND_PLACES["html-prose"] = DOCUMENTS
KIND_PLACES["urls"] = KIND_PLACES["long-tokens"] = {name: weight for name, weight in TEXT_PLACES.items() if name != "path"}
PROSE = {"sql-prose", "shell-prose", "apostrophes", "math", "languages", "searches", "forms", "code-review", "config", "logs", "files", "urls"}


def families():
    return sorted({path.stem for path in (FOLDER / "attacks").glob("*.txt")} | set(special.FAMILIES))


def kinds():
    return sorted(path.stem for path in (FOLDER / "texts").glob("*.txt")) + ["plain"]


def carriers(split):
    """The carriers of a split, of all its sections."""
    return tuple(carrier for section in grammar.SECTIONS[split] for carrier in importlib.import_module("heldout.carriers_" + section).CARRIERS)


def fitting(split, where, ordinary):
    """The carriers in which a value can stand at where."""
    found = []
    for carrier in carriers(split):
        if where in ("path", "header", "cookie"):
            fits = (where != "cookie" or carrier.cookies) and (not ordinary or carrier.client in ("nav", "xhr"))
        elif where == "query":
            fits = (not ordinary or carrier.typed("query")) and (bool(carrier.query) or carrier.method == "GET") and carrier.client != "probe"
        else:
            fits = carrier.kind == where and (not ordinary or carrier.typed(where))
        if fits:
            found.append(carrier)
    return found


def next_place(rng, counts, allowed, weights):
    """The allowed place that is the furthest behind its weight."""
    return min(allowed, key=lambda name: ((counts.get(name, 0) + rng.random()) / (weights.get(name, 1) * allowed.count(name))))


def requests(split, seed, dataset, productions, label, kind, weights, led=False):
    """COUNT[split] requests that carry the productions in turn; led: some with a salutation before."""
    rng = random.Random("%s/%s/%d" % (dataset, split, seed))
    order = list(range(len(productions)))
    counts, seen, made, failed = {}, set(), [], 0
    while len(made) < COUNT[split]:
        if failed > 20000:
            raise RuntimeError("%s, %s: %d of %d requests made, then every try failed; add productions or places" % (dataset, split, len(made), COUNT[split]))
        if len(made) % len(order) == 0:
            rng.shuffle(order)
        production = productions[order[(len(made) + failed) % len(order)]]
        record = one(rng, split, dataset, production, label, kind, weights, led, counts, seen, len(made))
        if record is None:
            failed += 1
            continue
        made.append(record)
    return made


def one(rng, split, dataset, production, label, kind, weights, led, counts, seen, number):
    """One request, or None when the text was there already or does not fit its place."""
    ordinary = label == "normal"
    text = grammar.expand(rng, production.text)
    if led and rng.random() < 0.25:
        lead = rng.choice([lead for section in grammar.SECTIONS[split] for lead in LEADS[section]])
        text = grammar.expand(rng, lead) + ("\n" if "\n" in text else " ") + text
    if text in seen and rng.random() < 0.98:
        return None
    where = next_place(rng, counts, production.places or list(weights), weights)
    wanted = fitting(split, where, ordinary)
    request = Request(rng, rng.choice(wanted))
    try:
        place.put(rng, request, where, text, production.style, production.keys, production.name, ordinary)
    except place.Unsuitable:
        counts[where] = counts.get(where, 0) + 0.02
        return None
    seen.add(text)
    counts[where] = counts.get(where, 0) + 1
    record = request.record("%s-%s-%04d" % (dataset, split, number), dataset, label, kind, where)
    record["payload"] = text
    return record


LEADS = {"val": ("Hi §first§,", "Hello all,", "Note of §date§:", "§name§ wrote:", "FYI", "Re: §thing§ —"),
         "seen": ("Dear §first§,", "Good morning §first§!", "Update §weekday§, §time§:", "Quoting §first§:", "As discussed in §month§:", "(§first§, §city§)"),
         "test": ("@§user§:", "Forwarded by §name§, §weekday§.", "§small§) ", "PS:", "To whom it may concern —", "[§city§ office]", "Follow-up to ticket §upper§-§int§:", "Thanks §first§. One more thing:")}


def attacks(split, seed):
    """The records of all attack families."""
    made = []
    for family in families():
        dataset, kind = "heldout-" + family, CLASSES.get(family, "other")
        if family in special.FAMILIES:
            made += special.FAMILIES[family](split, seed, dataset, kind)
        else:
            made += requests(split, seed, dataset, grammar.productions(FOLDER / "attacks" / (family + ".txt"), split), "attack", kind, WEIGHTS)
    return made


def ordinary(split, seed):
    """The records of all kinds of ordinary text, and of the carriers themselves."""
    made = []
    for kind in kinds():
        dataset = "heldout-text-" + kind
        if kind == "plain":
            rng = random.Random("%s/%s/%d" % (dataset, split, seed))
            for number in range(COUNT[split]):
                request = Request(rng, rng.choice(carriers(split)))
                record = request.record("%s-%s-%04d" % (dataset, split, number), dataset, "normal", "none", "none")
                made.append(record)
        else:
            made += requests(split, seed, dataset, grammar.productions(FOLDER / "texts" / (kind + ".txt"), split), "normal", "none", KIND_PLACES.get(kind, TEXT_PLACES), kind in PROSE)
    return made


def write(path, records):
    """Writes JSON Lines, gzipped, the same bytes every time."""
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        for record in records:
            packed.write((json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "surrogatepass"))
