"""Puts a value into a request: any place a client can write to, encoded as a client would.

The same code carries attack payloads and ordinary text, with the same odds,
so that "something was put in here" tells the network nothing.
"""

import base64
import json
import re
import urllib.parse

import record as records

FIELD_NAMES = ("q query search s id page name user username email title comment message text body description url "
               "redirect next path file lang sort order filter category tag ref source data value key token address "
               "city phone note subject content keyword product item type view action cmd input field p").split()
TEXT_HEADERS = ("User-Agent", "Referer", "X-Forwarded-For", "X-Api-Version", "X-Forwarded-Host", "X-Original-URL",
                "X-Real-IP", "Accept-Language", "Origin", "If-None-Match", "X-Request-Id", "X-Client-Name",
                "X-Requested-With", "From", "True-Client-IP", "X-Custom", "X-Trace", "Authorization", "Accept")


# --- encodings ---------------------------------------------------------------

def _quote(text, safe, rng):
    quoted = urllib.parse.quote(text, safe=safe, errors="surrogatepass")
    if rng.random() < 0.12:
        quoted = re.sub(r"%[0-9A-F]{2}", lambda m: m.group().lower(), quoted)
    return quoted


def _minimal(text, keep, rng):
    """Encodes only what would break the request line, as hand-written requests do."""
    out = []
    for char in text:
        if char == " ":
            out.append("%20" if rng.random() < 0.5 else "+")
        elif char in "#&" or (char == "%" and "%" not in keep) or not 0x20 < ord(char) < 0x7F or (char not in keep and char in "\"<>"):
            out.append(urllib.parse.quote(char, safe="", errors="surrogatepass"))
        else:
            out.append(char)
    return "".join(out)


def percent(text, rng):
    """Percent-encodes text for a query or form value in one of the ways clients do it."""
    draw = rng.random()
    if draw < 0.48:
        return _quote(text, "-_.~", rng)
    if draw < 0.64:
        return urllib.parse.quote_plus(text, safe="", errors="surrogatepass")
    if draw < 0.76:
        return _quote(text, "-_.!~*'()", rng)
    if draw < 0.84:
        return _quote(text, "-_.!~*'();/?:@=+$,[]{}|", rng)
    if draw < 0.90:
        return _minimal(text, "", rng)
    if draw < 0.955:
        return _minimal(text, "%\"<>", rng)
    if draw < 0.965:
        return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
    return _quote(_quote(text, "-_.~", rng), "-_.~", rng)


def json_text(value, rng):
    draw = rng.random()
    text = json.dumps(value, ensure_ascii=draw < 0.3, separators=(",", ":") if draw < 0.75 else (", ", ": "))
    if rng.random() < 0.06:  # serializers that are careful with HTML
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")
    return text


