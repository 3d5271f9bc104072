"""Putting a value into a place of a request, encoded as clients and scanners encode it.

Styles of a production:

    plain      text; encoded for the place
    wire       text that is on the wire already (its % stay); only what cannot stand there is encoded
    pairs      key=value&… on the wire: query, form, multipart
    jsonvalue  JSON that takes the place of a value: json, graphql
    jsonmerge  a JSON object whose keys join an object of the body: json, graphql
    bytes      the whole body as base64 of its bytes, after a line "Content-Type: …": raw
    file       the content of an uploaded file called by @name
"""

import base64
import json
import re
import urllib.parse

from heldout import carrier as carriers

PLACES = ("path", "query", "header", "cookie", "form", "json", "xml", "multipart", "graphql", "raw")
HEADERS = ("User-Agent", "User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "X-Api-Version", "Accept-Language", "X-Requested-With", "X-Client-IP", "X-Real-IP", "Authorization", "If-None-Match",
           "Origin", "X-Correlation-Id", "X-Trace", "True-Client-IP", "X-User", "Contact", "From")
UNSAFE = re.compile("[\\x00-\\x20\"<>\\x7f-\U0010ffff]")


class Unsuitable(Exception):
    """The value cannot stand in this place."""


def percent(character):
    return urllib.parse.quote(character.encode("utf-8", "surrogatepass"), safe="")


def lower_hex(text):
    return re.sub("%[0-9A-F]{2}", lambda found: found.group(0).lower(), text)


def quote(rng, text, place):
    """Percent-encoding with the usual variety; place is path, query, form or cookie."""
    style = rng.random()
    raw = text.encode("utf-8", "surrogatepass")
    if style < 0.30 and place != "path":  # HTML forms
        return urllib.parse.quote_plus(raw, safe="*-._")
    if style < 0.60:  # encodeURIComponent
        return urllib.parse.quote(raw, safe="!'()*-._~")
    if style < 0.72:
        return urllib.parse.quote(raw, safe="")
    if style < 0.80:
        return lower_hex(urllib.parse.quote(raw, safe=""))
    if style < 0.83:
        return "".join("%%%02X" % b for b in raw)
    keep = {"query": "!$'()*,;:@/?-._~|{}[]^`\\", "form": "!$'()*,;:@/?-._~|{}[]^`\\", "path": "!$&'()*+,;=:@-._~", "cookie": "!#$&'()*+-./:<=>?@[]^_`{|}~"}[place]
    if place == "query" and rng.random() < 0.5:
        keep += "="
    return urllib.parse.quote(raw, safe=keep)


def wire(text, place):
    """Encodes only what cannot stand in place."""
    text = UNSAFE.sub(lambda found: percent(found.group(0)), text)
    bad = {"path": "#?", "query": "#", "form": "", "cookie": ";,"}[place]
    return "".join(percent(c) if c in bad else c for c in text)


def encoded(rng, text, place, style):
    return wire(text, place) if style == "wire" else quote(rng, text, place)


def one_line(text, limit):
    if len(text) > limit or UNSAFE.sub("", text.replace(" ", "").replace('"', "").replace("<", "").replace(">", "")) != re.sub(r'[ "<>]', "", text):
        raise Unsuitable


def choose(rng, count, typed, ordinary):
    """An index; of the typed values for ordinary text, mostly of them for attacks."""
    good = [i for i in range(count) if typed[i]]
    if ordinary and not good:
        raise Unsuitable
    return rng.choice(good) if good and (ordinary or rng.random() < 0.5) else rng.randrange(count)


def put(rng, request, place, text, style="plain", keys=None, name=None, ordinary=False):
    """Puts text into place of request; raises Unsuitable where it cannot go there."""
    key = rng.choice(keys) if keys else None
    if style == "pairs":
        return put_pairs(rng, request, place, text)
    if style in ("jsonvalue", "jsonmerge"):
        return put_json(rng, request, place, text, style)
    if style == "file":
        return put_file(rng, request, place, text, name)
    if style == "bytes":
        head, _, rest = text.partition("\n")
        if place != "raw" or not head.startswith("Content-Type: "):
            raise Unsuitable
        request.media, request.bytes = head[14:], base64.b64decode(rest)
        return None
    return PUT[place](rng, request, text, style, key, ordinary)


