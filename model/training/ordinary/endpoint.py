"""Requests written as a line each: host and target, and what is in the body.

    ("beacon", "www.§host/g/collect?v=2&dt=§Ti&dl=§Ul")
    ("xhr:PUT", "api.§brand.com/v1/§t/§n", "json", '{"title":"§js","tags":["§w"]}')

The mode is that of client.headers, with a method if it is not the usual one.
Slots beside those of words.py are already escaped for where they stand. Names
and values of a query, a form or a JSON object come in the line's order or in
another, some left out, some of another vendor added.
"""

import json
import urllib.parse

from . import beacon, client, languages, markup, shapes
from .message import dump, get, post, quote
from .words import fill, phrase, prose, sentence

TYPES = {"json": ("application/json", "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"), "text": ("text/plain;charset=UTF-8", "text/plain", "text/plain; charset=utf-8"), "form": ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8", "application/x-www-form-urlencoded;charset=utf-8"), "xml": ("text/xml; charset=utf-8", "application/xml", "text/xml"), "soap": ("application/soap+xml; charset=utf-8", "text/xml; charset=UTF-8"), "ndjson": ("application/x-ndjson", "application/json", "text/plain")}
TITLES = ("§W §w | §Brand", "§W's §w – §Brand", "Buy §w & §w online - §Brand", "§ph", "§s", "\"§W §w\" (§Y) » §Brand", "(§d) §W / §W", "§W: §w, §w and more — §Brand.com", "Error 404 [§w]", "§W §w <§w>", "How to §v a §w? - §Brand Forum", "§first O'§last - §W | §Brand", "50% off §w! *today*")


def _title(rng):
    return languages.language(rng)[:90] if rng.random() < 0.25 else fill(rng, rng.choice(TITLES))


def _address(rng, depth=0):
    text = fill(rng, rng.choice(("§url", "https://§host/§w/§w-§w-§n.html", "https://§host/§w?§c=§n&§u=§w+§w", "https://§host/§w/?utm_source=§w&utm_medium=§w&utm_campaign={§w}", "https://§host/#!/§w/§n", "https://§host/§w;§u=§n?§w[]=§n&§w[§u]=§w", "https://§host/search?q=%22§w+§w%22", "http://§host:§n/§w(§n)/§w", "https://§host/§w/§w's-§w", "https://§host/?p=§n&§u=a|b|§w")))
    if depth < 3 and rng.random() < 0.3:
        text += ("&" if "?" in text else "?") + rng.choice(("url", "redirect", "u", "return_to", "r", "next", "ref", "adurl", "dest")) + "=" + urllib.parse.quote(_address(rng, depth + 1), safe=rng.choice(("", "", ":/")))
    return text


def _json_text(text):
    return json.dumps(text, ensure_ascii=False)[1:-1]


SLOTS = {
    "Q": lambda rng: quote(phrase(rng), rng), "Ti": lambda rng: quote(_title(rng), rng), "Ul": lambda rng: quote(_address(rng), rng), "La": lambda rng: quote(languages.language(rng)[:160], rng), "Pr": lambda rng: quote(prose(rng, 1, 3), rng), "Pk": lambda rng: quote(shapes.packed(rng)[:rng.choice((40, 200, 800))], rng), "Ma": lambda rng: quote(fill(rng, rng.choice(shapes.TEMPLATES)), rng),
    "Jq": lambda rng: quote(dump(rng, shapes.tree(rng, rng.randint(1, 2))), rng), "js": lambda rng: _json_text(sentence(rng)), "jp": lambda rng: _json_text(phrase(rng)), "jl": lambda rng: _json_text(languages.language(rng)[:300]), "jh": lambda rng: _json_text(markup.html(rng)[:600]), "ju": lambda rng: _json_text(_address(rng)), "jt": lambda rng: dump(rng, shapes.tree(rng, 2)), "jm": lambda rng: _json_text(prose(rng, 2, 6)), "jk": lambda rng: _json_text(shapes.packed(rng)[:300]), "jg": lambda rng: _json_text(shapes.stack(rng)),
    "xs": lambda rng: sentence(rng).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), "xl": lambda rng: languages.language(rng)[:200].replace("&", "&amp;").replace("<", "&lt;"), "tcf": lambda rng: "CP" + fill(rng, "§tok§tok§tok") + rng.choice(("", ".YAAAAAAAAAAA", ".f_gAAAAAAAAA", ".II7Nd_X__bX9n-_7_6ft0eY1f9_r37uQzDhfNs-8F3L_W_LwX32E7NF36tq4KmR4ku1bBIQNtHMnUDUmxaolVrzHsak2cpyNKJ_JkknsZe2dYGF9Pn9lD-YKZ7_5_9_f52T_9_9_-39z3_9f___dv_-__-vjf_599n_v9fV_78_Kf9____-_-___________4")),
    "scr": lambda rng: rng.choice(("1920x1080", "1366x768", "390x844", "2560x1440", "412x915")), "sel": lambda rng: quote(fill(rng, rng.choice(shapes.SELECTOR)), rng), "jsel": lambda rng: _json_text(fill(rng, rng.choice(shapes.SELECTOR))), "Dt": lambda rng: quote(fill(rng, rng.choice(("§day §mon §DD §Y §dd:§dd:§dd GMT+0100 (§W Standard Time)", "§iso", "§date §time", "§DD.0§d.§Y", "§Y/§dd/§DD", "§mon §DD, §Y §dd:§dd PM"))), rng), "ag": lambda rng: quote(fill(rng, "§agent"), rng), "jag": lambda rng: _json_text(fill(rng, "§agent")), "ip6": lambda rng: fill(rng, "2001:db8:§d:§d::§dd"), "jwt": lambda rng: fill(rng, "eyJ§tok.eyJ§tok§tok.§tok"), "lat": lambda rng: f"{rng.uniform(-80, 80):.6f}", "lon": lambda rng: f"{rng.uniform(-179, 179):.6f}",
}


