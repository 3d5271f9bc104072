"""Whole requests of page monitors, trackers, advertisers, players, bot sensors and experiments, of invented vendors."""

import base64
import json
import urllib.parse
import zlib

from . import beacon, languages, shapes
from .message import browser, dump, get, multipart, post, quote
from .words import ALNUM, B64, HEX, LOWER, b64, fill, letters, number, phrase, pick, raw, sentence

JSON_TYPES = ("text/plain;charset=UTF-8", "text/plain", "application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain;charset=utf-8")
FORM = "application/x-www-form-urlencoded"
PATHS = ("/§u", "/§w/§u", "/v§d/§w", "/api/v§d/§w/§u", "/§u.gif", "/p.gif", "/pixel", "/collect", "/§w.php", "/i", "/t", "/log", "/beacon", "/ev", "/rum", "/§w/events", "/§u/§d/§w.json", "/b", "/report", "/§tok/§u", "/track/§u", "/sync", "/§u;§u=§n", "/monitoring", "/§w/__§u__", "/~§u", "/stat/§u", "/§w.aspx", "/§w/§w.do", "/cm/§u", "/sig/§hex", "/mp/§w", "/dot.gif", "/r/§u/§n", "/§u/v§d/g")


def where(rng):
    return fill(rng, rng.choice(PATHS))


def form(rng, pairs):
    return "&".join(f"{quote(name, rng) if rng.random() < 0.7 else urllib.parse.quote(name, safe='[].$@:~-_')}={quote(value, rng)}" for name, value in pairs)


def flat_query(rng):
    """Names in one style and values of any sort, in a query."""
    return get(rng, where(rng) + "?" + form(rng, shapes.record(rng, 3, rng.choice((8, 20)))))


def flat_form(rng):
    return post(rng, where(rng), FORM + rng.choice(("", "; charset=UTF-8", ";charset=utf-8")), form(rng, shapes.record(rng, 3, rng.choice((8, 25)))))


def tree_body(rng):
    """A batch or a single record as JSON, whatever type its header says."""
    key = shapes.names(rng)
    node = shapes.tree(rng, rng.randint(2, 4), key)
    if rng.random() < 0.4:
        node = {key(): node, key(): shapes.tree(rng, 2, key), key(): shapes.leaf(rng)}
    return post(rng, where(rng), rng.choice(JSON_TYPES), dump(rng, [node, shapes.tree(rng, 2, key)]))


def tree_in_form(rng):
    """JSON in a form, JSON as text in JSON, Base64 of JSON, JSON escaped twice."""
    text = dump(rng, {shapes.names(rng)(): shapes.tree(rng, rng.randint(1, 3)), fill(rng, "§u"): shapes.leaf(rng)})
    draw = rng.random()
    if draw < 0.2:
        text = dump(rng, [fill(rng, "§w"), text])
    elif draw < 0.45:
        text = base64.b64encode(text.encode()).decode()
    elif draw < 0.6:
        text = urllib.parse.quote(text, safe="")
    name = fill(rng, rng.choice(("data", "payload", "e", "p", "d", "§u", "json", "body", "q", "events", "§w[§c]", "message", "client", "ue_px", "cx")))
    more = [(fill(rng, rng.choice(("§u", "§c", "_"))), shapes.leaf(rng)[:200]) for _ in range(rng.randint(0, 4))]
    if rng.random() < 0.4:
        return get(rng, where(rng) + "?" + form(rng, more + [(name, text[:5000])]))
    if rng.random() < 0.15:
        return multipart(rng, where(rng), [(key, None, None, value) for key, value in more + [(name, text)]])
    return post(rng, where(rng), FORM, form(rng, [(name, text)] + more))


def packed_body(rng):
    """A body of values between delimiters, line by line, or one form field of it."""
    text = rng.choice(("\n", "\r\n", "|\n", "")).join(shapes.packed(rng)[:3000] for _ in range(rng.randint(1, 5)))
    if rng.random() < 0.4:
        return post(rng, where(rng), FORM, fill(rng, "§u=") + quote(text, rng) + fill(rng, "&§u=§n"))
    return post(rng, where(rng) + rng.choice(("", fill(rng, "?§u=§n&§u=§tok"))), rng.choice(("text/plain;charset=UTF-8", "text/plain", FORM, "application/octet-stream")), text)


