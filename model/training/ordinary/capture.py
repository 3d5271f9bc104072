"""Whole requests that carry other things whole: pages as a recorder saw them, a client's description of itself, requests in a body, what runs on a machine.

These are long, and full of what is dangerous elsewhere: markup with handlers and
javascript: links, header lines behind line breaks, file paths and command lines.
"""

import base64
import gzip
import json
import zlib

from . import languages, markup, shapes
from .hosts import addresses
from .message import browser, dump, post
from .words import ALNUM, B64, HEX, fill, letters, phrase, pick, sentence

TAGS = "div div div span span a a li ul img img section p h2 input button svg path use symbol style script link meta noscript iframe form label table tr td picture source video".split()
ATTRIBUTES = (("class", "§w §w-§d §w__§w--§w"), ("class", "css-§tok"), ("id", "§w-§n"), ("href", "§url"), ("href", "#§w"), ("href", "javascript:void(0)"), ("href", "javascript:;"), ("href", "tel:+§nn"), ("href", "mailto:§mail"), ("style", "width: §n¦px; transform: translate3d(0px, -§n¦px, 0px)"), ("style", "background-image: url(\"§url\"); opacity: 0"), ("style", "--§w: §rgb; display: none !important;"), ("src", "§url"), ("src", "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"), ("srcset", "§url 180w, §url 360w, §url 2x"), ("d", "M§d.§d §d.§d¦L§n §n¦Z"), ("data-§w", "{\"§w\":\"§w\",\"§w\":§n}"), ("data-target", "#§w_modal"), ("aria-label", "§ph"), ("viewBox", "0 0 §n §n"), ("method", "post"), ("action", "/§w/§w"), ("type", "hidden"), ("value", "§tok"), ("name", "§w[§w]"), ("content", "width=device-width, initial-scale=1"), ("xlink:href", "#§w-§w"), ("sizes", "(min-width: §n¦px) 50vw, 100vw"), ("rel", "preconnect"), ("@click", "§v(§w)"), ("v-if", "§w && !§w"), ("ng-repeat", "§w in §t | filter:§w"), (":class", "{ '§w': is§W }"), ("x-data", "{ open: false }"))
SUFFIXES = (",gzip(gfe)", ",gzip(gfe),gzip(gfe)", " (via ggpht.com GoogleImageProxy)", " [FBAN/FBIOS;FBAV/§dd.0.0.§d;FBBV/§n;FBDV/iPhone§dd,§d;FBSN/iOS;FBLC/de_DE]", " Instagram §n.0.0 (iPhone§dd,1; iOS 17_§d; en_US; scale=3.00; 1179x2556)", " NAVER(inapp; search; §n; §d.§d)", "; wv)", " (compatible; Probe/1.0; +https://§host/bot)", " Line/§d.§d.0/IAB", ";FBNV/500", " Cronet/§dd.0.§n.§d", " MicroMessenger/8.0.§d(0x1800§hex) NetType/WIFI Language/zh_CN", " GSA/§n.0", " (KHTML, like Gecko)", " [ip:§ip]", " trill_§n BytedanceWebview/§hex", " Edg/§dd.0.§n.§d", ", Content-Type: json")


def attributes(rng, low=0, high=6):
    return {fill(rng, name): fill(rng, value) for name, value in (rng.choice(ATTRIBUTES) for _ in range(rng.randint(low, high)))}


def inner(rng):
    """What a node holds: text, masked text, or the source of a script or sheet."""
    draw = rng.random()
    if draw < 0.3:
        return sentence(rng)
    if draw < 0.5:  # recorders mask what was typed
        return "".join(rng.choice("xxxxxxXX99@@ ") for _ in range(rng.randint(4, 90)))
    if draw < 0.65:
        return pick(rng, shapes.SCRIPTS)
    if draw < 0.8:
        return fill(rng, "@font-face{font-family:\"§W\";src:url(data:font/woff2;base64,") + letters(rng, B64, 60, 900) + ") format(\"woff2\")}" + fill(rng, ".§w{color:§rgb}.§w:not(.§w)::after{content:\"\\201C\"}@media (max-width:§n¦px){.§w>.§w{display:none}}")
    return languages.language(rng)