def _mixed(rng, items):
    """Some left out, now and then in another order, now and then with some of another vendor."""
    share = rng.choice((0, 0, 0.1, 0.25))
    kept = [item for item in items if rng.random() >= share] or list(items)
    if rng.random() < 0.25:
        rng.shuffle(kept)
    return kept


def query(rng, text):
    """A query or a form, as a line has it."""
    mark = "&" if "&" in text or ";" not in text else ";"
    if text.startswith("\\"):  # its order means something
        return text[1:]
    items = _mixed(rng, text.split(mark))
    if rng.random() < 0.3:
        name = shapes.names(rng)
        for _ in range(rng.randint(1, 3)):
            items.insert(rng.randint(0, len(items)), f"{quote(name(), rng)}={quote(shapes.leaf(rng)[:rng.choice((30, 120))], rng)}")
    return mark.join(items)


def _node(rng, node, depth=0):
    if isinstance(node, list):
        return [_node(rng, item, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _node(rng, value, depth + 1) for name, value in (_mixed(rng, node.items()) if depth else node.items())}
    if rng.random() < (0.25 if depth == 0 else 0.06):
        made[shapes.names(rng)()] = shapes.tree(rng, rng.randint(0, 2))
    return made


def made(rng, line):
    """One request of a line."""
    mode, _, method = line[0].partition(":")
    host, _, target = fill(rng, line[1], **SLOTS).partition("/")
    path, mark, tail = target.partition("?")
    target = "/" + path + (mark + query(rng, tail) if mark else "")
    headers = client.headers(rng, host, mode)
    if len(line) == 2:
        request = get(rng, target, headers)
        return {**request, "method": method or "GET"}
    kind, _, body = fill(rng, line[2] + "\n" + line[3], **SLOTS).partition("\n")  # together: a boundary stands in both
    if kind == "form":
        body = query(rng, body)
    elif body.startswith(("{", "[")):
        try:
            body = dump(rng, _node(rng, json.loads(body)))
        except ValueError:  # lines of JSON, or JSON that only its reader takes
            pass
    target = get(rng, target, headers)["target"]
    return post(rng, target, rng.choice(TYPES.get(kind, (kind,))), body, method or "POST", headers=[pair for pair in headers if pair[0].lower() != "content-type"])


def maker(name, lines):
    """A maker of requests of one kind, from its lines."""
    def make(rng):
        return made(rng, rng.choice(lines))
    make.__name__ = name
    make.__doc__ = "; ".join(line[1].partition("?")[0] for line in lines)[:200]
    return make


def makers(kinds):
    return tuple(maker(name, lines) for name, lines in kinds.items())