def packed_query(rng):
    """Packed values in a query or in the path."""
    pieces = [shapes.packed(rng)[:rng.choice((60, 300, 1500))] for _ in range(rng.randint(1, 4))]
    draw = rng.random()
    if draw < 0.25:
        return get(rng, where(rng) + rng.choice((";", "/", "?", "/;")) + urllib.parse.quote(pieces[0], safe=";,=:|~!$'()*@&/."))
    loose = draw < 0.7
    return get(rng, where(rng) + "?" + "&".join(fill(rng, "§u=") + (urllib.parse.quote(piece, safe=";,:|~!$'()*@/.{}[]^`<>") if loose else quote(piece, rng)) for piece in pieces))


def timings(rng):
    """Page timings and resources, as JSON, as a tree of URL prefixes, or in Base 36."""
    hosts = [fill(rng, "https://§host/") for _ in range(rng.randint(1, 4))]
    files = [rng.choice(hosts) + fill(rng, rng.choice(("§w/§w.§hex.js", "§w.min.js?ver=§ver", "§w/§w-§w_§n¦x§n.jpg", "api/§w?§c=§n", "§w.css", "fonts/§w.woff2", "§u?§u=§tok&§u=%7B%22§u%22%3A§n%7D", "_next/image?url=%2F§w.png&w=§n&q=75"))) for _ in range(rng.randint(3, 25))]
    base36 = lambda: letters(rng, "0123456789abcdefghijklmnopqrstuvwxyz", 1, 4)
    kind = rng.randrange(4)
    if kind == 0:
        tries = {}
        for name in files:
            tries.setdefault(name[:name.index("/", 8) + 1], {})[name[name.index("/", 8) + 1:]] = rng.choice("12345abc") + ",".join(base36() for _ in range(rng.randint(2, 9))) + rng.choice(("", "*1" + base36() + "," + base36(), "*0" + ",".join(base36() for _ in range(4)), "|" + base36()))
        return post(rng, where(rng), FORM, form(rng, [("rt.start", "navigation"), ("rt.si", fill(rng, "§uuid-§u")), ("rt.ss", fill(rng, "§ms")), ("u", fill(rng, "§url")), ("restiming", json.dumps(tries, separators=(",", ":"))), ("dom.ln", number(rng)), ("t_other", shapes.packed(rng)[:200]), ("ua.plt", "Linux x86_64"), ("v", fill(rng, "1.§d"))]))
    if kind == 1:
        return post(rng, where(rng), rng.choice(JSON_TYPES), dump(rng, {"entries": [{"name": name, "entryType": rng.choice(("resource", "paint", "longtask", "layout-shift", "first-input")), "startTime": rng.random() * 9999, "duration": rng.random() * 999, "initiatorType": rng.choice(("script", "img", "css", "xmlhttprequest", "fetch")), "nextHopProtocol": "h2"} for name in files], "connection": {"effectiveType": "4g", "rtt": 50}, fill(rng, "§u"): pick(rng, shapes.SELECTOR)}))
    if kind == 2:
        return post(rng, where(rng), "text/plain;charset=UTF-8", rng.choice((",", ";", "\n", "|")).join(f"{base36()},{base36()}~{urllib.parse.quote(name, safe=':/')}" for name in files))
    names = shapes.names(rng)
    return get(rng, where(rng) + "?" + "&".join(f"{names()}={rng.choice(('', '-', 'n.', 'r:'))}{rng.random() * 999:.{rng.randrange(6)}f}{rng.choice(('', ',', 'ms', ';', '|' + base36()))}" for _ in range(rng.randint(6, 30))) + "&r=" + quote(files[0], rng))


def sensor(rng):
    """A bot sensor's reading: characters of every kind, XOR'd JSON, arrays of key and mouse times, lists of what a browser has."""
    draw = rng.random()
    if draw < 0.3:
        text = beacon._sensor(rng)
    elif draw < 0.5:
        body = dump(rng, shapes.tree(rng, 3))[:2500].encode()
        mask = rng.randrange(1, 127)
        text = base64.b64encode(bytes(byte ^ mask for byte in body)).decode()
    elif draw < 0.7:
        text = rng.choice((";", ",", "|")).join(",".join(str(rng.randrange(2000)) for _ in range(rng.randint(2, 6))) for _ in range(rng.randint(5, 60))) + fill(rng, ";-1,2,-94,-§d¦02,§agent,uaend,§n,2003§n,en-US,Gecko,§d,0,0,0")
    elif draw < 0.85:
        text = letters(rng, ALNUM + rng.choice(("+/", "-_", "*.", "!~", "$()", "%|", "^{}", "=&;")), 100, rng.choice((300, 1200, 4000)))
    else:
        text = dump(rng, {fill(rng, "§u"): rng.choice((pick(rng, shapes.CLIENTS), fill(rng, "§tok"), [pick(rng, shapes.CLIENTS) for _ in range(3)], "function getParameter() { [native code] }", "TypeError: Cannot read properties of null (reading '0')\n    at Object.apply", "() => 0", "[object HTMLDocument]", {"a": [0, 1, {}]}, rng.random())) for _ in range(rng.randint(5, 25))})
    kind = rng.randrange(4)
    if kind == 0:
        return post(rng, where(rng), rng.choice(JSON_TYPES), dump(rng, {fill(rng, rng.choice(("sensor_data", "bd", "p", "solution", "§u", "d"))): text, "v": fill(rng, "§ver")}))
    if kind == 1:
        return post(rng, where(rng), FORM, form(rng, [(fill(rng, rng.choice(("payload", "jsData", "bda", "data", "§u", "fp"))), text)] + [(fill(rng, "§u"), fill(rng, rng.choice(("§tok", "§uuid", "§n", "§url", "NTA")))) for _ in range(rng.randint(0, 6))]))
    if kind == 2:
        return post(rng, where(rng), "text/plain;charset=UTF-8", text)
    return get(rng, where(rng) + "?" + fill(rng, "§u=") + urllib.parse.quote(text[:3000], safe=rng.choice(("", "!'()*~", "!$'()*,;:@/|"))))


