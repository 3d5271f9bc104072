"""Node.js objects that run on deserialization: node-serialize, serialize-to-js, funcster, and js-yaml's function tags."""

import json

from . import grammar, java, lexicon


def session(rng):
    """JSON as Express and others keep it in a cookie."""
    common = grammar.load("common")
    return json.dumps({rng.choice(("username", "user", "name", "email", "id", "cart", "lang", "theme", "country", "city", "items", "flash", "passport", lexicon.ident(rng))): rng.choice((lambda: lexicon.name(rng).lower(), lambda: lexicon.email(rng), lambda: rng.randint(0, 9999), lambda: True, lambda: common.expand("prose", rng), lambda: {lexicon.ident(rng): lexicon.word(rng)}, lambda: [lexicon.word(rng)], lambda: f"https://{lexicon.host(rng)}/{lexicon.word(rng)}"))()
                       for _ in range(rng.randint(1, 5))}, separators=(",", ":") if rng.random() < 0.7 else None)


def value(attack, rng):
    text = grammar.load("node").expand("attack" if attack else "twin", rng)
    if not attack and rng.random() < 0.3:
        text = session(rng)
    draw = rng.random()
    if draw < 0.34:
        return java.dressed(text.encode("utf-8", "replace"), rng)
    if draw < 0.38:
        return f"{rng.choice(('s:', 'j:', 's:j:'))}{text}{rng.choice(('', '.' + lexicon.token(rng)))}"
    return text


def put(attack, carrier, rng):
    return ""
