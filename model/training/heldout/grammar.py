"""Productions: the grammar files, and how one line becomes a random text.

    [val] [seen] [test]   the section of the productions below; SECTIONS says which split takes it
    @places query json    where they may go, until the next @places or section
    @style wire           how they are put there (place.py), likewise
    @keys page file       names that the parameter takes, likewise ("-": none)
    @name up.php          the file name of an upload, likewise
    one line              one production
    <<< … >>>             one production of several lines

In a production §atom§ is a random atom (words.py), §atom#1§ the same one each
time, ⟦a¦b⟧ a choice, ⟪b64:…⟫ an encoding of what is inside; ⏎ ␍ ⇥ ␀ stand for
LF, CR, TAB and NUL.
"""

import base64
import pathlib
import re
import urllib.parse

from heldout import words

CHOICE = re.compile(r"⟦([^⟦⟧]*)⟧")
ATOM = re.compile(r"§([a-z0-9]+)(?:#(\w+))?§")
CODED = re.compile(r"⟪(\w+):([^⟪⟫]*)⟫")
SIGNS = str.maketrans({"⏎": "\n", "␍": "\r", "⇥": "\t", "␀": "\0"})


SECTIONS = {"val": ("val", "seen"), "test": ("test",)}  # [seen] was test until its rows were read


class Production:
    """One line of a grammar file with the directives that hold for it."""

    def __init__(self, text, places, style, keys, name):
        self.text, self.places, self.style, self.keys, self.name = text, places, style, keys, name


def load(path):
    """The productions of a grammar file: {"val": […], "seen": […], "test": […]}."""
    found = {"val": [], "seen": [], "test": []}
    state, split, block = {}, None, None
    for number, text in enumerate(pathlib.Path(path).read_text("utf-8").split("\n"), 1):
        if block is not None:
            if text == ">>>":
                found[split].append(production("\n".join(block), state))
                block = None
            else:
                block.append(text)
        elif text == "<<<":
            block = []
        elif text in ("[val]", "[seen]", "[test]"):
            split, state = text[1:-1], {}
        elif text.startswith(("@places ", "@style ", "@keys ", "@name ")):
            word, rest = text[1:].split(" ", 1)
            state[word] = None if rest == "-" else rest.split(" ")
        elif text.strip():
            if split is None:
                raise ValueError("%s line %d: a production before [val], [seen] or [test]; put it under one" % (path, number))
            found[split].append(production(text, state))
    if block is not None:
        raise ValueError("%s: a <<< block is not closed; add >>>" % path)
    return found


def productions(path, split):
    """The productions of a grammar file that a split takes, each as likely as the others."""
    found = load(path)
    return [one for section in SECTIONS[split] for one in found[section]]


def production(text, state):
    return Production(text, state.get("places"), (state.get("style") or ["plain"])[0], state.get("keys"), state.get("name"))


def mixed(rng, text):
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text)


def coded(rng, kind, text):
    """text in the encoding called kind."""
    raw = text.encode("utf-8")
    if kind == "b64":
        return base64.b64encode(raw).decode()
    if kind == "b64w":  # UTF-16LE, as PowerShell wants it
        return base64.b64encode(text.encode("utf-16-le")).decode()
    if kind == "b64u":
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if kind == "url":
        return urllib.parse.quote(text, safe="")
    if kind == "url2":
        return urllib.parse.quote(urllib.parse.quote(text, safe=""), safe="")
    if kind == "allurl":
        return "".join("%%%02x" % b for b in raw)
    if kind == "hex":
        return raw.hex()
    if kind == "xhex":
        return "".join("\\x%02x" % b for b in raw)
    if kind == "octal":
        return "".join("\\%03o" % b for b in raw)
    if kind == "uni":
        return "".join("\\u%04x" % ord(c) for c in text)
    if kind == "ent":
        return "".join("&#%d;" % ord(c) for c in text)
    if kind == "entx":
        return "".join("&#x%x;" % ord(c) for c in text)
    if kind == "chr":
        return ".".join("chr(%d)" % ord(c) for c in text)
    if kind == "chars":
        return ",".join(str(ord(c)) for c in text)
    if kind == "mix":
        return mixed(rng, text)
    if kind == "len":
        return str(len(raw))
    if kind == "rep":  # 3 to 12 times
        return text * rng.randint(3, 12)
    if kind == "rev":
        return text[::-1]
    if kind == "utf7":
        return text.encode("utf-7").decode("ascii")
    raise ValueError("encoding %r of a production is not known; see grammar.coded" % kind)


def expand(rng, text):
    """One random text of a production."""
    kept = {}

    def atom(found):
        name, key = found.group(1), found.group(0)
        if found.group(2) is None:
            return words.atom(rng, name)
        if key not in kept:
            kept[key] = words.atom(rng, name)
        return kept[key]

    while True:
        fresh = CHOICE.sub(lambda found: rng.choice(found.group(1).split("¦")), text)
        if fresh == text:
            break
        text = fresh
    text = ATOM.sub(atom, text).translate(SIGNS)
    while True:
        fresh = CODED.sub(lambda found: coded(rng, found.group(1), found.group(2)), text)
        if fresh == text:
            return text
        text = fresh
