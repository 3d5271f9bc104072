"""Places of a request that inject.py does not write to, and what structures need to stand in one.

Every function changes the request and returns the name of the place, or ""
where the place does not fit the value.
"""

import base64
import json as encoder
import re
import urllib.parse

import inject
import record as records

from . import lexicon

BODY_HEADERS = {"content-type", "content-length", "content-encoding", "transfer-encoding"}
METHODS = ("POST", "POST", "POST", "POST", "PUT", "PATCH")


def has_body(request):
    return bool(request.get("body") or request.get("body_b64"))


def give(request, kind, body, rng, method=None):
    """Gives a request a body of text or bytes, whatever it had."""
    records.drop_headers(request, BODY_HEADERS)
    request["method"] = method or rng.choice(METHODS)
    if kind:
        request["headers"].append(["Content-Type", kind])
    if isinstance(body, str):
        try:
            body.encode("utf-8")
        except UnicodeEncodeError:
            body = body.encode("utf-8", "replace").decode()
        records.set_body(request, body)
    else:
        request.pop("body", None)
        try:
            records.set_body(request, body.decode("utf-8"))
        except UnicodeDecodeError:
            request["body_b64"] = base64.b64encode(body).decode()
            records.set_header(request, "Content-Length", str(len(body)))


def field(rng):
    return rng.choice(inject.FIELD_NAMES) if rng.random() < 0.6 else lexicon.ident(rng)


def filler(rng):
    """The value of a field that is not meant."""
    draw = rng.random()
    if draw < 0.3:
        return lexicon.word(rng)
    if draw < 0.5:
        return rng.randrange(100000)
    if draw < 0.6:
        return rng.random() < 0.5
    return rng.choice((lexicon.name, lexicon.email, lexicon.date, lexicon.token, lexicon.uuid))(rng)


def fields(rng, most=5):
    return {field(rng): filler(rng) for _ in range(rng.randint(0, most))}


def shuffled(pairs, rng):
    pairs = list(pairs)
    rng.shuffle(pairs)
    return pairs


# --- the request line ----------------------------------------------------------

def add_query(request, pairs, rng):
    """Adds wire-ready name=value texts to the query, in one run."""
    before, _, text = request["target"].partition("?")
    text = text.partition("#")[0]
    old = [pair for pair in text.split("&") if pair]
    if len(old) > 6 and rng.random() < 0.5:
        old = old[:rng.randint(0, 4)]
    at = rng.randint(0, len(old))
    request["target"] = before + "?" + "&".join(old[:at] + list(pairs) + old[at:])
    return "query"


def query(request, text, rng):
    """A parameter whose value is the text and nothing else."""
    return add_query(request, [f"{field(rng)}={inject.percent(text, rng)}"], rng)


def name(request, text, rng):
    """The name of a parameter."""
    if len(text) > 300:
        return ""
    wire = inject.percent(text, rng).replace("=", "%3D")
    if has_body(request) or rng.random() < 0.7:
        add_query(request, [wire + rng.choice(("", "=", "=1", f"={lexicon.word(rng)}"))], rng)
        return "name"
    pairs = [f"{key}={urllib.parse.quote_plus(str(content))}" for key, content in fields(rng).items()] + [wire + "=" + lexicon.word(rng)]
    give(request, "application/x-www-form-urlencoded", "&".join(shuffled(pairs, rng)), rng)
    return "name"


def path(request, text, rng):
    """A path, or its last segment."""
    if len(text) > 600:
        return ""
    mark = "?" + request["target"].partition("?")[2] if "?" in request["target"] and rng.random() < 0.5 else ""
    wire = inject.percent(text, rng).replace("?", "%3F")
    if rng.random() < 0.6:
        wire = wire.replace("%2F", "/").replace("%2f", "/")
    root = rng.choice(("/", "/", request["target"].partition("?")[0].rsplit("/", 1)[0] + "/", f"/{lexicon.word(rng)}/", f"/{lexicon.word(rng)}."))
    request["target"] = (root if root.startswith("/") else "/" + root) + wire.lstrip("/") + mark
    return "path"


def raw_query(request, text, rng):
    """The whole query, without a name."""
    if len(text) > 1500:
        return ""
    request["target"] = request["target"].partition("?")[0] + "?" + inject.percent(text, rng)
    return "raw_query"


# --- headers --------------------------------------------------------------------