def crash(rng):
    """A failure, reported with traces, minified source around it, and what came before."""
    trace, source = shapes.stack(rng), shapes.minified(rng)[:rng.choice((150, 600, 2000))]
    draw = rng.random()
    if draw < 0.3:
        pairs = [(fill(rng, rng.choice(("msg", "error", "message", "e", "m"))), trace.split("\n")[0]), (fill(rng, rng.choice(("stack", "trace", "s", "st"))), trace), ("url", fill(rng, "§url")), ("line", number(rng)), (fill(rng, "§u"), fill(rng, "§agent"))]
        return get(rng, where(rng) + "?" + form(rng, pairs)) if rng.random() < 0.5 else post(rng, where(rng), FORM, form(rng, pairs))
    if draw < 0.45:
        return post(rng, where(rng), "text/plain", f"{fill(rng, '§iso ERROR §Id')} - {trace}\n{fill(rng, '§c=§w §c=§n §w={§c: §n, §w: [§w, §w]}')}\n{source}")
    node = {fill(rng, rng.choice(("message", "msg", "name", "title"))): trace.split("\n")[0], fill(rng, rng.choice(("stack", "stackTrace", "trace", "stacktrace"))): rng.choice((trace, trace.split("\n"), [{"file": fill(rng, "§url"), "method": fill(rng, "§u.§fn"), "context_line": source[:200], "pre_context": [source[:90], "  }"], "line": 1, "vars": {fill(rng, "§c"): shapes.leaf(rng)}} for _ in range(rng.randint(1, 4))])),
            fill(rng, "§c"): shapes.leaf(rng), "context": shapes.tree(rng, 2), "source": source, "console": [{"severity": "warn", "message": rng.choice((sentence(rng), trace, fill(rng, "[§W] %c§s color: §color; font-weight: bold"), pick(rng, shapes.EDGES)))} for _ in range(rng.randint(0, 4))], "visitor": [{"action": "click", "element": {"tag": "a", "attributes": {"class": fill(rng, "§w §w"), "href": fill(rng, "javascript:void(0)")}}, "selector": pick(rng, shapes.SELECTOR)}]}
    kept = {key: node[key] for key in node if rng.random() < 0.8}
    return post(rng, where(rng), rng.choice(JSON_TYPES), dump(rng, rng.choice((kept, [kept], {"data": kept, "events": [kept]}))))


