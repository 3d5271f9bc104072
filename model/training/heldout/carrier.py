"""A carrier: the template of one ordinary request, and the request made of it.

    Carrier(client, "POST", "/path", query={…}, form={…})      or json=, xml=, multipart=, graphql=, raw=

Every text is a production (grammar.py). A value that begins with "~" is text
that people type: ordinary text is put only there, attacks go anywhere. In XML
~~…~~ marks the values. multipart values are a production or (file name, media
type, content). raw is (media type, production), graphql (query, variables).
"""

import copy
import json as jsonlib
import re
import urllib.parse

from heldout import clients, grammar, words

KINDS = ("form", "json", "xml", "multipart", "graphql", "raw")
COOKIES = (
    ("session", "§tok§"), ("sessionid", "§lower§§hex32§"), ("_ga", "GA1.§digit§.§big§.§epoch§"), ("_gid", "GA1.2.§big§.§epoch§"), ("csrftoken", "§tok§"),
    ("PHPSESSID", "§lower§§hex§§lower§"), ("JSESSIONID", "§hex32§.node§digit§"), ("connect.sid", "s%3A§tok§.§b64u§"), ("theme", "⟦dark¦light¦auto⟧"),
    ("lang", "§locale§"), ("cart", "§uuid§"), ("OptanonAlertBoxClosed", "§date§T§time§.000Z"), ("consent", "⟦all¦necessary¦1⟧"), ("_fbp", "fb.1.§epochms§.§big§"),
    ("XSRF-TOKEN", "§b64u§"), ("currency", "§currency§"), ("last_visit", "§epoch§"), ("ab_test", "§word§-⟦a¦b¦c⟧"), ("remember_me", "§hex64§"), ("tz", "Europe%2F§city§"),
    ("_hjSessionUser_§big§", "§b64u§"), ("uid", "§id§"), ("recent", "§id§%2C§id§%2C§id§"), ("ASP.NET_SessionId", "§lower§§hex§§lower§"),
)
XML_VALUE = re.compile(r"~~(.*?)~~", re.S)


class Carrier:
    def __init__(self, client, method, path, query=None, cookies=None, **body):
        self.client, self.method, self.path, self.query = client, method, path, query or {}
        self.cookies = client in ("nav", "xhr", "img", "beacon") if cookies is None else cookies
        self.kind, self.body = next(iter(body.items())) if body else (None, None)
        if self.kind not in KINDS + (None,):
            raise ValueError("carrier %s has a body of kind %r; use one of %s" % (path, self.kind, ", ".join(KINDS)))

    def typed(self, place):
        """Whether place holds a value that people type."""
        if place == "query":
            return any(value.startswith("~") for value in self.query.values())
        if place == "raw":
            return self.body[1].startswith("~")
        return "~" in repr(self.body)


