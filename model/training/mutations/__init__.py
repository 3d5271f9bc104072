"""Variants of a payload that keep its meaning: what somebody sends who wants to get past a filter.

mutate(class, text, rng) changes names, numbers and depth (listed) and then, for
some, rewrites it in the language it is meant for (sql, markup, shell, path).
encode(text, rng) adds layers of encoding and is applied alike to payloads and
to ordinary text, so that an encoding by itself is no sign of an attack.
"""

from . import encodings, listed, markup, path, shell, sql

REWRITES = {"sqli": sql.rewrite, "xss": markup.rewrite, "cmdi": shell.rewrite, "shellshock": shell.spaces, "traversal": path.rewrite, "log4shell": encodings.lookups}

EVENTS, TAGS = listed.EVENTS, listed.TAGS


def mutate(label, text, rng, rewritten=0.5):
    """A variant of text; a share of them is also rewritten."""
    change = listed.MUTATIONS.get(label)
    if change:
        text = change(text, rng)
    rewrite = REWRITES.get(label)
    if rewrite and len(text) < 4000 and rng.random() < rewritten:
        text = rewrite(text, rng)
    return text


encode = encodings.layers