def network_report(rng):
    """Reports of browsers: network errors, deprecations, interventions, policies, cookies."""
    bodies = ({"elapsed_time": rng.randrange(9999), "method": "GET", "phase": "application", "protocol": "h2", "referrer": fill(rng, "§url"), "sampling_fraction": 0.01, "server_ip": fill(rng, "§ip"), "status_code": 404, "type": rng.choice(("http.error", "tcp.timed_out", "dns.name_not_resolved", "abandoned", "ok"))},
              {"id": "UnloadHandler", "message": fill(rng, rng.choice(("Unload event listeners are deprecated and will be removed.", "§w(): §s"))), "columnNumber": rng.randrange(999), "lineNumber": rng.randrange(99), "sourceFile": fill(rng, "§url")}, {"blockedURL": fill(rng, rng.choice(("inline", "eval", "data", "§url", "wasm-eval", "trusted-types-sink"))), "effectiveDirective": rng.choice(("script-src-elem", "style-src-attr", "require-trusted-types-for", "img-src")), "originalPolicy": fill(rng, "default-src 'self' https: data:; script-src 'nonce-§b' 'strict-dynamic' 'unsafe-inline' 'report-sample' https://*.§host; object-src 'none'; base-uri 'self'; report-to §w; require-trusted-types-for 'script'"), "sample": rng.choice(("", pick(rng, shapes.SCRIPTS)[:40], "Element innerHTML|<div class=\"a", "eval|var a", "Function|(a,b\n) {\nreturn")), "disposition": "report"},
              {"featureId": fill(rng, "§w-§w"), "message": fill(rng, "Permissions policy violation: §w is not allowed in this document."), "disposition": "report"}, {"nextHop": fill(rng, "§host"), "disposition": "reporting", "effective-policy": "unsafe-none", "property": "postMessage", "type": "access-from-coop-page-to-openee"})
    reports = [{"age": rng.randrange(99999), "body": body, "type": rng.choice(("network-error", "deprecation", "csp-violation", "permissions-policy-violation", "coop", "intervention", "crash")), "url": fill(rng, "§url"), "user_agent": fill(rng, "§agent")} for body in rng.sample(bodies, rng.randint(1, 4))]
    return post(rng, fill(rng, rng.choice(("/nel/", "/report/v§d?s=§b", "/reports", "/csp/§w", "/report-endpoint?§c=§w-§w", "/a/r/d/§w"))), rng.choice(("application/reports+json", "application/json", "application/csp-report")), dump(rng, reports if rng.random() < 0.7 else {"csp-report": reports[0]["body"]}))


def player(rng):
    """A player's counts: times with states, bitrates, buffers, lists between commas, colons and dots."""
    t = lambda: f"{rng.random() * 99:.3f}"
    pairs = [("cpn", fill(rng, "§tok")), ("fmt", number(rng)), ("vps", ",".join(f"{t()}:{rng.choice(('N', 'B', 'PL', 'PA', 'S', 'ER'))}" for _ in range(rng.randint(1, 9)))), ("bh", ",".join(f"{t()}:{t()}" for _ in range(rng.randint(1, 20)))), ("bwe", f"{t()}:{number(rng)}:{t()}"), ("vis", f"{t()}:0,{t()}:3"), ("error", fill(rng, "§f:§w.§w:§n;c.§fn;msg.§W%20§w")), ("cmt", f"{t()}:0.000"), ("df", f"{t()}:{number(rng)}"), ("afs", f"{t()}:{number(rng)}::i"), ("vfs", f"{t()}:{number(rng)}:{number(rng)}::r"), ("view", f"{t()}:{number(rng)}:{number(rng)}:1"), ("seg", fill(rng, "§w_$Number$_$Bandwidth$.m4s")), ("ctmp", shapes.packed(rng)[:200]), ("fexp", ",".join(number(rng) for _ in range(rng.randint(3, 40)))), ("codecs", "avc1.4d401f,mp4a.40.2"), ("dur", t()), ("st", ",".join(t() for _ in range(5))), ("et", ",".join(t() for _ in range(5)))]
    chosen = rng.sample(pairs, rng.randint(5, len(pairs)))
    if rng.random() < 0.35:
        return get(rng, where(rng) + "?" + "&".join(f"{name}={urllib.parse.quote(value, safe=':,;.$')}" for name, value in chosen))
    if rng.random() < 0.5:
        return post(rng, where(rng), FORM, form(rng, chosen))
    return post(rng, where(rng), rng.choice(JSON_TYPES), dump(rng, {"events": [{**dict(rng.sample(pairs, 4)), "event": fill(rng, "§w_§v"), "manifest": fill(rng, "https://§host/§w/exp=§nn~acl=/*~hmac=§sha/§uuid/sep/video/§hex,§hex,§hex/audio/§hex/master.m3u8?query_string_ranges=1"), "title": phrase(rng), "error": shapes.stack(rng) if rng.random() < 0.2 else None} for _ in range(rng.randint(1, 6))]}))


