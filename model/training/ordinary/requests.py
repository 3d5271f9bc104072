"""Whole ordinary requests of forms that putting a value into a carrier cannot make.

Error and policy reports, beacons in batches, web hooks with diffs, pages saved
in a content management system, uploads of source and documents, GraphQL, SOAP,
WebDAV, model APIs, and queries of APIs that take a language of their own. The
result is the part of a record a client writes: method, target, headers, body.
"""

import json
import urllib.parse

from . import beacon, capture, database, document, firstparty, hard, languages, markup, office, program, shell, telemetry, thirdparty, vendor, visits, writing
from .message import browser as _browser, dump as _dump, multipart as _multipart, post as _post, quote as _quote
from .words import fill, letters, lines, phrase, pick, prose, raw, sentence


def _text(rng, *makers):
    return rng.choice(makers)(rng)


def _frames(rng):
    return [{"filename": fill(rng, "https://§host/§w.§hex.js"), "function": fill(rng, rng.choice(("§id", "<anonymous>", "Object.§id", "Array.map", "HTMLDocument.<anonymous>", "new §Id", "e.§az.§u", "?"))), "in_app": True, "lineno": rng.randrange(1, 900), "colno": rng.randrange(90000)} for _ in range(rng.randint(1, 12))]


def error_report(rng):
    """An exception of a page, as error collectors get it: JSON, or an envelope of lines."""
    event = {"exception": {"values": [{"type": fill(rng, "§err"), "value": program.script(rng).split("\n")[0][:200], "stacktrace": {"frames": _frames(rng)}, "mechanism": {"type": "onerror", "handled": False}}]},
             "event_id": letters(rng, "0123456789abcdef", 32), "platform": "javascript", "timestamp": rng.randrange(10 ** 9, 2 * 10 ** 9), "environment": "production", "release": fill(rng, "§w@§ver"),
             "request": {"url": fill(rng, "§url"), "headers": {"User-Agent": fill(rng, "§agent")}},
             "breadcrumbs": [{"category": rng.choice(("ui.click", "console", "fetch", "navigation")), "message": fill(rng, rng.choice(("div#§w > button.btn.btn-§w[type=\"submit\"]", "§s", "body > §w.§w > a[title=\"§ph\"]", "Warning: §s"))), "data": rng.choice(({"url": fill(rng, "§url"), "status_code": 200}, {"from": fill(rng, "§path"), "to": fill(rng, "§path?q=§w")}, {}))} for _ in range(rng.randint(0, 8))]}
    if rng.random() < 0.5:
        return _post(rng, fill(rng, "/api/§n/envelope/?sentry_key=§hex&sentry_version=7"), "text/plain;charset=UTF-8", "\n".join((_dump(rng, {"event_id": event["event_id"], "sent_at": fill(rng, "§iso"), "dsn": fill(rng, "https://§hex@§host/§n")}), '{"type":"event"}', _dump(rng, event))))
    return _post(rng, fill(rng, rng.choice(("/api/§n/store/?sentry_key=§hex&sentry_version=7", "/log/error", "/js-error", "/v1/errors"))), "application/json", _dump(rng, event))


SOURCES = ("'self'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:", "https:", "https://§host", "https://*.§brand.com", "http://*.§host", "wss://§host", "*.§host", "'nonce-§b'", "'sha256-§b'", "https://§host/§w/§w.js", "'strict-dynamic'", "'none'", "filesystem:", "§brand:")