HEADERS = ("User-Agent", "User-Agent", "User-Agent", "Referer", "Referer", "X-Forwarded-For", "X-Api-Version", "X-Forwarded-Host", "X-Client-IP", "X-Real-IP", "Accept-Language", "Accept", "Accept-Charset", "Origin", "X-Wap-Profile", "From", "Authorization", "X-Api-Key", "X-Request-Id", "X-Csrf-Token",
           "If-Modified-Since", "If-None-Match", "Cache-Control", "True-Client-IP", "CF-Connecting-IP", "Forwarded", "Via", "Contact", "X-Correlation-Id", "X-Original-URL", "X-Rewrite-URL", "X-Http-Method-Override", "X-Requested-With", "Range", "Pragma")


def one_line(text):
    """Line breaks as a header can carry them: encoded."""
    text = text.replace("\r", "%0d").replace("\n", "%0a").replace("\0", "%00")
    text = re.sub(r"[\x01-\x08\x0b-\x1f\x7f]", "", text)
    return inject.line_text(text)


def header(request, text, rng):
    """A header that is the text and nothing else, of a known name or any."""
    if len(text) > 2000:
        return ""
    key = rng.choice(HEADERS) if rng.random() < 0.85 else "X-" + lexicon.ident(rng).title().replace("_", "-").strip("-")
    line = one_line(text)
    if key in ("Referer", "Origin") and rng.random() < 0.4:
        line = f"https://{lexicon.host(rng)}/?{field(rng)}={inject.percent(text, rng)}"
    elif key == "User-Agent" and rng.random() < 0.3:
        line = (records.header(request, "user-agent") or "Mozilla/5.0") + rng.choice((" ", "", "; ")) + line
    elif key == "Authorization" and rng.random() < 0.6:
        line = rng.choice(("Bearer ", "Basic ", "Token ")) + (lexicon.b64(lexicon.word(rng) + ":" + text, rng) if rng.random() < 0.3 else line)
    records.set_header(request, key, line.strip())
    return "header"


def cookie(request, text, rng):
    """A cookie that is the text and nothing else."""
    if len(text) > 3000:
        return ""
    wire = inject.percent(text, rng) if rng.random() < 0.7 else one_line(text).replace(";", "%3B")
    crumbs = [crumb for crumb in records.header(request, "cookie").split("; ") if crumb]
    crumbs.insert(rng.randint(0, len(crumbs)), f"{rng.choice(('session', 'sid', 'user', 'profile', 'auth', 'prefs', 'data', 'lang', 'theme', field(rng)))}={wire}")
    records.set_header(request, "Cookie", "; ".join(crumbs))
    return "cookie"


# --- bodies ---------------------------------------------------------------------

def form_body(request, pairs, rng):
    """An urlencoded body with wire-ready pairs among ordinary ones."""
    others = [f"{key}={urllib.parse.quote_plus(str(content))}" for key, content in fields(rng).items()]
    at = rng.randint(0, len(others))
    give(request, "application/x-www-form-urlencoded" + rng.choice(("", "", "; charset=UTF-8")), "&".join(others[:at] + list(pairs) + others[at:]), rng)
    return "form"


def form(request, text, rng):
    return form_body(request, [f"{field(rng)}={inject.percent(text, rng)}"], rng)


