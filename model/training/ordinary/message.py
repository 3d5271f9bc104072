"""Putting a request together: quoting, JSON in its usual spellings, a browser's headers, bodies with their length."""

import base64
import json
import urllib.parse

from .words import ALNUM, fill, letters


def quote(text, rng):
    return rng.choice((urllib.parse.quote_plus, urllib.parse.quote, lambda t: urllib.parse.quote(t, safe="!*'(),:;$@/")))(text)


def dump(rng, node):
    return json.dumps(node, ensure_ascii=rng.random() < 0.3, separators=rng.choice(((",", ":"), (",", ":"), (", ", ": "))))


def browser(rng, host, kind=None):
    """Headers of a page's own request."""
    headers = [["Host", host], ["User-Agent", fill(rng, "§agent")], ["Accept", rng.choice(("*/*", "application/json, text/plain, */*"))], ["Accept-Language", rng.choice(("en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.8", "fr-FR,fr;q=0.9", "pl,en-US;q=0.7,en;q=0.3", "ja"))]]
    if rng.random() < 0.7:
        headers += [["Origin", f"https://{host}"], ["Referer", f"https://{host}{fill(rng, '§path')}"]]
    if rng.random() < 0.4:
        headers.append(["Cookie", fill(rng, "sid=§tok; _ga=GA1.2.§nn.§nn; theme=§w")])
    return headers + ([["Content-Type", kind]] if kind else [])


def post(rng, target, kind, body, method="POST", headers=None):
    """A request with a body, and the Content-Length that fits."""
    headers = headers if headers is not None else browser(rng, fill(rng, "§host"))
    if kind:
        headers = headers + [["Content-Type", kind]]
    data = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    result = {"method": method, "target": target, "headers": headers + [["Content-Length", str(len(data))]]}
    try:
        result["body"] = data.decode("utf-8")
    except UnicodeDecodeError:
        result["body_b64"] = base64.b64encode(data).decode()
    return result


def get(rng, target, headers=None):
    """A request without a body; what a target cannot hold as it is becomes an escape."""
    return {"method": "GET", "target": urllib.parse.quote(target, safe="!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), "headers": headers if headers is not None else browser(rng, fill(rng, "§host"))}


def multipart(rng, target, parts):
    """A form of (name, file name or None, type, content)."""
    mark = "----WebKitFormBoundary" + letters(rng, ALNUM, 16)
    out = b""
    for name, file_name, kind, content in parts:
        out += f'--{mark}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if file_name:
            out += f'; filename="{file_name}"\r\nContent-Type: {kind}'.encode()
        out += b"\r\n\r\n" + (content if isinstance(content, bytes) else content.encode("utf-8", "replace")) + b"\r\n"
    return post(rng, target, f"multipart/form-data; boundary={mark}", out + f"--{mark}--\r\n".encode())
