"""Two kinds in one text, as people really write."""

from .words import fill, pick, prose, sentence

GLUE = ("{a}\n\n{b}", "{a} {b}", "{s}\n{a}\n{b}", "{s} `{a}` {s2} `{b}`", "1) {a}\n2) {b}", "{a}\n---\n{b}", "```\n{a}\n```\n{s}\n```\n{b}\n```", "> {a}\n\n{b}", "{a} -> {b}", "{s} \"{a}\" {s2} {b}", "{a} // {b}", "Before: {a}\nAfter: {b}", "{a}; {b}", "({a}) {b}", "<p>{s}</p>\n<pre>{a}</pre>\n{b}")


def combine(first, second, rng):
    """One text of two."""
    return rng.choice(GLUE).format(a=first.strip(), b=second.strip(), s=sentence(rng), s2=sentence(rng))


def around(text, rng):
    """A text with a little of somebody's own around it."""
    before = ("Hi! ", "§first: ", "Hello §first, ", "Re: ", "Ticket §n: ", "FYI: ", "PS: ", "§w: ", "[§w] ", "(§date) ", "@§w ", "Q§d: ", "Note: ", "#§n ")
    after = (" §s", " Thanks, §first", " -- §first", " (§date)", " #§w", " ?", "\n\n§s", "\n§full", " see §url", " [§n]", " :)", " v§ver", " §ph")
    draw = rng.random()
    return (pick(rng, before) if draw < 0.65 else "") + text + (pick(rng, after) if draw > 0.45 else "")