def policy_report(rng):
    """A report of a violated content security policy."""
    directives = "default-src script-src style-src img-src connect-src frame-src font-src media-src worker-src frame-ancestors form-action base-uri".split()
    policy = "; ".join(f"{name} {' '.join(lines(rng, SOURCES, 1, rng.choice((4, 30))))}" for name in rng.sample(directives, rng.randint(2, 9))) + rng.choice(("", "; upgrade-insecure-requests", fill(rng, "; report-uri /§w?a=§w&ro=false")))
    directive = rng.choice(directives[1:7])
    report = {"document-uri": fill(rng, "§url"), "referrer": fill(rng, "https://§host/"), "violated-directive": directive, "effective-directive": directive + rng.choice(("", "-elem", "-attr")), "original-policy": policy, "disposition": rng.choice(("enforce", "report")), "blocked-uri": fill(rng, rng.choice(("§url", "inline", "eval", "data", "blob", "chrome-extension", "wss://§host/"))), "line-number": rng.randrange(999), "source-file": fill(rng, "§url"), "status-code": 200, "script-sample": rng.choice(("", program.script(rng)[:40]))}
    if rng.random() < 0.25:
        return _post(rng, "/reports", "application/reports+json", _dump(rng, [{"age": rng.randrange(99999), "type": "csp-violation", "url": report["document-uri"], "user_agent": fill(rng, "§agent"), "body": {"blockedURL": report["blocked-uri"], "originalPolicy": policy, "disposition": "enforce", "sample": report["script-sample"]}}]))
    return _post(rng, fill(rng, rng.choice(("/csp?a=§w-§w-v§d&ro=false", "/csp-report", "/svc/cspreports", "/_/§w/cspreport"))), "application/csp-report", _dump(rng, {"csp-report": report}))


def graphql(rng):
    text = document.graphql(rng)
    if text.startswith(('{"operationName', '{"extensions')):
        body = text
    else:
        body = _dump(rng, {"operationName": rng.choice((None, fill(rng, "§Id"))), "query": text, "variables": {fill(rng, "§c"): _text(rng, sentence, phrase, markup.html, beacon.link, languages.language) for _ in range(rng.randint(0, 3))}})
    if rng.random() < 0.15:
        body = "[" + ",".join([body] * 1 + [_dump(rng, {"operationName": fill(rng, "§Id"), "variables": {}, "query": document.operation(rng)})]) + "]"
    if rng.random() < 0.15:
        return {"method": "GET", "target": f"/graphql?query={_quote(document.operation(rng), rng)}&variables={_quote(_dump(rng, {'id': fill(rng, '§tok')}), rng)}", "headers": _browser(rng, fill(rng, "§host"))}
    return _post(rng, fill(rng, rng.choice(("/graphql", "/api/graphql", "/v1/graphql?op=§Id", "/gql", "/checkouts/unstable/graphql?operationName=§Id"))), "application/json", body)


def xml(rng):
    """SOAP, XML-RPC, WebDAV, feeds."""
    body = pick(rng, document.XML[:22])
    if rng.random() < 0.3:
        return _post(rng, fill(rng, "/remote.php/dav/§w/§w/"), "application/xml; charset=utf-8", body, rng.choice(("PROPFIND", "REPORT", "PUT")))
    headers = _browser(rng, fill(rng, "§host")) + ([["SOAPAction", fill(rng, "\"http://§host/§Id\"")]] if rng.random() < 0.5 else [])
    return _post(rng, fill(rng, rng.choice(("/ws/§Id¦Service", "/soap", "/xmlrpc", "/§w.asmx", "/api/import", "/RST2.srf"))), rng.choice(("text/xml; charset=utf-8", "application/soap+xml; charset=utf-8", "application/xml")), body, headers=headers)