def encode_base64(text, rng):
    raw = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.7:
        return base64.b64encode(raw).decode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def line_text(text):
    """Text that may stand in a header: no line breaks, Latin-1 only."""
    text = re.sub(r"[\r\n\x00]+", " ", text)
    return text if text.isascii() else urllib.parse.quote(text, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~", errors="surrogatepass")


def mix(old, new, rng):
    """Where in an existing value the new one goes: instead, after, before, within."""
    draw = rng.random()
    if not old or draw < 0.5:
        return new
    if draw < 0.78:
        return old + new
    if draw < 0.88:
        return new + old
    cut = rng.randrange(len(old) + 1)
    return old[:cut] + new + old[cut:]


# --- places ------------------------------------------------------------------

def _pairs(text):
    return [pair.partition("=") for pair in text.split("&")]


def _in_pairs(text, value, rng, fresh):
    """Changes or adds one name=value pair of a query or form."""
    pairs = [list(pair) for pair in _pairs(text)] if text else []
    encoded = percent(value, rng)
    existing = [pair for pair in pairs if pair[1]]
    if existing and not fresh:
        pair = rng.choice(existing)
        pair[2] = mix(pair[2], encoded, rng)
    else:
        name = rng.choice(FIELD_NAMES)
        if rng.random() < 0.02:
            name, encoded = encoded.replace("=", "%3D"), "1"
        pairs.insert(rng.randrange(len(pairs) + 1), [name, "=", encoded])
    return "&".join("".join(pair) for pair in pairs)


def query(request, value, rng):
    path, mark, text = request["target"].partition("?")
    text, hash_mark, fragment = text.partition("#")
    request["target"] = path + "?" + _in_pairs(text, value, rng, not text or rng.random() < 0.3) + hash_mark + fragment
    return True


def path(request, value, rng):
    if len(value) > 600:
        return False
    before, mark, text = request["target"].partition("?")
    parts = before.split("/")
    encoded = percent(value, rng).replace("?", "%3F")
    if rng.random() < 0.5:
        encoded = encoded.replace("%2F", "/").replace("%2f", "/")
    index = rng.randrange(1, len(parts)) if len(parts) > 1 else 0
    if index and rng.random() < 0.5:
        parts[index] = mix(parts[index], encoded, rng)
    else:
        parts.insert(max(index, 1), encoded)
    request["target"] = "/".join(parts) + mark + text
    return True


def header(request, value, rng):
    if len(value) > 1500:
        return False
    name = rng.choice(TEXT_HEADERS[:4] if rng.random() < 0.7 else TEXT_HEADERS)
    text = line_text(value)
    if name in ("Referer", "Origin", "X-Original-URL") and rng.random() < 0.6:
        host = records.header(request, "host") or "www.example.com"
        text = f"https://{host}/?{rng.choice(FIELD_NAMES)}={percent(value, rng)}"
    elif rng.random() < 0.25:
        text = mix(records.header(request, name.lower()), text, rng)
    records.set_header(request, name, text)
    return True


def cookie(request, value, rng):
    if len(value) > 1500:
        return False
    old = records.header(request, "cookie")
    text = percent(value, rng) if rng.random() < 0.6 else line_text(value).replace(";", "%3B")
    crumbs = [crumb for crumb in old.split("; ") if crumb]
    if crumbs and rng.random() < 0.5:
        index = rng.randrange(len(crumbs))
        name, mark, content = crumbs[index].partition("=")
        crumbs[index] = f"{name}={mix(content, text, rng)}"
    else:
        crumbs.insert(rng.randrange(len(crumbs) + 1), f"{rng.choice(FIELD_NAMES)}={text}")
    records.set_header(request, "Cookie", "; ".join(crumbs))
    return True


def _leaves(node, found, depth=0):
    """Collects (container, key) of the strings in a JSON value."""
    if depth > 40 or len(found) > 400:
        return
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        if isinstance(child, str):
            found.append((node, key))
        else:
            _leaves(child, found, depth + 1)


def body(request, value, rng):
    """Changes the body that is there, whatever its form; False where that is not possible."""
    text = records.body_text(request)
    if not text or len(text) > 200_000:
        return False
    if text[:1] in "{[":
        try:
            document = json.loads(text)
        except ValueError:
            return False
        leaves = []
        _leaves(document, leaves)
        objects = [container for container, _ in leaves if isinstance(container, dict)]
        if leaves and rng.random() < 0.75:
            container, key = rng.choice(leaves)
            container[key] = mix(container[key], value, rng)
        elif objects:
            rng.choice(objects)[rng.choice(FIELD_NAMES)] = value
        elif isinstance(document, dict):
            document[rng.choice(FIELD_NAMES)] = value
        else:
            return False
        records.set_body(request, json_text(document, rng))
        return True
    kind = records.header(request, "content-type")
    if "urlencoded" in kind and "=" in text[:300]:
        records.set_body(request, _in_pairs(text, value, rng, rng.random() < 0.2))
        return True
    if "multipart/" in kind:
        parts = re.split(r"(?<=\r\n\r\n)([^\r\n]{0,2000})(?=\r\n--)", text)
        if len(parts) < 3:
            return False
        index = rng.randrange(1, len(parts), 2)
        parts[index] = mix(parts[index], value, rng)
        records.set_body(request, "".join(parts))
        return True
    return False


def _filler(rng):
    draw = rng.random()
    if draw < 0.3:
        return rng.randrange(100000)
    if draw < 0.4:
        return rng.random() < 0.5
    if draw < 0.7:
        return rng.choice(("active", "en-US", "web", "John Smith", "test@example.com", "2024-05-17T10:11:12Z", "default", "Berlin"))
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789-") for _ in range(rng.randrange(4, 36)))


def batch_body(request, values, rng):
    """Gives a request a multipart/mixed body with one message a part, as batch interfaces take it."""
    mark = "=====" + "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(12)) + "====="
    text = "".join(f"--{mark}\r\ncontent-type: application/http\r\n\r\n{value}\r\n" for value in values) + f"--{mark}--"
    request["method"] = "POST"
    request["headers"].append(["Content-Type", rng.choice((f'multipart/mixed; boundary="{mark}"', f"multipart/mixed; boundary={mark}"))])
    records.set_body(request, text)


def new_body(request, value, rng):
    """Gives a request a body of a form drawn at random, with the value in one of its fields."""
    names = rng.sample(FIELD_NAMES, rng.randrange(1, 7))
    fields = {name: _filler(rng) for name in names}
    target = rng.choice(names)
    fields[target] = value
    draw = rng.random()
    if draw < 0.34:
        kind = "application/x-www-form-urlencoded"
        text = "&".join(f"{name}={percent(content, rng) if name == target else urllib.parse.quote_plus(str(content))}"
                        for name, content in fields.items())
    elif draw < 0.70:
        kind = rng.choice(("application/json", "application/json; charset=utf-8", "text/plain;charset=UTF-8"))
        document = fields
        shape = rng.random()
        if shape < 0.2:
            document = {"operationName": "Update", "variables": {"input": fields},
                        "query": "mutation Update($input: UpdateInput!) { update(input: $input) { id __typename } }"}
        elif shape < 0.35:
            document = {"data": {"attributes": fields, "type": "item"}, "meta": {"page": 1}}
        elif shape < 0.45:
            document = [fields]
        text = json_text(document, rng)
        if rng.random() < 0.05:
            text = json_text({"payload": text}, rng)
    elif draw < 0.82:
        mark = "----WebKitFormBoundary" + "".join(rng.choice("ABCDEFabcdef0123456789") for _ in range(16))
        kind, text = "multipart/form-data; boundary=" + mark, ""
        for name, content in fields.items():
            attributes, file_type = f'name="{name}"', ""
            if rng.random() < 0.3:
                file_name = str(content) if name == target and rng.random() < 0.4 and len(str(content)) < 200 else rng.choice(("report.pdf", "IMG_2041.jpg", "notes.txt"))
                file_name = line_text(file_name).replace('"', "%22")
                attributes += f'; filename="{file_name}"'
                file_type = f"Content-Type: {rng.choice(('text/plain', 'application/octet-stream'))}\r\n"
            text += f"--{mark}\r\nContent-Disposition: form-data; {attributes}\r\n{file_type}\r\n{content}\r\n"
        text += f"--{mark}--\r\n"
    elif draw < 0.92:
        kind = rng.choice(("application/xml", "text/xml; charset=utf-8", "application/soap+xml"))

        def escape(content):
            content = str(content)
            if rng.random() < 0.15:
                return f"<![CDATA[{content}]]>"
            if rng.random() < 0.1:
                return content
            return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

        inner = "".join(f"<{name}>{escape(content)}</{name}>" for name, content in fields.items())
        text = '<?xml version="1.0" encoding="UTF-8"?>' + (f"<request>{inner}</request>" if rng.random() < 0.6 else
               f'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>{inner}</soap:Body></soap:Envelope>')
    else:
        kind, text = "text/plain", value
    request["method"] = rng.choice(("POST", "POST", "POST", "POST", "PUT", "PATCH"))
    records.drop_headers(request, {"content-type", "content-length"})
    request["headers"].append(["Content-Type", kind])
    records.set_body(request, text)
    return True


QUERY_OPERATORS = ("$ne", "$gt", "$gte", "$lt", "$regex", "$where", "$in", "$nin", "$exists", "$or", "$not", "$eq")
PLAIN_OPERATORS = ("$schema", "$ref", "$id", "$type", "$os", "$browser", "$device", "$set", "$insert_id", "$lib_version", "$current_url", "$screen_width", "$filter", "$top", "$skip", "$orderby", "$select", "$expand", "$count")


def operators(request, attack, rng):
    """Gives a request a body or query with names that begin with "$": database operators, or what APIs and trackers send."""
    names = QUERY_OPERATORS if attack else PLAIN_OPERATORS
    name, field, other = rng.choice(names), rng.choice(("user", "username", "login", "email", "id", "token") + tuple(FIELD_NAMES)), rng.choice(("password", "pass", "pwd", "pin", "code"))
    content = rng.choice((None, "", 1, ".*", "admin", "^a", "1", [], ["admin"], True, _filler(rng)))
    if name == "$where":
        content = rng.choice(("sleep(5000)", "this.password.match(/.*/)", "1==1", "return true", "function(){return 1}"))
    if not attack:
        content = _filler(rng)
    if not records.body_text(request) and not request.get("body_b64") and rng.random() < 0.6:
        fields = {field: {name: content} if attack or rng.random() < 0.5 else content, **({other: {name: content}} if attack and rng.random() < 0.6 else {})}
        for extra in rng.sample(FIELD_NAMES, rng.randrange(0, 4)):
            fields.setdefault(extra, _filler(rng))
        if not attack or rng.random() < 0.2:
            fields[name] = content if not attack else [{field: content}, {other: content}]
        request["method"] = "POST"
        records.drop_headers(request, {"content-type", "content-length"})
        request["headers"].append(["Content-Type", "application/json"])
        records.set_body(request, json_text(fields, rng))
        return
    mark = "&" if "?" in request["target"] else "?"
    value = _quote(str(content), "-_.~", rng)
    if attack:
        request["target"] += f"{mark}{field}[{name}]={value}&{other}[{name}]={value}" if rng.random() < 0.5 else f"{mark}{field}%5B{name.replace('$', '%24')}%5D={value}"
    else:
        request["target"] += f"{mark}{name}={value}" if rng.random() < 0.5 else f"{mark}{field}[{rng.choice((other, '0', 'id', 'name', 'gte', 'eq'))}]={value}"


def whole(request, value, rng):
    """A new parameter, form field or JSON member that is the value and nothing else."""
    if records.body_text(request) or request.get("body_b64") or rng.random() < 0.4:
        before, _, text = request["target"].partition("?")
        request["target"] = before + "?" + _in_pairs(text.partition("#")[0], value, rng, True)
        return "query"
    new_body(request, value, rng)
    return "new_body"


PLACES = ((query, 0.38), (path, 0.06), (header, 0.10), (cookie, 0.06), (body, 0.20), (new_body, 0.20))


def inject(request, value, rng):
    """Puts value into a place of request, which it changes. Returns the place's name."""
    if rng.random() < 0.03:  # a whole value, or nobody could decode it
        return whole(request, encode_base64(value, rng), rng)
    for _ in range(6):
        place = rng.choices([p for p, _ in PLACES], [w for _, w in PLACES])[0]
        if records.body_text(request) or request.get("body_b64"):
            if place is new_body:
                place = body  # do not throw a real body away
        if place(request, value, rng):
            return place.__name__
    query(request, value[:2000], rng)
    return "query"