def experiment(rng):
    """Rules and states of experiments and feature flags, with the small languages that pick an audience."""
    rules = ("user.§c == \"§w\" && device in [\"§w\",\"§w\"]", "geo.country IN ('US','DE') AND app_version >= '§ver'", "{\"and\":[{\"==\":[{\"var\":\"§c\"},\"§w\"]},{\"in\":[{\"var\":\"§w\"},[\"§w\",\"§w\"]]}]}", "[\"and\",[\"or\",{\"match\":\"substring\",\"name\":\"§c\",\"type\":\"custom_attribute\",\"value\":\"§w\"}]]", "url matches /^https?:\\/\\/(www\\.)?§brand\\.com\\/(§w|§w)\\/?(\\?.*)?$/i", "window.§id && window.§id.§c > §n", "return document.querySelectorAll('.§w > .§w').length >= §d;", "document.cookie.match(/§w=([^;]+)/)", "percentage(§dd) | exclude(§w) | §w", "(§c = §w | §c != §w) & !§w", "§u:§n.§n;§u:§n.§n", "function(){return localStorage.getItem('§w')==='§w'}", "$device.os == 'ios' and not $user.§c", "rand() < 0.§d", "{{#if user.§c}}§w{{else}}§w{{/if}}")
    node = {"id": fill(rng, "§n"), "key": fill(rng, "§w-§w-§Y"), "variations": [{"id": fill(rng, "§n"), "name": fill(rng, rng.choice(("Control", "Variant #§d", "§W §d (§dd%)"))), "weight": rng.randrange(10000), "changes": [{"type": "custom_code", "selector": pick(rng, shapes.SELECTOR), "value": rng.choice((shapes.minified(rng)[:600], fill(rng, "<div class=\"§w\"><strong>§ph</strong></div>"), fill(rng, ".§w{display:none!important}")))}]} for _ in range(rng.randint(1, 3))], "audience": [pick(rng, rules) for _ in range(rng.randint(1, 4))], "status": "running", "allocations": [[rng.randrange(10000), fill(rng, "§n")]]}
    draw = rng.random()
    if draw < 0.6:
        return post(rng, fill(rng, rng.choice(("/api/experiments/§n", "/v2/flags/§w", "/sdk/eval/§hex", "/log/3/abtests?lti=§w", "/campaigns/§n/rules"))), rng.choice(JSON_TYPES), dump(rng, node), rng.choice(("POST", "PUT", "PATCH")))
    text = rng.choice((json.dumps(node, separators=(",", ":"))[:2500], pick(rng, rules), ",".join(fill(rng, "§tok|§d") for _ in range(rng.randint(3, 20))), "|".join(fill(rng, "§w_§w:§d") for _ in range(rng.randint(2, 20))), ";".join(fill(rng, "§n.§d,§n") for _ in range(rng.randint(2, 20)))))
    return get(rng, where(rng) + fill(rng, "?§u=§n&") + rng.choice(("exp", "ab", "ets", "flags", "context", "v", "rule")) + "=" + quote(text, rng))


def cookies(rng):
    """JSON, packed lists and whole addresses in cookies, escaped as each library likes."""
    made = []
    for _ in range(rng.randint(3, 14)):
        name = fill(rng, rng.choice(("_§u", "§w_§u", "__§u", "§u.§u", "OptanonConsent", "AMCV_§tok%40AdobeOrg", "§W§n", "_§u_§hex", "mp_§hex_mixpanel", "s_sq", "ajs_§c", "ab.storage.§c.§uuid", "§tok", "rl_§w", "_gcl_au", "tracker-§w")))
        value = rng.choice((lambda: urllib.parse.quote(dump(rng, shapes.tree(rng, 2)), safe=rng.choice(("", "{}:,[]", "()!*'"))), lambda: dump(rng, {fill(rng, "§c"): fill(rng, rng.choice(("§n", "§tok", "§uuid"))), fill(rng, "§u"): rng.randrange(99)}).replace(" ", ""), lambda: urllib.parse.quote(shapes.packed(rng)[:400], safe="|:=!~*&.@$()'/"), lambda: quote(shapes.nested_url(rng), rng), lambda: "isGpcEnabled=0&datestamp=" + fill(rng, "§day+§mon+§DD+§Y+") + "&version=" + fill(rng, "§ver") + "&groups=" + "%2C".join(f"C000{i}%3A{rng.randrange(2)}" for i in range(1, 5)) + "&geolocation=%3B", lambda: beacon.token(rng).replace(";", ":").replace(" ", "")[:500], lambda: fill(rng, "%5B%5BB%5D%5D"), lambda: fill(rng, "s%3A§tok.§b"), lambda: base64.b64encode(dump(rng, shapes.tree(rng, 1)).encode()).decode(), lambda: "j:" + urllib.parse.quote(dump(rng, {"a": fill(rng, "§w")})), lambda: fill(rng, "§w%3D%2526pid%253D§w%25253A§w%2526oid%253Dhttps%25253A%25252F%25252F§host"), lambda: fill(rng, "\"§tok==\""), lambda: fill(rng, "a:2:{s:4:\"§u\";i:§d;}").replace("\"", "%22").replace(";", "%3B")))()
        made.append(f"{name}={value.replace(chr(10), '').replace(chr(13), '')}")
    headers = [pair for pair in browser(rng, fill(rng, "§host")) if pair[0] != "Cookie"] + [["Cookie", "; ".join(text.encode("ascii", "replace").decode() for text in made)[:6000]]]
    target = fill(rng, rng.choice(("/", "§path", "/§w?§c=§n", "/api/§w", "/§w/§w.html")))
    if rng.random() < 0.25:
        return post(rng, target, FORM, fill(rng, "§c=§w&§c=§n&§u=§tok"), headers=headers)
    return {"method": "GET", "target": target + fill(rng, "?_=§ms&§u=§tok"), "headers": headers}