def beacons(rng):
    """Batches of analytics events, as JSON, as text/plain JSON, or line by line."""
    draw = rng.random()
    if draw < 0.35:
        events = [{"event": fill(rng, "§w_§v"), "properties": {fill(rng, rng.choice(("$§w", "§c", "§w.§c", "distinct_id", "$current_url", "path.queryParams", "selector"))): rng.choice((fill(rng, "§url"), beacon.beacon(rng), fill(rng, "div.§w > §w:nth-child(§d)"), phrase(rng), rng.randrange(10 ** 9), None, fill(rng, "?§w=§tok&§w=true"))) for _ in range(rng.randint(2, 9))}, "timestamp": fill(rng, "§iso")} for _ in range(rng.randint(1, 8))]
        return _post(rng, rng.choice(("/batch/", "/collect", "/e/?ip=1&_=1", "/track", "/_events", "/v1/events", "/log")), rng.choice(("text/plain;charset=UTF-8", "application/json", "text/plain")), _dump(rng, events if rng.random() < 0.5 else {"items": events, "sent_at": fill(rng, "§iso")}))
    if draw < 0.55:
        body = rng.choice(("\r\n", "\n")).join(fill(rng, "en=§w_§v&_ee=1&ep.§c=") + _quote(_text(rng, phrase, languages.language, beacon.link, sentence), rng) + fill(rng, "&_et=§n") for _ in range(rng.randint(1, 9)))
        return _post(rng, fill(rng, "/g/collect?v=2&tid=G-§AZ§AZ§n&gtm=§tok&_p=§nn&cid=§nn.§nn&ul=en-us&sr=1920x1080&uafvl=Not%2FA)Brand%3B8.0.0.0%7CChromium%3B126.0.§n.§dd&dl=") + _quote(beacon.link(rng), rng) + "&dt=" + _quote(_text(rng, phrase, languages.language), rng), "text/plain;charset=UTF-8", body)
    if draw < 0.7:
        return _post(rng, fill(rng, "/rb_§hex?type=js3&sn=v_4_srv_§d_sn_§hex_perc_100000_ol_0_mul_1&svrid=§d&flavor=post&vi=§tok&rf=") + _quote(fill(rng, "§url"), rng), "text/plain;charset=UTF-8", beacon._actions(rng))
    if draw < 0.8:
        return _post(rng, fill(rng, "/§u§u/§u/§u§n/§tok/§u"), "text/plain;charset=UTF-8", _dump(rng, {"sensor_data": beacon._sensor(rng)}))
    if draw < 0.9:
        return _post(rng, fill(rng, "/b/ss/§w§w/10/JS-2.§dd.0/s§nn"), "application/x-www-form-urlencoded", beacon._omniture(rng))
    return _post(rng, "/cdn/rum?", "application/json", _dump(rng, {"lcp": {"value": rng.randrange(9999) / 10, "element": pick(rng, markup.SELECTORS), "url": fill(rng, "§url")}, "resources": [{"n": fill(rng, "§url"), "s": rng.randrange(9999) / 10, "i": rng.choice(("link", "script", "img", "xmlhttprequest")), "p": "h2"} for _ in range(rng.randint(1, 20))], "referrer": fill(rng, "§url")}))


def hook(rng):
    """A web hook of a code host, with a diff or a comment in it."""
    event = rng.choice(("push", "pull_request_review_comment", "issue_comment", "commit_comment", "release"))
    user = {"login": fill(rng, "§w§n"), "id": rng.randrange(10 ** 7), "html_url": fill(rng, "https://github.com/§w§n"), "events_url": fill(rng, "https://api.github.com/users/§w/events{/privacy}"), "gists_url": fill(rng, "https://api.github.com/users/§w/gists{/gist_id}"), "site_admin": False}
    body = _text(rng, program.code, markup.markdown, database.sql, shell.shell, program.script, languages.language)
    payload = {"action": "created", "repository": {"full_name": fill(rng, "§w/§w"), "description": sentence(rng), "archive_url": fill(rng, "https://api.github.com/repos/§w/§w/{archive_format}{/ref}"), "compare_url": fill(rng, "https://api.github.com/repos/§w/§w/compare/{base}...{head}")}, "sender": user}
    if event == "push":
        payload.update({"ref": fill(rng, "refs/heads/§w/§w"), "commits": [{"id": fill(rng, "§sha"), "message": rng.choice((sentence(rng), fill(rng, "fix(§w): §s\n\n§s"), body[:400])), "added": lines(rng, writing.PATHS[:20], 0, 3)} for _ in range(rng.randint(1, 4))]})
    else:
        payload["comment"] = {"id": rng.randrange(10 ** 9), "diff_hunk": program.diff(rng), "path": fill(rng, "src/§w/§file"), "body": body, "user": user}
    headers = [["Host", fill(rng, "§host")], ["User-Agent", "GitHub-Hookshot/" + letters(rng, "0123456789abcdef", 7)], ["Accept", "*/*"], ["X-GitHub-Event", event], ["X-GitHub-Delivery", fill(rng, "§uuid")]]
    if rng.random() < 0.25:
        return _post(rng, "/hooks/github", "application/x-www-form-urlencoded", "payload=" + urllib.parse.quote_plus(_dump(rng, payload)), headers=headers)
    return _post(rng, rng.choice(("/hooks/github", "/api/integrations/github/events", "/webhook", "/github-webhook/")), "application/json", _dump(rng, payload), headers=headers)