def put_path(rng, request, text, style, key, ordinary):
    if len(text) > (160 if ordinary else 900) or (ordinary and "\n" in text):
        raise Unsuitable
    value = encoded(rng, text, "path", style)
    base = request.path.rstrip("/")
    if ordinary:
        request.path = rng.choice(["/search", "/tag", "/find", "/t", "/wiki"]) + "/" + value
    elif rng.random() < 0.6 or style == "wire":
        request.path = base + "/" + value
    else:
        request.path = base.rsplit("/", 1)[0] + "/" + value + rng.choice(["", "", "/edit", ".json"])


def put_query(rng, request, text, style, key, ordinary):
    if len(text) > (1500 if ordinary else 3500):
        raise Unsuitable
    value = encoded(rng, text, "query", style)
    if not request.query:
        if ordinary:
            raise Unsuitable
        request.query.append([key or rng.choice(["id", "q", "page", "name", "ref", "lang", "view", "callback", "s", "data"]), value])
        return
    index = choose(rng, len(request.query), request.typed_query, ordinary)
    if not ordinary and not key and rng.random() < 0.15:
        value = request.query[index][1] + value
    request.query[index] = [key or request.query[index][0], value]


def put_header(rng, request, text, style, key, ordinary):
    if ordinary:
        if len(text) > 400 or "\n" in text:
            raise Unsuitable
        value = "https://%s/%s?%s=%s" % (request.host, rng.choice(["search", "results", "s", "find"]), rng.choice(["q", "query", "term"]), quote(rng, text, "query"))
        name = "Referer"
    else:
        one_line(text, 2500)
        value, name = text.strip(), rng.choice(HEADERS)
        if name == "Referer" and rng.random() < 0.5:
            value = "https://%s/?%s=%s" % (request.host, rng.choice(["q", "ref", "id"]), quote(rng, text, "query"))
        elif name == "Authorization":
            value = rng.choice(["Bearer ", "Token "]) + value
        elif name == "User-Agent" and rng.random() < 0.35:
            value = rng.choice(["Mozilla/5.0 (Windows NT 10.0; Win64; x64) ", "Mozilla/5.0 "]) + value
    request.headers = [pair for pair in request.headers if pair[0].lower() != name.lower()] + [[name, value]]


def put_cookie(rng, request, text, style, key, ordinary):
    if len(text) > (400 if ordinary else 2500) or (ordinary and "\n" in text):
        raise Unsuitable
    if style == "wire" or (not ordinary and rng.random() < 0.3 and not re.search("[;,\\x00-\\x20\"\\x7f-\U0010ffff]", text)):
        value = wire(text, "cookie")
    else:
        value = quote(rng, text, rng.choice(["form", "cookie"]))
        value = value.replace(";", "%3B").replace(",", "%2C")
    name = key or (rng.choice(["last_search", "draft", "title", "recent_query", "note", "ref"]) if ordinary else None)
    if name or not request.cookies:
        request.cookies.insert(rng.randint(0, len(request.cookies)), [name or rng.choice(["id", "lang", "user", "session", "pref", "track"]), value])
    else:
        request.cookies[rng.randrange(len(request.cookies))][1] = value


def put_form(rng, request, text, style, key, ordinary):
    value = encoded(rng, text, "form", style)
    if style != "wire":
        value = value.replace("&", "%26")
    index = choose(rng, len(request.body), request.typed, ordinary)
    request.body[index] = [key or request.body[index][0], value]


def json_slot(rng, request, ordinary):
    paths = [path for path, _ in carriers.leaves(request.body) if request.kind == "json" or path[0] == "variables"]
    typed = [path for path in request.typed if path in paths]
    if not paths or (ordinary and not typed):
        raise Unsuitable
    return rng.choice(typed) if typed and (ordinary or rng.random() < 0.5) else rng.choice(paths)


def put_value(rng, request, text, style, key, ordinary):
    """A string of a JSON body, or a variable of GraphQL."""
    path = json_slot(rng, request, ordinary)
    if request.kind == "graphql" and not ordinary and len(text) < 200 and rng.random() < 0.3:
        request.body["query"] = re.sub(r"\{", lambda found: '{ %s(%s: %s) { id }' % (rng.choice(["node", "item", "lookup", "entry"]), key or rng.choice(["id", "name", "filter", "key"]), json.dumps(text)), request.body["query"], count=1)
        return
    if key and isinstance(path[-1], str):
        parent = request.body
        for step in path[:-1]:
            parent = parent[step]
        parent.pop(path[-1])
        path = path[:-1] + (key,)
    carriers.assign(request.body, path, text)