def advertisement(rng):
    """Key-values for an ad server, nested escapes, sizes between bars, consent, prices, macros that nobody filled."""
    custom = "&".join(fill(rng, rng.choice(("§u=§w", "§c=§w,§w,§w", "pos=§w_§d", "amznbid=§d", "url=%2F§w", "tags=§w%2C§w-§w", "kw={§w}", "§u=%24§d.§dd"))) for _ in range(rng.randint(2, 12)))
    pairs = [("iu_parts", fill(rng, "§nn,§w.§w,§w,§w_§d")), ("prev_iu_szs", "|".join(rng.choice(("300x250", "728x90|970x250", "320x50", "fluid", "1x1")) for _ in range(rng.randint(1, 8)))), ("cust_params", custom), ("scp", custom), ("prev_scp", "|".join(fill(rng, "hb_bidder=§brand&hb_pb=§d.§d0&§u=§w") for _ in range(3))), ("eid", ",".join(number(rng) for _ in range(4))), ("cookie_enabled", "1"), ("gdpr_consent", beacon.token(rng)[:400]), ("tpl", pick(rng, shapes.TEMPLATES)), ("click", fill(rng, "${CLICK_URL}https://§host/§w?dc=%%CLICK_URL_UNESC%%&§u=§n")), ("p", fill(rng, "$§d.§dd|§d.§dd;§u:§tok")), ("url", shapes.nested_url(rng)), ("ltd", shapes.packed(rng)[:300]), ("k", "$".join(fill(rng, "§u=§n") for _ in range(rng.randint(2, 9)))), ("r", fill(rng, "(§n)(§n)|(§w)$(§d)")), ("top", fill(rng, "§url")), ("sid", fill(rng, "§tok;§tok;§d;;§w")), ("cat", "IAB" + fill(rng, "§d-§d,IAB§dd")), ("adk", number(rng)), ("psts", ",".join(fill(rng, "AOrYGs§tok") for _ in range(rng.randint(1, 6)))), ("ref", shapes.nested_url(rng)), ("pv", fill(rng, "§u!§n!§w!!§d")), ("m", fill(rng, "[§ID]")), ("bids", dump(rng, [{"cpm": rng.random(), "adm": fill(rng, "<a href=\"https://§host/c?u=${CLICK}\"><img src=\"https://§host/§w.gif\"></a>")}]))]
    chosen = rng.sample(pairs, rng.randint(4, len(pairs)))
    mark = rng.choice(("&", "&", "&", ";", "/"))
    text = mark.join(f"{name}={urllib.parse.quote(value, safe='$()|;,!:~*{}[]/') if rng.random() < 0.5 and mark == '&' else urllib.parse.quote(value, safe='')}" for name, value in chosen)
    return get(rng, where(rng) + ("?" if mark == "&" else mark) + text)


def identity(rng):
    """Chains of identity syncs: an address in an address in an address, with macros for the identifier."""
    target = fill(rng, rng.choice(("https://§host/setuid?bidder=§brand&gdpr=${GDPR}&gdpr_consent=${GDPR_CONSENT_§n}&uid=$UID", "https://§host/match?p=§n&u=[UID]", "//§host/cm?id=__UID__&r={§u}", "https://§host/s?uid=%24%7BUID%7D", "https://§host/px.gif?u={{uid}}&t=%%§ID%%", "https://§host/rum?cm_dsp_id=§n&external_user_id=<§ID>", "https://§host/§w?§u=$(id_§w)&cb=#{§w}", "https://§host/r?to=//§host/§u%3Fid%3D")))
    for _ in range(rng.randint(0, 3)):
        target = fill(rng, rng.choice(("https://§host/§u?redir=", "https://§host/sync?§u=§n&us_privacy=1---&r=", "//§host/getuid?", "https://§host/§u/§d?cb=§nn&url="))) + urllib.parse.quote(target, safe=rng.choice(("", "$", "/:", "${}[]")))
    return get(rng, where(rng) + rng.choice(("?", "?gdpr=0&gdpr_consent=&r=", "?us_privacy=1YNN&gpp=DBABLA~BVQqAAAACgA.QA&url=", "?" + fill(rng, "§u=§n&redirect="))) + target)