def page(rng):
    """A page, post, template or stylesheet saved in a content management system."""
    content = _text(rng, markup.page, markup.html, markup.html, markup.markdown, program.template, markup.css)
    fields = {"title": phrase(rng), "content": content, "status": rng.choice(("draft", "publish")), "id": fill(rng, "§n"), "slug": fill(rng, "§w-§w"), "excerpt": sentence(rng)}
    draw = rng.random()
    if draw < 0.4:
        return _post(rng, fill(rng, rng.choice(("/wp-json/wp/v2/posts/§n", "/api/pages/§n", "/admin/api/articles", "/ghost/api/admin/posts/?source=html"))), "application/json", _dump(rng, fields), rng.choice(("POST", "PUT")))
    if draw < 0.8:
        return _post(rng, fill(rng, rng.choice(("/wp-admin/post.php", "/admin/pages/edit/§n", "/node/§n/edit", "/cms/save"))), "application/x-www-form-urlencoded", urllib.parse.urlencode({**fields, "_wpnonce": fill(rng, "§hex"), "action": "editpost"}))
    return _multipart(rng, fill(rng, "/admin/content/§n"), [(name, None, None, value) for name, value in fields.items()])


def upload(rng):
    """A file of source, data, markup or bytes in a multipart form."""
    extension = rng.choice(("html", "svg", "md", "csv", "log", "json", "xml", "py", "js", "java", "c", "sql", "yml", "txt", "png", "pdf", "ipynb", "css", "eml", "diff"))
    makers = {"html": ("text/html", markup.page), "svg": ("image/svg+xml", lambda r: fill(r, document.XML[2])), "md": ("text/markdown", markup.markdown), "csv": ("text/csv", table), "log": ("text/plain", writing.log), "json": ("application/json", document.json_text), "xml": ("text/xml", document.xml),
              "py": ("text/x-python", lambda r: program.snippet(r, "py")), "js": ("text/javascript", lambda r: program.snippet(r, "js")), "java": ("text/x-java", lambda r: program.snippet(r, "java")), "c": ("text/x-c", lambda r: program.snippet(r, "c")), "sql": ("application/sql", dump), "yml": ("application/x-yaml", program.config), "txt": ("text/plain", languages.language),
              "png": ("image/png", lambda r: b"\x89PNG\r\n\x1a\n" + raw(r, 100, 3000)), "pdf": ("application/pdf", lambda r: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n" + raw(r, 100, 2000)), "ipynb": ("application/json", notebook), "css": ("text/css", markup.css), "eml": ("message/rfc822", writing.mail), "diff": ("text/x-diff", program.diff)}
    kind, maker = makers[extension]
    content = maker(rng)
    name = fill(rng, rng.choice(("§w", "§W §w (§d)", "§first's §w", "§w_§Y", "IMG_§n", "§base")))
    parts = [("file", f"{name}.{extension}", kind if rng.random() < 0.8 else "application/octet-stream", content)]
    if rng.random() < 0.6:
        parts.insert(rng.randrange(2), (rng.choice(("description", "comment", "folder", "title", "token")), None, None, _text(rng, sentence, phrase, languages.language)))
    return _multipart(rng, fill(rng, rng.choice(("/upload", "/api/files?folder=§n", "/attachments", "/api/v1/import", "/wp-admin/async-upload.php"))), parts)


def table(rng):
    """A table with commas or semicolons."""
    mark = rng.choice((",", ";", "\t"))
    rows = [mark.join(fill(rng, "§c") for _ in range(5))]
    rows += [mark.join(fill(rng, rng.choice(("§n", "\"§last, §first\"", "§f", "§date", "\"§s\"", "=SUM(A§d:A§dd)", "", "§price", "-§n", "O'§last"))) for _ in range(5)) for _ in range(rng.randint(1, 20))]
    return "\r\n".join(rows)


def dump(rng):
    """A migration or backup, as a file."""
    return "-- " + sentence(rng) + "\n" + "\n".join(text + ";" for text in lines(rng, database.STATEMENTS, 2, 9))


def notebook(rng):
    return json.dumps({"cells": [{"cell_type": "code", "source": program.snippet(rng, "py").splitlines(True), "outputs": []}, {"cell_type": "markdown", "source": [markup.markdown(rng)]}], "nbformat": 4})


def search(rng):
    """A query of an API that takes a language of its own, literally."""
    text = pick(rng, database.QUERIES)
    if text.startswith("$") or "&$" in text:
        pairs = "&".join(f"{name}={_quote(value, rng)}" for name, _, value in (pair.partition("=") for pair in text.split("&")))
        return {"method": "GET", "target": fill(rng, "/odata/v4/§Id?") + pairs, "headers": _browser(rng, fill(rng, "§host"))}
    target, name = rng.choice((("/drive/v2internal/files", "q"), ("/v1/public/yql", "q"), ("/services/data/v58.0/query", "q"), ("/rest/api/2/search", "jql"), ("/fql", "q"), ("/solr/§w/select", "q"), ("/api/v1/query_range", "query"), ("/sparql", "query"), ("/api/search", "query"), ("/api/datasources/proxy/§d/query", "q"), ("/_api/search/query", "querytext"), ("/v1/events", "filter")))
    extra = fill(rng, rng.choice(("", "&format=json&callback=_§u", "&fields=kind,items(kind,id,§c,§w(id)),nextPageToken&maxResults=§dd", "&start=§n&end=§n&step=§d", "&diagnostics=true&env=store%3A%2F%2F§brand.org%2F§w")))
    if rng.random() < 0.2:
        return _post(rng, fill(rng, target), "application/x-www-form-urlencoded", f"{name}={_quote(text, rng)}{extra}")
    if rng.random() < 0.15:
        return _post(rng, fill(rng, "/§w/_search"), "application/json", _dump(rng, {name: text, "from": fill(rng, "now-§d¦h"), "to": "now", "sort": "timestamp"}))
    return {"method": "GET", "target": fill(rng, target) + f"?{name}={_quote(text, rng)}{extra}", "headers": _browser(rng, fill(rng, "§host"))}


def advert(rng):
    """A URL of an ad server or tracker: parameters in the path, separators of every kind, empty values, nested URLs."""
    draw = rng.random()
    headers = _browser(rng, fill(rng, "§host"))
    if draw < 0.3:
        tail = ";".join(lines(rng, ("src=§nn", "type=§u", "cat=§u", "ord=§nn", "gtm=§tok", "u1=§path", "dc_lat=", "tag_for_child_directed_treatment=", "npa=1", "~oref=§url", "ps=1", "u4=[§macro]", "auiddc=§nn.§nn", "pcor=§nn"), 3, 10))
        return {"method": "GET", "target": "/activity;" + urllib.parse.quote(tail, safe=";=~?:/&[]()"), "headers": headers}
    if draw < 0.5:
        return {"method": "GET", "target": fill(rng, rng.choice(("/segment/§d/read/§az;;pixel/?s=§n&d=§host&r=§w/", "/container/§n;§n;§n;iframe/?ft_referrer=§url", "/getuid?https://§host/§w.php?id=$UID&§w=§n", "/setuid?entity=§n&code=§tok", "/sync?gdpr=0&gdpr_consent=&us_privacy=1YNN&gpp=DBABLA~BVQqAAAACgA.QA&gpp_sid=7", "/fc/api/?onload=load§W", "/§w/envelope?pid=§n", "/recaptcha/api.js?onload=on§WReady&render=explicit", "/gr?ev_gb=0&url=https://§host/§w.html%23google=__§wU__%26time=__§wU__", "/__utm.gif?utmwv=5.7.2&utmhid=§nn&utmcc=__utma%3D§nn.§nn%3B%2B__utmz%3D§nn.utmcsr%3D(direct)%7Cutmccn%3D(direct)%7Cutmcmd%3D(none)%3B", "/§w.gif?partner_uid=§uuid", "/_/bscframe?q=(§w)(§w)", "/on/§w/-/Sites-§w/default/dw§hex/§w%20and%20§w/§w.jpg?sw=§n", "/api/v2/blog/§w/posts?fields%5Bblogs%5D=name,avatar,%3Fis_§w,%3F§w,can_§v,theme,%3Fadmin&npf=true"))).replace("#", "%23"), "headers": headers}
    names = "dl dr dt ref url u ts cb gdpr_consent label kv tgt systgt ur ev_ bh qn data c id k p pu".split()
    pairs = "&".join(f"{rng.choice(names)}{rng.choice(('', '', str(rng.randrange(9))))}={_quote(_text(rng, beacon.beacon, beacon.link, beacon.token, phrase, languages.language, lambda r: ''), rng)[:3000]}" for _ in range(rng.randint(2, 9)))
    return {"method": "GET", "target": fill(rng, rng.choice(("/collect?v=1&_v=j§dd&a=§nn&t=event&", "/pixel.gif?e=§n&q=§d&", "/h/aip?uii=§nn&", "/j?dtstmp=§ms&aid=a-§tok&", "/stat-track-log-visit.js.php?", "/pagead/viewthroughconversion/§nn/?random=§ms&cv=9&fst=§ms&num=1&bg=ffffff&guid=ON&u_h=1080&u_w=1920&u_java=false&data=event%3D§w_§v&", "/tr/?id=§nn&ev=§W&", "/api/stats/qoe?fmt=§n&cpn=§tok&fexp=v1%2C§n%2C§n%2C§n%2C§n%2C2%2C§n&event=streamingstats&vps=0.000:N,0.§n:B,1.§n:PL&"))) + pairs, "headers": headers}


def model_call(rng):
    """A conversation with a language model about code, commands or text."""
    makers = (program.code, shell.shell, database.sql, writing.math, languages.language, markup.markdown, writing.log, lambda r: prose(r, 1, 4))
    messages = [{"role": rng.choice(("user", "assistant")), "content": rng.choice((_text(rng, *makers), [{"type": "text", "text": _text(rng, *makers)}]))} for _ in range(rng.randint(1, 5))]
    if rng.random() < 0.4:
        messages.append({"role": "assistant", "content": None, "tool_calls": [{"id": fill(rng, "call_§tok"), "type": "function", "function": {"name": fill(rng, "§fn"), "arguments": json.dumps({rng.choice(("command", "code", "query", "path")): _text(rng, program.snippet, lambda r: fill(r, r.choice(shell.COMMANDS)), lambda r: pick(r, writing.PATHS))})}}]})
    return _post(rng, rng.choice(("/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/generate")), "application/json", _dump(rng, {"model": fill(rng, "§brand-§d"), "max_tokens": 4096, "messages": messages}))


def batch(rng):
    """Calls of an interface in a multipart/mixed body, or arrays of arrays in a form."""
    if rng.random() < 0.5:
        mark = "=====" + letters(rng, "abcdefghijklmnopqrstuvwxyz0123456789", 12) + "====="
        calls = "".join(f"--{mark}\r\ncontent-type: application/http\r\ncontent-transfer-encoding: binary\r\n\r\n{fill(rng, 'GET /drive/v2internal/files/§tok?fields=§c,§c(id)&key=§tok HTTP/1.1')}\r\nX-Client: {fill(rng, '§w§n')}\r\n\r\n" for _ in range(rng.randint(1, 4)))
        return _post(rng, fill(rng, "/batch/§w/v2internal?%24ct=multipart%2Fmixed%3B%20boundary%3D%22§tok%22"), f'multipart/mixed; boundary="{mark}"', calls + f"--{mark}--")
    inner = json.dumps([fill(rng, "§w"), rng.randrange(999), None, [phrase(rng), languages.language(rng)], sentence(rng)], ensure_ascii=False)
    return _post(rng, fill(rng, "/_/§W§W/data/batchexecute?rpcids=§tok&f.sid=-§nn&bl=boq_§w_20§dd&_reqid=§n&rt=c"), "application/x-www-form-urlencoded;charset=UTF-8", "f.req=" + urllib.parse.quote(json.dumps([[[fill(rng, "§tok"), inner, None, "generic"]]], ensure_ascii=False), safe="") + "&at=" + urllib.parse.quote(fill(rng, "§tok:§ms")) + "&")


def bid(rng):
    """A bid request of an advertising exchange: sizes, consent, identifiers, the page's URL; as a body or in a query."""
    sizes = [{"w": width, "h": height} for width, height in rng.sample(((300, 250), (728, 90), (160, 600), (320, 50), (970, 250), (1, 1)), rng.randint(1, 4))]
    call = {"id": fill(rng, "§hex"), "imp": [{"id": fill(rng, "§u§n"), "banner": {"format": sizes, "topframe": 1}, "ext": {"gpid": fill(rng, "/§nn/§w/§w#§w_leaderboard"), "dfp_ad_unit_code": fill(rng, "/§nn,§nn/§Brand/§w")}} for _ in range(rng.randint(1, 3))],
            "site": {"page": fill(rng, "§url"), "ref": fill(rng, "https://§host/"), "publisher": {"id": fill(rng, "§n")}}, "device": {"ua": fill(rng, "§agent"), "sua": {"browsers": [{"brand": "Not/A)Brand", "version": ["8", "0", "0", "0"]}]}},
            "regs": {"ext": {"gdpr": rng.randrange(2), "us_privacy": "1YNN"}}, "user": {"ext": {"consent": beacon.token(rng)[:700], "eids": [{"source": fill(rng, "§host"), "uids": [{"id": fill(rng, "§tok*§b"), "atype": 1}]}]}}, "tmax": 1500, "cur": ["USD"]}
    kept = {name: call[name] for name in call if rng.random() < 0.8}
    if rng.random() < 0.3:
        return {"method": "GET", "target": fill(rng, "/§u?s=§n&v=7.2&ac=j&sd=1&r=") + _quote(_dump(rng, kept), rng), "headers": _browser(rng, fill(rng, "§host"))}
    return _post(rng, rng.choice(("/openrtb2/auction", "/ut/v3/prebid", "/hb-api/prebid/v1", "/bid?rt=1", "/cdb?ptv=107", "/g/v2/102.json")), rng.choice(("text/plain", "application/json")), _dump(rng, kept))


def raw_body(rng):
    """Bytes: compressed or encrypted beacons, protocol buffers, records of pages with markup among the bytes."""
    draw = rng.random()
    if draw < 0.35:
        body = raw(rng, 60, rng.choice((200, 900, 3000)))
        body = rng.choice((b"\x1f\x8b\x08\0\0\0\0\0\0\n", b"", b"\n\0 \0\1\0\1\0\2", b"\x78\x9c")) + body
    else:
        body = b""
        for field in range(1, rng.randint(4, 14)):
            text = _text(rng, phrase, beacon.link, markup.html, languages.language, lambda r: fill(r, "§uuid"), lambda r: "<!DOCTYPE html>", lambda r: pick(r, markup.SELECTORS)).encode()[:400]
            body += bytes((field << 3 | 2,)) + (bytes((len(text),)) if len(text) < 128 else bytes((len(text) & 127 | 128, len(text) >> 7))) + text + bytes((field << 3, rng.randrange(128)))
    return _post(rng, fill(rng, rng.choice(("/collect", "/", "/v1/traces", "/§w.§W¦Service/§Id", "/webvisor/§nn?wmode=0&wv-part=§d&wv-hit=§nn&rn=§nn&browser-info=bt:1:gdpr:14:et:§nn:w:§n¦x§n:v:§n&t=gdpr(14)ti(2)", "/ev/§tok", "/api/v2/spans"))), rng.choice(("application/octet-stream", "application/x-protobuf", "application/grpc-web+proto", "message/ohttp-req", "text/plain;charset=UTF-8", "application/x-gzip")), body)


ASSETS = ("/static/web/§hex.js", "/static/settings/assets/chunks/chunk-§hex.js", "/wp-content/uploads/§Y/0§d/§n-pcs-§w-§w-§n¦x§n.jpg", "/cdn/shop/files/Bildschirmfoto_§Y-0§d-§DD_um_18.§dd.§dd.png?v=§nn&width=§n", "/cdn/shop/t/§n/assets/§W§W_§w.otf?v=§nn§nn", "/_next/static/chunks/pages/%5B...§w%5D-§hex.js", "/_next/image?url=%2F§w%2F§w.png&w=§n&q=75", "/§w/%7B%7B§w%7D%7D.png", "/on/demandware.static/-/Sites-§w-catalog/default/dw§hex/categories/§w%20and%20§w/§w.jpg?sw=§n&sfrm=jpg", "/etc.clientlibs/§brand/clientlibs/§w.min.§hex.css", "/content/dam/§w/§w.coredownload.inline.pdf", "/etc/designs/§brand/§w.css", "/apps/api/playback?path=/etc/§w-asset/§w/videos/§d/§dd/§n",
          "/bin/§w.json?§w=§n", "/bundles/§w?v=§tok", "/ScriptResource.axd?d=§tok&t=§hex", "/§w.min.js;jsessionid=§hex", "/fonts/§W-temporary-fix/§W-Regular.woff2", "/media/catalog/product/cache/§hex/§az/§az/§w_§d.jpg", "/pub/static/version§nn/frontend/§Brand/§w/he_IL/Magento_Ui/js/lib/core/§w.min.js", "/combo?§w/§w-min.js&§w/§w-min.js", "/load-scripts.php?c=1&load%5Bchunk_0%5D=jquery-core,jquery-migrate,utils&ver=§ver", "/images/§w(§d).jpg", "/images/§w'§az.jpg", "/§w@2x.png", "/~§w/§w.html", "/§w/$§w/§w", "/api/v1/§t/'§tok'/§w", "/§W(§n)/§W('§w')", "/_vti_bin/§w.svc/§W", "/cgi-bin/§w.pl", "/favicon.ico?v=§n", "/.well-known/§w", "/§w,§w;§w=§n/§w", "/maps/vt?pb=!1m5!1m4!1i§dd!2i§n!3i§n!4i256!2m3!1e0!2sm!3i§nn!3m§d!2sen!3s§az!5e§n", "/tiles/§d/§n/§n.pbf?access_token=pk.§tok")


def asset(rng):
    """A file of a page: hashes, spaces, brackets, words of shells and file systems in its path."""
    target = pick(rng, ASSETS)
    return {"method": "GET", "target": target + (fill(rng, rng.choice(("?v=§n", "?ver=§ver", "?§hex", "?cb=§ms"))) if "?" not in target and rng.random() < 0.4 else ""), "headers": _browser(rng, fill(rng, "§host"))}


MAKERS = ((error_report, 10), (policy_report, 10), (graphql, 10), (xml, 8), (beacons, 16), (hook, 8), (page, 12), (upload, 12), (search, 14), (advert, 18), (model_call, 6), (batch, 4), (bid, 8), (raw_body, 6), (asset, 8)) + telemetry.MAKERS + vendor.MAKERS + office.MAKERS + capture.MAKERS
_NEWER = thirdparty.MAKERS + firstparty.MAKERS + visits.MAKERS
# The newer kinds get half of the draws, evenly.
MAKERS += tuple((maker, sum(weight for _, weight in MAKERS) / len(_NEWER)) for maker in _NEWER)


def request(rng):
    """One whole request."""
    return rng.choices([maker for maker, _ in MAKERS], [weight for _, weight in MAKERS])[0](rng)
