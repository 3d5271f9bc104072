"""Layers of encoding that servers and browsers take off again."""

import re
import urllib.parse


def _some(text, share, change, rng, chosen=lambda char: True):
    return "".join(change(char) if chosen(char) and rng.random() < share else char for char in text)


def _percent(char):
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def _percent_u(char):
    return f"%u{ord(char):04x}" if ord(char) < 0x10000 else char


def _escape_u(char):
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else char


def _wide(char):
    return chr(ord(char) + 0xFEE0) if 0x21 <= ord(char) <= 0x7E else char


def layers(text, rng):
    """One to three layers over all characters, the punctuation, or a share of them."""
    share = rng.choice((1.0, 1.0, 0.5, 0.15))
    chosen = rng.choice((lambda c: True, lambda c: not c.isalnum(), lambda c: not c.isalnum(), str.isalnum))
    form = rng.randrange(12)
    if form < 4:
        for _ in range(rng.choice((1, 1, 2))):
            text = _some(text, share, _percent, rng, chosen)
            share, chosen = 1.0, rng.choice((lambda c: c == "%", lambda c: not c.isalnum()))
        return text
    if form == 4:
        return _some(text, share, _percent_u, rng, chosen)
    if form == 5:
        return _some(text, share, _escape_u, rng, chosen)
    if form in (6, 7):
        end = ";" if rng.random() < 0.8 else ""
        zeros = "0" * rng.choice((0, 0, 0, 2, 5))
        name = {"<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "&": "&amp;"}
        draw = rng.random()
        if draw < 0.3:
            return _some(text, 1.0, lambda c: name.get(c, c), rng)
        if draw < 0.65:
            return _some(text, share, lambda c: f"&#{zeros}{ord(c)}{end}", rng, chosen)
        return _some(text, share, lambda c: f"&#x{zeros}{ord(c):x}{end}", rng, chosen)
    if form == 8:
        return _some(text, share, _wide, rng, chosen)
    if form == 9:
        return _some(text, share, lambda c: f"\\x{ord(c):02x}" if ord(c) < 256 else c, rng, chosen)
    if form == 10:
        return urllib.parse.quote(urllib.parse.quote(text, safe="", errors="surrogatepass"), safe="")
    return text.replace("\n", "\\n").replace('"', '\\"')


def lookups(text, rng):
    """Log4j lookups around single letters of a ${jndi:…}: they resolve to the letter."""
    def letter(char):
        draw = rng.randrange(7)
        if draw == 0:
            return f"${{lower:{char}}}"
        if draw == 1:
            return f"${{upper:{char}}}"
        if draw == 2:
            return f"${{::-{char}}}"
        name = "".join(rng.choice("abcdefghijklmnopqrstuvwxyzABCDEF_") for _ in range(rng.randrange(1, 8)))
        if draw == 3:
            return f"${{env:{name}:-{char}}}"
        if draw == 4:
            return f"${{{name}:{name[::-1]}:-{char}}}"
        if draw == 5:
            return f"${{{rng.choice(('sys', 'main', 'ctx', 'date', 'k8s', 'docker', 'web', 'bundle', 'java'))}:{name}:-{char}}}"
        return f"${{date:'{char}'}}"

    found = re.search(r"(?<=\$\{)jndi:\w+", text)
    if not found:
        return text
    share = rng.choice((0.15, 0.4, 1.0))
    return text[:found.start()] + _some(found.group(), share, letter, rng, lambda c: c.isalpha() or rng.random() < 0.3) + text[found.end():]
