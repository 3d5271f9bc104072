"""What is done to a finished text: letter case, white space, comments and encodings that its language or a decoder undoes."""

import re

from . import lexicon

SQL_KEYWORDS = re.compile(r"\b(select|union|all|from|where|or|and|order|by|group|having|sleep|benchmark|insert|into|update|delete|drop|exec|concat|substring|ascii|char|case|when|then|limit|like|null|table|waitfor|delay|declare|set|convert|cast)\b")


def sql_gap(rng):
    draw = rng.random()
    if draw < 0.35:
        return "/**/"
    if draw < 0.5:
        return f"/*{lexicon.word(rng)}*/"
    if draw < 0.6:
        return f"/*!{rng.choice(('', '50000', '12345'))}*/"
    if draw < 0.66:
        return f"--{lexicon.word(rng)}\n"
    if draw < 0.72:
        return f"%23{lexicon.word(rng)}%0a"
    return rng.choice(("\t", "\n", "\r\n", "\x0b", "\x0c", "+", "%20", "%09", "%0a", "%0b", "%0c", "%0d", "%a0", "  ", "\u00a0", "\n\t"))


def sql(text, rng):
    """Random case of words; gaps other than a space; keywords in version comments."""
    draw = rng.random()
    if draw < 0.3:
        text = SQL_KEYWORDS.sub(lambda m: m.group().upper(), text)
    elif draw < 0.45:
        text = text.upper() if "0x" not in text else SQL_KEYWORDS.sub(lambda m: m.group().upper(), text)
    elif draw < 0.6:
        text = SQL_KEYWORDS.sub(lambda m: lexicon.mixed(m.group(), rng), text)
    draw = rng.random()
    if draw < 0.22:
        gap = sql_gap(rng)
        text = text.replace(" ", gap)
    elif draw < 0.32:
        text = "".join(sql_gap(rng) if char == " " and rng.random() < 0.5 else char for char in text)
    elif draw < 0.36:
        text = SQL_KEYWORDS.sub(lambda m: f"/*!{m.group()}*/" if rng.random() < 0.4 else m.group(), text)
    elif draw < 0.38:  # filters that delete a keyword once
        text = SQL_KEYWORDS.sub(lambda m: m.group()[:2] + m.group() + m.group()[2:] if rng.random() < 0.4 and len(m.group()) > 2 else m.group(), text)
    return text


def markup(text, rng):
    """Random case of tags and handlers, other gaps between attributes."""
    if rng.random() < 0.25:
        text = re.sub(r"</?[a-zA-Z]+|\bon[a-z]+(?==)|javascript:", lambda m: lexicon.scatter(m.group(), rng), text)
    if rng.random() < 0.15:
        gap = rng.choice(("/", "\t", "\n", "\r\n", "\x0c", "//", "/**/", "%09", "%0a", " / ", "/x=1/", "\n\n"))
        text = re.sub(r"(?<=<)(\w+) (?=\w+=)", lambda m: m.group(1) + gap, text)
    return text


def encoded(text, rng, shares=(0.09, 0.22, 0.25)):
    """Up to three more percent-encodings, which further decoders take away. The same odds for attacks and twins."""
    for share in shares:
        if rng.random() > share or len(text) > 4000:
            return text
        text = lexicon.url(text, rng) if rng.random() < 0.7 else lexicon.urlall(text, rng)
    return text


def finish(name, text, attack, rng):
    if attack and name == "sqli":
        text = sql(text, rng)
    if attack and name in ("xss", "ssi"):
        text = markup(text, rng)
    return encoded(text, rng)
