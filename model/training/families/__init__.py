"""Families of attacks and, for each, a benign twin, from grammars of our own.

    value("ssti", True, rng)           the text of an attack, None where the family needs structure
    put("ssti", False, carrier, rng)   puts a twin into a request, which it changes; returns the name of the place

A twin is an ordinary value that shares the family's characters and words. All
is drawn from the `random.Random` it is given. Text families are a grammar
file (`grammar.py` has its syntax); families of structure are a module each.
`python3 -m families --show NAME` prints some.
"""

import dataclasses

import inject

from . import grammar, layers, paths, places, lexicon

lexicon.WORDS.update(climb=paths.climb, absolute=paths.absolute, inner=paths.inner, innercloud=paths.innercloud)

from . import dotnet, graphql, java, node, nosql, php, prototype, python, upload, xxe  # noqa: E402  (they read the lexicon)


@dataclasses.dataclass(frozen=True)
class Family:
    """name; klass, the class of the nine-way head; weight, how often to draw it beside the others."""

    name: str
    klass: str
    weight: float


FAMILIES = {family.name: family for family in (
    Family("sqli", "sqli", 2.5), Family("xss", "xss", 2.5), Family("traversal", "traversal", 1.8), Family("cmdi-unix", "cmdi", 2.2), Family("cmdi-windows", "cmdi", 1.4),
    Family("code", "cmdi", 1.6), Family("web-shell", "other", 1.6), Family("log4shell", "log4shell", 1.2), Family("shellshock", "shellshock", 0.8), Family("xxe", "xxe", 1.5),
    Family("ssti", "other", 2.4), Family("ssi", "other", 0.8), Family("ldap", "other", 1.0), Family("xpath", "other", 1.6), Family("nosql", "other", 2.0), Family("mail", "other", 2.2),
    Family("crlf", "other", 2.2), Family("ssrf", "other", 2.4), Family("php-object", "other", 1.6), Family("java-object", "other", 1.8), Family("node-object", "other", 0.8),
    Family("python-object", "other", 1.6), Family("dotnet-object", "other", 0.8), Family("prototype-pollution", "other", 1.0), Family("graphql", "other", 2.2), Family("rfi", "other", 2.2))}

STRUCTURES = {"xxe": xxe, "nosql": nosql, "php-object": php, "java-object": java, "node-object": node, "python-object": python, "dotnet-object": dotnet, "prototype-pollution": prototype, "graphql": graphql, "web-shell": upload}

# Weights over those of places.PLACES.
WEIGHTS = {
    "shellshock": {"header": 14, "cookie": 2}, "log4shell": {"header": 7, "path": 1.5}, "traversal": {"path": 3, "file_name": 1.2, "raw_query": 0.8}, "crlf": {"path": 3, "query": 4, "raw_query": 0.6, "header": 0.5, "xml": 0.2},
    "mail": {"form": 3, "json": 2.5, "multipart": 1.5, "header": 0.3, "path": 0.3, "name": 0.1}, "ssrf": {"query": 5, "json": 3, "name": 0.1, "json_key": 0.1, "file_name": 0.1}, "rfi": {"query": 6, "path": 0.8, "file_name": 0.2},
    "ldap": {"query": 4, "form": 3}, "xpath": {"query": 4, "form": 2.5, "xml": 1.5}, "ssi": {"header": 2}, "ssti": {}, "cmdi-unix": {"header": 1.5, "file_name": 0.8},
    "php-object": {"cookie": 3, "name": 0, "json_key": 0, "file_name": 0, "path": 0.2}, "java-object": {"cookie": 2.5, "name": 0, "json_key": 0, "file_name": 0.05, "path": 0.2, "header": 2}, "node-object": {"cookie": 3, "name": 0, "json_key": 0, "file_name": 0.05},
    "python-object": {"cookie": 3, "name": 0, "json_key": 0, "file_name": 0.05, "path": 0.2}, "dotnet-object": {"form": 3, "name": 0, "json_key": 0, "file_name": 0.05, "path": 0.2}, "xxe": {"path": 0.1, "name": 0.1, "json_key": 0.1, "file_name": 0.1, "header": 0.4, "xml": 0.2, "raw": 2},
    "nosql": {}, "graphql": {"graphql": 0, "xml": 0, "file_name": 0}, "prototype-pollution": {}, "web-shell": {"multipart": 3, "raw": 2, "header": 0.5, "name": 0.2}}

# How often the text is put by inject.inject, which also mixes it into the values that are there.
MIXED = {"crlf": 0.0, "mail": 0.25, "ssrf": 0.35, "rfi": 0.35, "shellshock": 0.15, "php-object": 0.2, "java-object": 0.2, "python-object": 0.2, "dotnet-object": 0.2, "node-object": 0.25, "nosql": 0.4, "xxe": 0.4}


def value(name, attack, rng):
    """The text of an attack of the family, or of a twin; None where this one needs structure."""
    if name in STRUCTURES:
        text = STRUCTURES[name].value(attack, rng)
        return text if text is None else layers.encoded(text, rng)
    return layers.finish(name, grammar.load(name).expand("attack" if attack else "twin", rng), attack, rng)


def put(name, attack, carrier, rng):
    """Puts one attack or twin of the family into the carrier, a request record that it changes. Returns the name of the place."""
    structure = STRUCTURES.get(name)
    if structure is not None:
        place = structure.put(attack, carrier, rng)
        if place:
            return place
    text = value(name, attack, rng)
    while text is None:
        text = value(name, attack, rng)
    if rng.random() < MIXED.get(name, 0.55):
        return inject.inject(carrier, text, rng)
    return places.put(carrier, text, rng, WEIGHTS.get(name))
