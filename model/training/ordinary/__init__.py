"""Ordinary values and bodies that look dangerous, for training: label normal.

Seeded grammars of what people and programs really send and a naive filter
would stop: people who quote SQL, shells and markup, names with apostrophes,
reviews of code, formulas, long tokens, trackers, templates, URLs in
parameters, settings, logs, and text in many languages. Nothing in here is a
working injection for a common server.

    value(kind, rng)    one text of a kind
    any(rng)            a kind, by its weight, and a text of it
    request(rng)        a whole request, for bodies that no value makes

    database.py  SQL in talk, query languages      shell.py     commands
    markup.py    HTML, CSS, Markdown, data: URLs   program.py   code, diffs, scripts, templates, settings
    beacon.py    trackers, tokens, URLs            writing.py   names, sums, logs, mail, chats, …
    document.py  XML, JSON, GraphQL, binary        languages.py many languages
    hard.py      combinations                      requests.py  whole requests
    words.py     word banks and slots              harmless.py  what no text may hold
    shapes.py    names and values of any vendor    telemetry.py monitors, trackers, sensors, as requests
    vendor.py    query languages, as requests      office.py    editors, settings, sign-on, hooks, as requests
    files.py     paths, pictures in markup, quoted commands
    capture.py   pages, requests and machines as recorded, as requests
    hosts.py     lists of addresses and of dotted names
    client.py    a client's headers, jars of cookies   endpoint.py requests written as lines
    thirdparty.py, firstparty.py, visits.py  the web's common requests, as such lines or by code
    pasted.py    settings, commands, logs, code that people paste
    message.py   quoting, headers, bodies

Read them by eye with `python3 -m ordinary --show KIND`.
"""

from . import beacon, database, document, files, hard, harmless, hosts, languages, markup, office, pasted, program, shapes, shell, vendor, writing
from .requests import request as _request

SHORTEST, LONGEST = 3, 6000

# kind: (weight, generator, share of the texts that get something of their writer's own around them)
_KINDS = {
    "sql": (7, database.sql, 0.6), "query": (5, database.query, 0), "shell": (6, shell.shell, 0.5), "html": (7, markup.html, 0.45), "quotes": (6, writing.quotes, 0.7), "code": (7, program.code, 0.2), "math": (3, writing.math, 0.7),
    "markdown": (3, markup.markdown, 0.1), "image": (2, markup.image, 0), "script": (5, program.script, 0.75), "css": (3, markup.css, 0), "token": (5, beacon.token, 0), "beacon": (8, beacon.beacon, 0), "template": (5, program.template, 0.2), "link": (6, beacon.link, 0),
    "config": (4, program.config, 0.3), "language": (9, languages.language, 0.1), "log": (4, writing.log, 0.2), "path": (4, writing.path_list, 0), "mail": (3, writing.mail, 0), "chat": (4, writing.chat, 0.6), "prose": (3, writing.prose_text, 0.2), "product": (2, writing.product, 0.2),
    "password": (1, writing.password, 0), "mashed": (1, writing.keys_mashed, 0), "numbers": (2, writing.numbers, 0), "geometry": (2, writing.geometry, 0), "notation": (2, writing.notation, 0.9), "xml": (3, document.xml, 0.45), "graphql": (3, document.graphql, 0.6), "json": (4, document.json_text, 0), "binary": (2, document.binary, 0), "packed": (5, shapes.packed, 0), "telemetry": (6, shapes.telemetry, 0), "vendor": (5, vendor.statement, 0.05), "nested": (4, shapes.nested_url, 0.1), "place": (4, shapes.placeholder, 0.2), "minified": (4, shapes.minified, 0.1), "trace": (3, shapes.stack, 0.3),
    "settings": (5, office.config_text, 0.1), "wiki": (4, office.wiki_text, 0.1), "block": (4, office.block_text, 0), "files": (7, files.files, 0.1), "picture": (7, files.picture, 0.1), "commands": (6, files.commands, 0.1), "hosts": (10, hosts.hosts, 0.05), "dotted": (4, hosts.dotted, 0.05), "hard": (8, None, 0),
}
# As much again of what people paste, so that the newer half is drawn as often as the older.
_SHARE = sum(weight for weight, _, _ in _KINDS.values()) / len(pasted.KINDS)
_KINDS.update({name: (_SHARE, pasted.maker(name), 0.1) for name in pasted.KINDS})
KINDS = {name: float(weight) for name, (weight, _, _) in _KINDS.items()}
_NAMES, _WEIGHTS = list(KINDS), list(KINDS.values())
_TALK = [name for name in _NAMES if name not in ("hard", "binary", "password", "mashed", "numbers")]


def _draw(kind, rng):
    if kind == "hard":
        first, second = rng.sample(_TALK, 2)
        text = hard.combine(value(first, rng), value(second, rng), rng)
    else:
        _, make, share = _KINDS[kind]
        text = make(rng)
        if rng.random() < share:
            text = hard.around(text, rng)
    return text.strip(" ")[:LONGEST]


def value(kind, rng):
    """One text of a kind, from 3 to 6,000 characters. rng is a random.Random."""
    while True:
        text = _draw(kind, rng)
        if len(text) >= SHORTEST and not harmless.found(text):
            return text


def any(rng):
    """A kind, drawn by its weight, and a text of it."""
    kind = rng.choices(_NAMES, _WEIGHTS)[0]
    return kind, value(kind, rng)


def request(rng):
    """A whole ordinary request: method, target, headers and body or body_b64, with the right Content-Length."""
    while True:
        made = _request(rng)
        if not harmless.found_in_request(made):
            return made