def replay(rng):
    """Recordings of sessions: node trees, mutations, cursor points, texts with their places."""
    nodes = [{"id": i, "type": rng.choice((2, 3)), "tagName": rng.choice(("div", "style", "script", "a", "img", "iframe", "noscript")), "attributes": {"class": fill(rng, "§w §w-§d"), rng.choice(("href", "src", "style", "rr_src", "data-x")): rng.choice((fill(rng, "§url"), "#", fill(rng, "javascript:;"), fill(rng, "width: §n¦px; background: url(\"§url\")")))}, "textContent": rng.choice(("", sentence(rng), "SCRIPT_PLACEHOLDER", pick(rng, shapes.SCRIPTS), fill(rng, ".§w{color:§rgb}@media print{.§w{display:none}}"))), "childNodes": []} for i in range(rng.randint(1, 9))]
    events = [{"type": rng.randrange(7), "timestamp": rng.randrange(10 ** 12, 2 * 10 ** 12), "data": rng.choice(({"source": 0, "adds": [{"parentId": 5, "nextId": None, "node": node} for node in nodes], "removes": [], "texts": [{"id": 3, "value": phrase(rng)}]}, {"source": 1, "positions": [{"x": rng.randrange(999), "y": rng.randrange(999), "id": 7, "timeOffset": -rng.randrange(500)} for _ in range(9)]}, {"href": fill(rng, "§url"), "width": 1920, "height": 969}, [rng.randrange(9999) for _ in range(20)]))} for _ in range(rng.randint(1, 4))]
    text = dump(rng, rng.choice((events, {"e": ["0.7.4", 1, events], "p": [json.dumps(events[0])]}, {"events": [json.dumps(event) for event in events], "t": fill(rng, "§tok")})))
    if rng.random() < 0.25:
        return post(rng, where(rng), "application/octet-stream", zlib.compress(text.encode()))
    return post(rng, where(rng), rng.choice(JSON_TYPES), text)


def lines_body(rng):
    """Records line by line: logfmt, line protocol, statsd, access logs, JSON lines, syslog."""
    forms = ("§w,host=§w-§d,region=§w value=§f,§c=\"§ph\" §ms000000", "§w.§w.§w:§n|c|@0.§d|#env:§w,§w:§w", "level=§w ts=§iso msg=\"§s\" err=\"§err: '§w' is null\" §c=§n", "§ip - - [§DD/§mon/§Y:§time +0000] \"GET §path?§c='§w' HTTP/1.1\" 200 §n \"§url\" \"§agent\"", "{\"create\":{\"_index\":\"§w-§Y\"}}", "{\"@timestamp\":\"§iso\",\"log.level\":\"§w\",\"message\":\"§s\"}", "<§dd>1 §iso §w-§d §w §n ID§n [§w@§n §c=\"§w\" §c=\"§n\"] §s", "§w_§w_total{method=\"GET\",path=\"/§w/:§c\",le=\"+Inf\"} §n", "# HELP §w_§w §s", "§ms\t§uuid\t§url\t§w\t\\N\t§n", "CEF:0|§Brand|§W|§ver|§n|§ph|§d|src=§ip dst=§ip msg=§s cs1Label=§W", "§w;§w|§w $§n (§w) [§w]: §c => '§w', §c => §n", "put §w.§w §ms §n host=§w", "§n,§n,§hex,\"§last, §first\",\"{\"\"§c\"\":\"\"§w\"\"}\"")
    chosen = rng.sample(forms, rng.choice((1, 1, 2)))
    text = rng.choice(("\n", "\n", "\r\n")).join(pick(rng, chosen) for _ in range(rng.randint(2, 25)))
    return post(rng, fill(rng, rng.choice(("/write?db=§w&precision=ns", "/_bulk", "/loki/api/v1/push", "/metrics/job/§w", "/v1/input/§tok", "/services/collector/raw", "/api/v2/logs?ddsource=§w&ddtags=env:§w,§w:§w", "/log/§w", "/import"))), rng.choice(("text/plain; charset=utf-8", "application/x-ndjson", "application/octet-stream", "text/plain", "text/csv")), text)