def element(rng):
    """One element as markup."""
    tag = rng.choice(TAGS)
    return f"<{tag}" + "".join(f' {name}="{value}"' for name, value in attributes(rng).items()) + ">" + (inner(rng) if rng.random() < 0.5 else "") + (f"</{tag}>" if rng.random() < 0.85 else "")


def tree(rng, depth):
    """A recorder's tree of nodes."""
    node = {"type": 2, "tagName": rng.choice(TAGS), "attributes": attributes(rng), "id": rng.randrange(9999)}
    node["childNodes"] = [tree(rng, depth - 1) if depth and rng.random() < 0.6 else {"type": 3, "textContent": inner(rng), "id": rng.randrange(9999)} for _ in range(rng.randint(0, 4))]
    return node


def flat(rng):
    """Nodes as a flat list: time, kind, then number, parent, before, tag and attributes of each."""
    out = [rng.randrange(9999), rng.choice((4, 5, 8, 13))]
    for number in range(rng.randint(5, 60)):
        out += [number, rng.randrange(number + 1), rng.choice((0, number)), rng.choice(TAGS).upper()]
        out += [f"{name}={value}" for name, value in attributes(rng).items()]
        if rng.random() < 0.4:
            out.append(inner(rng))
    return out


def packed(rng, request_target, node):
    """The recorder's body: JSON, often compressed, with or without saying so."""
    text = dump(rng, node).encode("utf-8", "replace")
    draw = rng.random()
    headers = browser(rng, fill(rng, "§host"))
    if draw < 0.25:
        return post(rng, request_target, "application/octet-stream", gzip.compress(text, 6, mtime=0), headers=headers)
    if draw < 0.4:
        return post(rng, request_target, rng.choice(("application/json", "text/plain")), gzip.compress(text, 6, mtime=0), headers=headers + [["Content-Encoding", "gzip"]])
    if draw < 0.5:
        return post(rng, request_target, "application/octet-stream", zlib.compress(text), headers=headers)
    return post(rng, request_target, rng.choice(("application/json", "text/plain;charset=UTF-8", "application/x-clarity-gzip")), text, headers=headers)


def page(rng):
    """A page as it stood: its markup as text, a tree, or a flat list of nodes."""
    target = fill(rng, rng.choice(("/collect", "/§w/target", "/v§d/rec/bundle", "/s/§tok/§n", "/api/§n/envelope/", "/intake/v2/replay", "/§w/§wtarget", "/rec/page?ProjectId=§tok", "/r/§n/snapshot")))
    draw = rng.random()
    if draw < 0.35:
        markups = "".join(element(rng) for _ in range(rng.randint(4, 40)))
        node = {"serialNumber": rng.randrange(9), "messages": [{"type": 12, "offset": rng.randrange(99999), "domCapture": {"dcid": fill(rng, "dcid-§d.§nn"), "fullDOM": True, "root": "<!DOCTYPE html><html lang=\"en\">" + markups, "charset": "UTF-8", "host": fill(rng, "https://§host"), "url": fill(rng, "§path")}}], "log": {"requestHeaders": [{"name": "X-Requested-With", "value": "fetch"}]}}
    elif draw < 0.65:
        node = rng.choice((lambda: {"events": [{"type": 2, "timestamp": rng.randrange(10 ** 12, 2 * 10 ** 12), "data": {"node": tree(rng, 4), "initialOffset": {"left": 0, "top": 0}}}]}, lambda: [tree(rng, 3), {"w": 1440, "h": 900}], lambda: {"Kind": 1, "Snapshot": element(rng) + element(rng), "Hrefs": [fill(rng, "§url") for _ in range(5)]}))()
    else:
        node = {"e": ["0.7.§d".replace("§d", str(rng.randrange(60))), rng.randrange(9), rng.randrange(99999), fill(rng, "§tok"), 1], "a": [flat(rng)], "p": [flat(rng) for _ in range(rng.randint(0, 2))]}
    return packed(rng, target, node)