def put_xml(rng, request, text, style, key, ordinary):
    if re.search("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]", text):
        raise Unsuitable
    index = choose(rng, len(request.values), request.typed, ordinary)
    request.values[index] = text
    if key:  # the element takes the name, unless it has attributes
        pieces = request.body.split("\0")
        opened = re.search(r"<((?:\w+:)?)\w+>\Z", pieces[index])
        if opened:
            pieces[index] = pieces[index][:opened.start()] + "<%s%s>" % (opened.group(1), key)
            pieces[index + 1] = re.sub(r"\A</[\w:]+>", "</%s%s>" % (opened.group(1), key), pieces[index + 1])
            request.body = "\0".join(pieces)


def put_multipart(rng, request, text, style, key, ordinary):
    files = [part for part in request.parts if part[1] is not None]
    fields = [part for part in request.parts if part[1] is None and (part[4] or not ordinary)]
    if not ordinary and files and len(text) < 120 and "\n" not in text and "\0" not in text and rng.random() < 0.3:
        rng.choice(files)[1] = text
        return
    if not fields:
        raise Unsuitable
    part = rng.choice(fields)
    part[3] = text.encode("utf-8", "surrogatepass")
    if key:
        part[0] = key


def put_raw(rng, request, text, style, key, ordinary):
    request.body = text


def put_pairs(rng, request, place, text):
    fresh = [pair.partition("=") for pair in text.split("&")]
    escape = (lambda part: part.replace("[", "%5B").replace("]", "%5D").replace("$", "%24")) if rng.random() < 0.5 else (lambda part: part)
    made = [[escape(wire(key, "query")), wire(value, "query") if sign else None] for key, sign, value in fresh]
    names = {re.split(r"[\[.%]", key)[0] for key, _ in made}
    if place == "query":
        request.query = [pair for pair in request.query if pair[0] not in names] + made
    elif place == "form":
        request.body = [pair for pair in request.body if pair[0] not in names] + made
    elif place == "multipart":
        request.parts += [[urllib.parse.unquote(key), None, None, urllib.parse.unquote(value).encode(), False] for key, _, value in fresh]
    else:
        raise Unsuitable
    if not (request.query if place == "query" else request.body if place == "form" else request.parts):
        raise Unsuitable


def put_json(rng, request, place, text, style):
    if place not in ("json", "graphql"):
        raise Unsuitable
    value = json.loads(text)
    if style == "jsonvalue":
        carriers.assign(request.body, json_slot(rng, request, False), value)
        return
    target = request.body if place == "json" else request.body["variables"]
    if not isinstance(target, dict):
        raise Unsuitable
    inner = [item for item in target.values() if isinstance(item, dict)]
    if inner and rng.random() < 0.4:
        target = rng.choice(inner)
    target.update(value)


def put_file(rng, request, place, text, name):
    filename = rng.choice(name) if name else "upload.php"
    media = rng.choice(["application/octet-stream", "image/jpeg", "image/png", "text/plain", "application/x-php" if ".ph" in filename else "application/octet-stream"])
    if place == "multipart":
        files = [part for part in request.parts if part[1] is not None]
        content = text.encode("utf-8")
        if "\ufffd" in text:
            raise Unsuitable
        if not files:
            request.parts.append(["file", filename, media, content, False])
        else:
            part = rng.choice(files)
            part[1], part[2], part[3] = filename, media, content
    elif place == "raw":
        request.method = rng.choice(["PUT", "PUT", "POST"])
        request.path = "/" + rng.choice(["uploads", "files", "images", "webdav", "tmp", "wp-content/uploads"]) + "/" + urllib.parse.quote(filename)
        request.media, request.bytes = media, text.encode("utf-8")
    elif place in ("json", "form"):
        if place == "json":
            if not isinstance(request.body, dict):
                raise Unsuitable
            request.body.update({rng.choice(["filename", "path", "name", "target"]): filename, rng.choice(["content", "data", "file", "source"]): text})
        else:
            request.body += [[rng.choice(["filename", "path", "file"]), urllib.parse.quote_plus(filename)], [rng.choice(["content", "newcontent", "data", "body"]), urllib.parse.quote_plus(text)]]
    elif place == "xml":
        put_xml(rng, request, text, "plain", None, False)
    else:
        raise Unsuitable


PUT = {"path": put_path, "query": put_query, "header": put_header, "cookie": put_cookie, "form": put_form, "json": put_value, "graphql": put_value, "xml": put_xml,
       "multipart": put_multipart, "raw": put_raw}
