"""Requests of a visit to a site nobody knows: pages, files, calls and forms with the whole jar of cookies and any names."""

import urllib.parse

from . import client, shapes
from .endpoint import SLOTS
from .message import dump, get, post, quote
from .words import fill, phrase, sentence

PATHS = ("/", "§path", "/§w/§w-§w-§n.html", "/§w/§n/§w", "/§u/§w.php", "/api/v§d/§t/§n", "/§W/§Id", "/§w;jsessionid=§hex", "/-/§w/§w~§n", "/@§brand/§w", "/§w.§w/§u", "/(S(§u§u))/§W.aspx", "/§w,§n,§d.html", "/_next/data/§tok/§w/[§w].json", "/p/§hex")
FILES = ("/_next/static/chunks/app/(§w)/§w/%5B...§w%5D/page-§hex.js", "/assets/§w-§hex.css", "/media/§w/§n¦x§n/filters:quality(§dd):format(webp)/§w%20(§d).jpg", "/img/w_§n,h_§n,c_fill,g_auto/v§nn/§w's.png", "/bundles/§w?v=§tok", "/§w/§w.min.js?ver=§ver&_=§ms", "/wp-content/cache/min/1/§hex.js", "/fonts/§W%20§W.woff2?#iefix".replace("?#iefix", "?iefix"), "/image/upload/l_text:§W_§dd_bold:§w%20%26%20§w,co_rgb:§hex/§w.jpg", "/_ipx/f_webp&q_§dd&s_§n¦x§n/§w/§w.png", "/remote/?url=§Ul&w=§n&q=§dd", "/dam/§w.image?$§w$&wid=§n&fmt=jpg,rgb&layer=1&text={§w}&resMode=sharp2", "/combo?§w/§ver/§w.js&§w/§w/§w.js", "/sprite.svg?v=§hex")


def _host(rng):
    return fill(rng, "§host")


def visit_page(rng):
    """A page, its names and values in one style."""
    host, tail = _host(rng), ""
    if rng.random() < 0.8:
        tail = "?" + "&".join(f"{quote(name, rng)}={urllib.parse.quote(value[:120], safe=rng.choice(('', ',:|~!', '[](),;')))}" for name, value in shapes.record(rng, 1, 6))
    return get(rng, fill(rng, rng.choice(PATHS)) + tail, client.headers(rng, host, "document", 0.95))


def visit_file(rng):
    """A picture, script, sheet or font."""
    return get(rng, fill(rng, rng.choice(FILES), **SLOTS), client.headers(rng, _host(rng), rng.choice(("image", "script")), 0.8))


def visit_call(rng):
    """A script's call that brings JSON."""
    host, key = _host(rng), shapes.names(rng)
    body = {key(): rng.choice((phrase, sentence, shapes.leaf))(rng)[:400] for _ in range(rng.randint(1, 8))}
    body[key()] = shapes.tree(rng, 2)
    return post(rng, fill(rng, rng.choice(PATHS)), "application/json", dump(rng, body), rng.choice(("POST", "POST", "PUT", "PATCH")), headers=client.headers(rng, host, "xhr", 0.9))


def visit_form(rng):
    """A form that a person filled in."""
    host, key = _host(rng), shapes.names(rng)
    values = [(key(), rng.choice((phrase, sentence, lambda r: fill(r, "§full"), lambda r: fill(r, "§mail"), lambda r: fill(r, "§date"), lambda r: fill(r, "§price"), lambda r: ""))(rng)) for _ in range(rng.randint(2, 14))]
    values += [(fill(rng, rng.choice(("csrf_token", "_token", "form_key", "__RequestVerificationToken", "hp_§u"))), fill(rng, "§tok"))]
    return post(rng, fill(rng, rng.choice(PATHS)), "application/x-www-form-urlencoded", "&".join(f"{quote(name, rng)}={quote(value, rng)}" for name, value in values), headers=client.headers(rng, host, "document", 0.95))


def visit_options(rng):
    """What comes before a call to another host, or asks only for the head."""
    host = _host(rng)
    headers = client.headers(rng, host, "xhr", 0) + [["Access-Control-Request-Method", rng.choice(("POST", "PUT", "GET"))], ["Access-Control-Request-Headers", ",".join(rng.sample(("authorization", "content-type", "x-requested-with", "sentry-trace", "baggage", "x-csrf-token", "traceparent"), rng.randint(1, 4)))]]
    target = get(rng, fill(rng, rng.choice(PATHS)) + fill(rng, "?§u=§tok&§c=§n"), headers)
    return {**target, "method": rng.choice(("OPTIONS", "OPTIONS", "HEAD"))}


MAKERS = (visit_page, visit_file, visit_call, visit_form, visit_options)