def context(rng):
    """A call whose body says what the client is, agent and all."""
    agent = fill(rng, "§agent") + fill(rng, rng.choice(SUFFIXES))
    visitor = "Cgt" + letters(rng, ALNUM, 14, 30) + rng.choice(("%3D%3D", "==", ""))
    client = {"hl": "en", "gl": rng.choice(("US", "DE", "IL")), "remoteHost": fill(rng, "§ip"), "deviceMake": "", "deviceModel": "", "visitorData": visitor, "userAgent": agent, "clientName": rng.choice(("WEB", "MWEB", "ANDROID")), "clientVersion": fill(rng, "2.§n.0§d.00"), "osName": "Windows", "osVersion": "10.0", "originalUrl": fill(rng, "https://§host/watch?v=§tok&list=§tok&pp=§tok%3D"), "platform": "DESKTOP", "configInfo": {"appInstallData": letters(rng, B64, 60, 400) + "%3D"}, "screenDensityFloat": 1.5, "timeZone": "Europe/Berlin", "browserName": "Chrome", "mainAppWebInfo": {"graftUrl": fill(rng, "§url"), "isWebNativeShareAvailable": True}}
    kept = list(client.items())
    rng.shuffle(kept)
    node = {rng.choice(("context", "ctx", "client", "device")): {"client": dict(kept[:rng.randint(5, len(kept))]), "user": {"lockedSafetyMode": False}, "request": {"useSsl": True, "internalExperimentFlags": [], "consistencyTokenJars": []}, "clickTracking": {"clickTrackingParams": letters(rng, B64, 20, 60) + "="}, "adSignalsInfo": {"params": [{"key": key, "value": value} for key, value in (("dt", fill(rng, "§ms")), ("u_tz", "-120"), ("bid", letters(rng, ALNUM + "-_", 80, 160)), ("wgl", "true"), ("bc", "31"))]}}}
    node.update({fill(rng, "§w"): shapes.tree(rng, 2) for _ in range(rng.randint(0, 3))})
    target = fill(rng, rng.choice(("/youtubei/v1/§w/§w?prettyPrint=false", "/api/v§d/§w", "/§w/v1/§w?key=§tok", "/graphql", "/gateway/§w.§v")))
    return post(rng, target, "application/json", dump(rng, node))


HEADERS = ("X-JavaScript-User-Agent: §w-api-javascript-client/1.1.0", "X-Requested-With: XMLHttpRequest", "X-Encode-Response-If-Executable: base64", "X-Goog-AuthUser: §d", "Authorization: Bearer §tok", "Authorization: SAPISIDHASH §n_§hex SAPISID1PHASH §n_§hex", "Content-Type: application/json", "Accept: application/json, text/plain, */*", "Accept-Language: de,en;q=0.9", "If-Match: \"§hex\"", "If-None-Match: W/\"§hex\"", "X-ClientDetails: appVersion=5.0%20(Windows%20NT%2010.0%3B%20Win64%3B%20x64)&platform=Win32&userAgent=§w", "Cookie: §c=§tok; §c=§tok", "Content-Location: §url", "User-Agent: §agent", "Host: §host", "Content-Length: §n", "Date: Tue, 14 Oct 2025 11:52:14 GMT", "Cache-Control: no-cache", "x-ms-version: 20§dd-0§d-0§d", "OData-Version: 4.0", "Prefer: return=representation", "Origin: https://§host", "Referer: §url", "ETag: \"§hex\"", "Vary: Origin", "X-Forwarded-For: §ip", "Subject: §ph", "From: §mail", "Message-ID: <§hex@§host>", "MIME-Version: 1.0")


def header_lines(rng, low=1, high=9, end="\r\n"):
    return end.join(fill(rng, rng.choice(HEADERS)) for _ in range(rng.randint(low, high)))