class Request:
    """One request of a carrier, in parts, before it is put on the wire.

    query and form are lists of [key, value] on the wire; cookies too. fields
    names the values that people type, by the key or path that leads to them.
    """

    def __init__(self, rng, carrier):
        self.rng, self.method, self.kind = rng, carrier.method, carrier.kind
        self.host = words.host(rng)
        fill = lambda template: grammar.expand(rng, template)
        self.path = fill(carrier.path)
        self.query = [[fill(key), form_quote(fill(value.lstrip("~")))] for key, value in carrier.query.items()]
        self.typed_query = [value.startswith("~") for value in carrier.query.values()]
        self.headers = clients.headers(rng, carrier.client, self.host, self.method)
        self.cookies = []
        if carrier.cookies and rng.random() < 0.85:
            self.cookies = [[fill(name), fill(value)] for name, value in rng.sample(COOKIES, rng.randint(1, 7))]
        self.media, self.bytes = None, None
        self.body = copy.deepcopy(carrier.body)
        self.parts = []
        if self.kind == "form":
            self.typed = [value.startswith("~") for value in self.body.values()]
            self.body = [[form_quote(fill(key)), form_quote(fill(value.lstrip("~")))] for key, value in self.body.items()]
        elif self.kind in ("json", "graphql"):
            document = self.body if self.kind == "json" else {"query": self.body[0], "variables": self.body[1]}
            self.typed = [path for path, value in leaves(document) if value.startswith("~")]
            for path, value in list(leaves(document)):
                if path != ("query",) or self.kind == "json":
                    assign(document, path, fill(value.lstrip("~")))
            self.body = document
        elif self.kind == "xml":
            self.values = [fill(value.lstrip("~")) for value in XML_VALUE.findall(self.body)]
            self.typed = [True] * len(self.values)
            self.raw_values = [None] * len(self.values)
            self.body = XML_VALUE.sub("\0", self.body)
            pieces = [fill(piece) for piece in self.body.split("\0")]
            self.body = "\0".join(pieces)
        elif self.kind == "multipart":
            for name, value in self.body.items():
                if isinstance(value, tuple):
                    self.parts.append([name, fill(value[0]), value[1], fill(value[2]).encode(), False])
                else:
                    self.parts.append([name, None, None, fill(value.lstrip("~")).encode(), value.startswith("~")])
        elif self.kind == "raw":
            self.media, text = self.body
            self.body = fill(text.lstrip("~"))

    def record(self, identity, dataset, label, kind, place):
        """The request as a record (record.py), Content-Length fitted."""
        import base64
        headers = [list(pair) for pair in self.headers]
        body, media = self.payload()
        if media and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(["Content-Type", media])
        if self.cookies:
            headers.append(["Cookie", "; ".join("%s=%s" % tuple(pair) for pair in self.cookies)])
        if body or self.method in ("POST", "PUT", "PATCH"):
            headers.append(["Content-Length", str(len(body))])
        target = self.path + ("?" + "&".join(key if value is None else key + "=" + value for key, value in self.query) if self.query else "")
        made = {"id": identity, "dataset": dataset, "label": label, "class": kind, "place": place, "method": self.method, "target": target, "headers": headers}
        try:
            made["body"] = body.decode("utf-8")
        except UnicodeDecodeError:
            made["body_b64"] = base64.b64encode(body).decode()
        if not body:
            made.pop("body")
        return made

    def payload(self):
        """The body's bytes and their media type."""
        rng = self.rng
        if self.bytes is not None:
            return self.bytes, self.media
        if self.kind == "form":
            return "&".join(key if value is None else key + "=" + value for key, value in self.body).encode(), rng.choice(["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"])
        if self.kind in ("json", "graphql"):
            return json_text(rng, self.body).encode("utf-8", "surrogatepass"), rng.choice(["application/json", "application/json", "application/json; charset=utf-8"])
        if self.kind == "xml":
            text = self.body
            for value, raw in zip(self.values, self.raw_values):
                text = text.replace("\0", xml_escape(rng, value) if raw is None else raw, 1)
            soap = "soap" in text.lower()[:300]
            return text.encode(), "text/xml; charset=utf-8" if soap or rng.random() < 0.3 else "application/xml"
        if self.kind == "multipart":
            boundary = rng.choice(["----WebKitFormBoundary" + grammar.words.text(rng, "ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789", 16, 16),
                                   "---------------------------" + words.text(rng, "0123456789", 28, 30), words.text(rng, "0123456789abcdef", 32, 32)])
            chunks = []
            for name, filename, media, content, _ in self.parts:
                head = 'Content-Disposition: form-data; name="%s"' % part_quote(name)
                if filename is not None:
                    head += '; filename="%s"\r\nContent-Type: %s' % (part_quote(filename), media)
                chunks.append(("--%s\r\n%s\r\n\r\n" % (boundary, head)).encode() + content + b"\r\n")
            return b"".join(chunks) + ("--%s--\r\n" % boundary).encode(), "multipart/form-data; boundary=" + boundary
        if self.kind == "raw":
            return self.body.encode("utf-8", "surrogatepass"), self.media
        return b"", None


def form_quote(text):
    return urllib.parse.quote_plus(text, safe="*-._~")


def part_quote(text):
    """A name in a Content-Disposition, escaped as browsers do (WHATWG HTML, 4.10.21.8)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def leaves(document, path=()):
    """(path, text) of every string in a JSON document."""
    if isinstance(document, str):
        yield path, document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, path + (key,))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from leaves(value, path + (index,))


def assign(document, path, value):
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = value


def json_text(rng, document):
    """JSON as different serialisers write it: spaces, \\u escapes, \\/ of PHP, \\u003c of Go."""
    compact = rng.random() < 0.7
    text = jsonlib.dumps(document, ensure_ascii=rng.random() < 0.4, separators=(",", ":") if compact else None, indent=2 if not compact and rng.random() < 0.3 else None)
    style = rng.random()
    if style < 0.12:
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    elif style < 0.2:
        text = text.replace("/", "\\/")
    return text


def xml_escape(rng, text):
    if "]]>" not in text and any(c in text for c in "<&") and rng.random() < 0.35:
        return "<![CDATA[" + text + "]]>"
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if rng.random() < 0.4:
        text = text.replace('"', "&quot;").replace("'", rng.choice(["&apos;", "&#39;", "&#x27;"]))
    return text.replace("\r", "&#13;")