def typed_json(rng):
    """Protocol buffers written as JSON: arrays with nulls and numbers as names, and the calls that carry them."""
    def part(depth):
        if depth <= 0:
            return rng.choice((None, None, rng.randrange(10 ** 6), fill(rng, "§tok"), phrase(rng), fill(rng, "§url"), [], "", shapes.leaf(rng), str(rng.randrange(10 ** 15)), True, 1, {"1": 5, "2": fill(rng, "§w")}))
        if rng.random() < 0.2:
            return {str(rng.randrange(1, 400)): part(depth - 1) for _ in range(rng.randint(1, 5))}
        return [part(depth - rng.randint(1, 2)) for _ in range(rng.randint(1, 6))]
    text = dump(rng, [part(rng.randint(0, 2)) for _ in range(rng.randint(2, 7))])
    draw = rng.random()
    if draw < 0.35:
        call = json.dumps([[[fill(rng, "§tok")[:6], text, None, rng.choice(("generic", "1", str(rng.randrange(9))))] for _ in range(rng.randint(1, 3))]], separators=(",", ":"))
        return post(rng, fill(rng, "/_/§W§W¦Ui/data/§u¦execute?rpcids=§tok&source-path=%2F§w%2F§w&f.sid=-§nn&bl=boq_§w_§Y§n.0§d_p0&hl=en&_reqid=§n&rt=c"), FORM + ";charset=UTF-8", rng.choice(("f.req=", "f.req=", "req=", "rpc=")) + quote(call, rng) + fill(rng, "&at=§tok%3A§ms&"))
    if draw < 0.6:
        return post(rng, fill(rng, rng.choice(("/$rpc/§brand.§w.v1.§Id¦Service/§Id", "/log?format=json&hasfast=true&authuser=0", "/§w/_/rpc/§Id", "/§Id¦Service/§Id"))), "application/json+protobuf", text)
    if draw < 0.8:
        return post(rng, where(rng), FORM, form(rng, [(fill(rng, rng.choice(("f.req", "req", "p", "bgr", "q", "params"))), text), (fill(rng, "§u"), fill(rng, rng.choice(("§tok", "%.@.[§n,§n]", "!§tok", "%.@.null,null,\"§w\"")))), ("at", fill(rng, "§tok:§ms"))]))
    pb = "".join(f"!{rng.randrange(1, 30)}{kind}{value}" for kind, value in ((rng.choice("msidbfeuv"), rng.choice((number(rng), letters(rng, ALNUM, 1, 9), fill(rng, "0x§hex:0x§hex"), fill(rng, "§w*20§w"), f"-{rng.random() * 99:.7f}"))) for _ in range(rng.randint(5, 60))))
    return get(rng, fill(rng, rng.choice(("/maps/vt?pb=", "/maps/preview/§w?authuser=0&hl=en&pb=", "/s?tbm=map&q=§w+§w&pb=", "/data=", "/search?tbm=map&pb="))) + pb)


def binary(rng):
    """Bytes with texts among them: MessagePack, protocol buffers, CBOR, Thrift, length-prefixed frames, compressed."""
    texts = [shapes.leaf(rng)[:rng.choice((30, 200, 900))].encode("utf-8", "replace") for _ in range(rng.randint(2, 14))]
    kind = rng.randrange(6)
    if kind == 0:
        body = bytes((0x80 | min(15, len(texts)),)) + b"".join(bytes((0xa2,)) + letters(rng, LOWER, 2).encode() + (bytes((0xd9, len(t))) if len(t) < 256 else b"\xda" + len(t).to_bytes(2, "big")) + t for t in texts)
    elif kind == 1:
        body = b"".join(bytes((rng.randrange(1, 15) << 3 | 2,)) + (bytes((len(t),)) if len(t) < 128 else bytes((len(t) & 127 | 128, len(t) >> 7))) + t + bytes((rng.randrange(1, 15) << 3, rng.randrange(128))) for t in texts)
    elif kind == 2:
        body = b"".join(len(t).to_bytes(4, "big") + t + raw(rng, 1, 12) for t in texts)
    elif kind == 3:
        body = zlib.compress(b"\n".join(texts))
    elif kind == 4:
        body = b"\x82!\x01\x04" + b"".join(b"\x18" + bytes((len(t) & 127,)) + t + b"\x16" + raw(rng, 2, 6) for t in texts)
    else:
        body = raw(rng, 80, rng.choice((200, 1000, 4000)))
    return post(rng, where(rng), rng.choice(("application/octet-stream", "application/x-protobuf", "application/x-msgpack", "application/cbor", "text/plain;charset=UTF-8", "application/x-thrift", "application/grpc-web+proto", "application/json")), body)


MAKERS = ((flat_query, 14), (flat_form, 10), (tree_body, 12), (tree_in_form, 10), (packed_body, 8), (packed_query, 12), (timings, 6), (sensor, 8), (crash, 10), (network_report, 4), (player, 6), (experiment, 8), (cookies, 10), (advertisement, 10), (identity, 6), (replay, 5), (lines_body, 6), (typed_json, 9), (binary, 5))