def json_body(request, document, rng, kind=None):
    give(request, kind or rng.choice(("application/json", "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "application/vnd.api+json", "text/plain;charset=UTF-8")), inject.json_text(document, rng), rng)
    return "json"


def nested(document, rng):
    """The document at some depth of another."""
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        document = rng.choice((lambda d: {field(rng): d}, lambda d: {**fields(rng, 3), field(rng): d}, lambda d: [d], lambda d: {"data": d}))(document)
    return document


def json(request, text, rng):
    pairs = shuffled(list(fields(rng).items()) + [(field(rng), text)], rng)
    return json_body(request, nested(dict(pairs), rng), rng)


def json_key(request, text, rng):
    if len(text) > 400:
        return ""
    json_body(request, nested(dict(shuffled(list(fields(rng).items()) + [(text, filler(rng))], rng)), rng), rng)
    return "json_key"


def xml_escape(text, rng):
    if rng.random() < 0.2 and "]]>" not in text:
        return f"<![CDATA[{text}]]>"
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    if rng.random() < 0.7:
        text = text.replace(">", "&gt;").replace('"', "&quot;")
    return text


def xml(request, text, rng):
    """An element or attribute of an XML body."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    root, key = lexicon.word(rng), lexicon.ident(rng)
    inner = [f"<{tag}>{content}</{tag}>" for tag, content in fields(rng).items()]
    if rng.random() < 0.2:
        attribute = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        inner.append(f'<{key} {field(rng)}="{attribute}"/>')
    else:
        inner.append(f"<{key}>{xml_escape(text, rng)}</{key}>")
    inner = "".join(shuffled(inner, rng))
    head = rng.choice(("", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>\n'))
    draw = rng.random()
    if draw < 0.35:
        body = f'{head}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header/><soapenv:Body><{root}>{inner}</{root}></soapenv:Body></soapenv:Envelope>'
    elif draw < 0.5:
        body = f"{head}<methodCall><methodName>{root}.{lexicon.ident(rng)}</methodName><params><param><value><string>{xml_escape(text, rng)}</string></value></param></params></methodCall>"
    else:
        body = f"{head}<{root}>{inner}</{root}>"
    give(request, rng.choice(("application/xml", "text/xml", "text/xml; charset=utf-8", "application/soap+xml")), body, rng, "POST")
    return "xml"


def boundary(rng):
    return rng.choice(("----WebKitFormBoundary" + lexicon.token(rng), "-" * 26 + lexicon.digits(rng), lexicon.hextoken(rng), "--" + lexicon.token(rng)))


def multipart_body(request, parts, rng):
    """parts: (disposition attributes, content type or "", text or bytes)."""
    mark = boundary(rng)
    body = b""
    for attributes, kind, content in parts:
        content = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
        head = f"--{mark}\r\nContent-Disposition: form-data; {attributes}\r\n" + (f"Content-Type: {kind}\r\n" if kind else "")
        body += head.encode("utf-8", "replace") + b"\r\n" + content + b"\r\n"
    body += f"--{mark}--\r\n".encode()
    give(request, f"multipart/form-data; boundary={mark}", body, rng, "POST")
    return "multipart"


def form_parts(rng, most=4):
    return [(f'name="{key}"', "", str(content)) for key, content in fields(rng, most).items()]


def multipart(request, text, rng):
    """A form field or a text file of a multipart body."""
    part = (f'name="{field(rng)}"', "", text)
    if rng.random() < 0.15:
        part = (f'name="file"; filename="{lexicon.word(rng)}.{rng.choice(("txt", "csv", "json", "html", "md"))}"', "text/plain", text)
    return multipart_body(request, shuffled(form_parts(rng) + [part], rng), rng)


def file_name(request, text, rng):
    if len(text) > 250:
        return ""
    label = one_line(text).replace('"', rng.choice(("%22", '\\"')))
    parts = form_parts(rng, 2) + [(f'name="{rng.choice(("file", "upload", "avatar", "image", "attachment"))}"; filename="{label}"', rng.choice(("image/png", "application/octet-stream", "text/plain")), lexicon.noise64(rng))]
    multipart_body(request, parts, rng)
    return "file_name"


def graphql(request, text, rng):
    """A variable or an inline argument of a GraphQL operation."""
    operation, key, leaf = lexicon.ident(rng), field(rng), lexicon.word(rng)
    kind = rng.choice(("query", "mutation"))
    if rng.random() < 0.6:
        document = {"query": f"{kind} {operation}(${key}: String!) {{ {lexicon.word(rng)}({key}: ${key}) {{ id {leaf} }} }}", "variables": {key: text, **fields(rng, 2)}}
        if rng.random() < 0.5:
            document["operationName"] = operation
    else:
        document = {"query": f"{kind} {{ {operation}({key}: {encoder.dumps(text, ensure_ascii=False)}) {{ {leaf} }} }}"}
    request["target"] = rng.choice(("/graphql", "/graphql", "/api/graphql", "/v1/graphql", "/query"))
    json_body(request, document, rng, "application/json")
    return "graphql"


def raw(request, text, rng):
    """The whole body."""
    kind = rng.choice(("text/plain", "text/plain; charset=utf-8", "application/octet-stream", "text/html", ""))
    give(request, kind, text, rng)
    return "raw"


PLACES = {"query": (query, 3), "name": (name, 0.5), "path": (path, 1), "raw_query": (raw_query, 0.3), "header": (header, 1.5), "cookie": (cookie, 1), "form": (form, 1.5), "json": (json, 2), "json_key": (json_key, 0.4), "xml": (xml, 0.7), "multipart": (multipart, 0.8), "file_name": (file_name, 0.4), "graphql": (graphql, 0.6), "raw": (raw, 0.5)}
BODIES = {"form", "json", "json_key", "xml", "multipart", "file_name", "graphql", "raw"}


def put(request, text, rng, weights=None):
    """Puts a text in a place drawn by PLACES, with a family's own weights over it. A body that is there mostly stays."""
    table = {**{name: weight for name, (_, weight) in PLACES.items()}, **(weights or {})}
    if has_body(request):
        table = {name: weight * (0.3 if name in BODIES else 1) for name, weight in table.items()}
    names = list(table)
    for _ in range(8):
        place = rng.choices(names, list(table.values()))[0]
        done = PLACES[place][0](request, text, rng)
        if done:
            return done
    raw(request, text, rng)
    return "raw"
