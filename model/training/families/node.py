"""Node.js objects that run on deserialization: node-serialize, serialize-to-js, funcster, and js-yaml's function tags."""

from . import grammar


def value(attack, rng):
    return grammar.load("node").expand("attack" if attack else "twin", rng)


def put(attack, carrier, rng):
    return ""