def requests(rng):
    """Requests in a body, head and all: batches, archives of traffic, tickets that quote a response, sources of a mail."""
    call = lambda: fill(rng, rng.choice(("GET /drive/v2internal/files/§tok?fields=§c,§c(id)&key=§tok HTTP/1.1", "POST /§t?alt=json HTTP/1.1", "PATCH /§t(§n)?$select=§c HTTP/1.1", "GET /api/v1/§t/§n HTTP/1.1", "DELETE /§t/§n HTTP/1.1")))
    whole = lambda end="\r\n": call() + end + header_lines(rng, end=end) + end + end + rng.choice(("", dump(rng, shapes.tree(rng, 1))))
    draw = rng.random()
    if draw < 0.5:
        mark = rng.choice((lambda: "=====" + letters(rng, "abcdefghijklmnopqrstuvwxyz0123456789", 12) + "=====", lambda: "batch" + letters(rng, "0123456789", 18), lambda: "batch_" + letters(rng, HEX, 8), lambda: "changeset_" + letters(rng, HEX, 16)))()
        quoted = f'"{mark}"' if "=" in mark else mark
        head = lambda: rng.choice(("content-type: application/http\r\ncontent-transfer-encoding: binary", f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{letters(rng, HEX, 8)}+{rng.randrange(99)}>", "Content-Type: application/http"))
        text = "".join(f"--{mark}\r\n{head()}\r\n\r\n{whole()}\r\n" for _ in range(rng.randint(1, 6))) + f"--{mark}--" + rng.choice(("", "\r\n"))
        target = fill(rng, rng.choice(("/batch/§w/v2internal?%24ct=multipart%2Fmixed%3B%20boundary%3D%22§tok%22&key=§tok", "/batch/§w/v3", "/$batch", "/§w/batch", "/v1/§t:batch")))
        return post(rng, target, rng.choice((f"multipart/mixed; boundary={quoted}", "text/plain; charset=UTF-8")) if "ct=" in target else f"multipart/mixed; boundary={quoted}", text)
    if draw < 0.75:
        entry = lambda: {"startedDateTime": "2025-01-05T10:00:00.000Z", "time": rng.randrange(999), "request": {"method": "GET", "url": fill(rng, "§url"), "headers": [dict(zip(("name", "value"), fill(rng, rng.choice(HEADERS)).split(": ", 1))) for _ in range(rng.randint(1, 6))]}, "response": {"status": 200, "content": {"mimeType": "text/html", "text": element(rng)}}}
        return post(rng, fill(rng, rng.choice(("/api/har", "/§w/upload", "/v1/traffic", "/support/§t/§n/attachments"))), "application/json", dump(rng, {"log": {"version": "1.2", "entries": [entry() for _ in range(rng.randint(1, 4))]}}))
    end = rng.choice(("\r\n", "\n"))
    text = sentence(rng) + end + end + rng.choice((whole(end), "HTTP/1.1 " + rng.choice(("200 OK", "302 Found", "403 Forbidden", "502 Bad Gateway")) + end + header_lines(rng, end=end), header_lines(rng, 3, 12, end))) + end + end + sentence(rng)
    return post(rng, fill(rng, "/api/§t/§n/comments"), "application/json", dump(rng, {"body": text, "internal": False, "author": fill(rng, "§mail")}))


PROGRAMS = ("C:\\Windows\\System32\\§w.exe", "C:\\Program Files\\§W\\§W\\§w.exe", "C:\\Program Files (x86)\\§W\\Application\\§w.exe", "C:\\Users\\§w\\AppData\\Local\\§W\\app-§d.§d\\§W.exe", "\\Device\\HarddiskVolume3\\Windows\\§w.dll", "/usr/lib/§w/§w", "/Applications/§W.app/Contents/MacOS/§W", "/usr/bin/§w", "%ProgramFiles%\\§W\\§w.dll", "/system/app/§W/§W.apk", "\\\\?\\C:\\ProgramData\\§W\\§w.log")
ARGUMENTS = ("--type=renderer --lang=de --enable-features=§W,§W", "/c §w", "-k netsvcs -p -s §W", "-jar §w-§d.§d.jar --server.port=§n", "/background", "--config /etc/§w/§w.conf", "-Embedding", "--crashpad-handler --database=§w --url=§url", "")


def machine(rng):
    """What runs on a machine: processes, paths, versions, as system telemetry and device management send it."""
    process = lambda: {"path": fill(rng, rng.choice(PROGRAMS)), "commandLine": "\"" + fill(rng, rng.choice(PROGRAMS)) + "\" " + fill(rng, rng.choice(ARGUMENTS)), "id": rng.randrange(9999), "creationTime": fill(rng, "§nn"), "sha256": letters(rng, HEX, 64), "signer": fill(rng, "CN=§W §W, O=§W Corporation, L=§W, S=§W, C=US")}
    kept = {"$type": rng.choice(("win32", "linux", "osx")), **process()}
    node = {"config": {"device": {"appControl": {"level": "anywhere"}, "appReputation": {"enforcedByPolicy": False, "level": "warn"}}}, "identity": {"caller": {"process": kept, "locales": ["en-US"]}, "user": {"locale": "de-DE"}}, "client": {"version": fill(rng, "10.0.§n.§n"), "data": {"offline": None, "settings": letters(rng, HEX, 16, 64)}}, "processes": [process() for _ in range(rng.randint(0, 4))], "environment": {fill(rng, rng.choice(("PATH", "TEMP", "HOME", "SHELL", "ComSpec", "PSModulePath"))): fill(rng, rng.choice(("%SystemRoot%\\system32;%SystemRoot%", "/usr/local/bin:/usr/bin:/bin", "/bin/bash", "C:\\WINDOWS\\system32\\cmd.exe", "C:\\Users\\§w\\AppData\\Local\\Temp")))}}
    keys = list(node)
    rng.shuffle(keys)
    return post(rng, fill(rng, rng.choice(("/windows/shell/actions", "/OneCollector/1.0/", "/api/v§d/inventory", "/agents/§n/checkin", "/telemetry/v2", "/ingest/§w", "/mdm/checkin"))), "application/json", dump(rng, {key: node[key] for key in keys[:rng.randint(2, len(keys))]}))


def lists(rng):
    """Long lists of hosts and sources, as settings, policies and consent carry them."""
    hosts = [fill(rng, rng.choice(("https://§host/", "https://*.§host", "wss://§host", "'self'", "'unsafe-inline'", "'nonce-§tok'", "'sha256-§tok='", "data:", "blob:", "§host:443", "http://localhost:§n", "https://§w.staging.§w.§host/", "'strict-dynamic'", "chrome-extension:", "about:", "ms-appx:"))) for _ in range(rng.randint(10, 120))]
    if rng.random() < 0.6:
        hosts = addresses(rng, 5, rng.choice((20, 80, 300)))
    joined = rng.choice((" ", " ", ",", ";", "|", ", ")).join(hosts)
    if rng.random() < 0.5:
        return post(rng, fill(rng, rng.choice(("/csp", "/report-uri/§w", "/_/csp-report", "/api/§n/security/?sentry_key=§hex"))), rng.choice(("application/csp-report", "application/reports+json", "application/json")), dump(rng, {"csp-report": {"document-uri": fill(rng, "§url"), "referrer": "", "violated-directive": "script-src-elem", "effective-directive": "script-src-elem", "original-policy": "default-src 'self'; frame-ancestors " + joined + "; connect-src " + rng.choice((joined[:600], " ".join(addresses(rng, 5, 120)))), "disposition": "report", "blocked-uri": rng.choice(("inline", "eval", fill(rng, "§url"))), "line-number": rng.randrange(999), "source-file": fill(rng, "§url"), "script-sample": pick(rng, shapes.SCRIPTS)[:40]}}))
    return post(rng, fill(rng, "/§w/settings"), "application/json", dump(rng, {fill(rng, "§c"): joined, "allowedOrigins": hosts[:20], "note": phrase(rng)}))


MAKERS = ((page, 26), (context, 14), (requests, 18), (machine, 8), (lists, 18))
