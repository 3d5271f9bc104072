"""Writes the training requests: those of public/train, copies with other headers, and requests with values put in.

Everything happens to whole requests before tokenization, seeded, and alike
for attacks and ordinary requests, so that headers, cookies and the fact that
something was inserted carry no label.
"""

import collections
import json
import random
import re
import string
import urllib.parse

import benign
import config
import families
import inject
import labels
import mutations
import ordinary
import payloads
import probes
import progress
import record as records
import sites

AGENTS = ("curl/8.5.0", "curl/7.68.0", "python-requests/2.31.0", "Go-http-client/1.1", "Go-http-client/2.0", "okhttp/4.12.0", "axios/1.6.8", "PostmanRuntime/7.39.0", "Wget/1.21.2",
          "Apache-HttpClient/4.5.14 (Java/17.0.9)", "Java/11.0.22", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "Dart/3.3 (dart:io)", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
          "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
          "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", "kube-probe/1.29", "Prometheus/2.51.0", "GuzzleHttp/7", "Ruby", "")


def reheader(request, donors, rng):
    """Replaces all headers but those that belong to the body."""
    kept = [pair for pair in request["headers"] if pair[0].lower() in records.CARRIER_HEADERS]
    host = next((pair for pair in kept if pair[0].lower() == "host"), None)
    draw = rng.random()
    if draw < 0.45:
        donor = rng.choice(donors)
        cookies = rng.random() < 0.5
        extra = [list(pair) for pair in donor["headers"]
                 if pair[0].lower() not in records.CARRIER_HEADERS and (cookies or pair[0].lower() != "cookie")]
        if host is None or rng.random() < 0.3:
            kept = [["Host", records.header(donor, "host")]] + [pair for pair in kept if pair is not host]
    elif draw < 0.9:
        agent = rng.choice(AGENTS) if rng.random() < 0.6 else records.header(rng.choice(donors), "user-agent")
        extra = [["User-Agent", agent], ["Accept", rng.choice(("*/*", "application/json", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"))]] if agent else []
        if rng.random() < 0.3:
            extra.append(["Accept-Encoding", "gzip, deflate"])
        if rng.random() < 0.2:
            extra.append(["Authorization", "Bearer " + "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(40))])
        if rng.random() < 0.15:
            extra.append(["Cookie", f"session={rng.getrandbits(64):x}; theme=dark"])
        if rng.random() < 0.15:
            extra.append(["X-Forwarded-For", f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"])
        if host is None:
            kept.insert(0, ["Host", rng.choice(("localhost:8080", "api.example.com", "127.0.0.1", "shop.test"))])
    else:
        extra = []
    request["headers"] = kept[:1] + extra + kept[1:]
    return request


def longest_value(request):
    """The longest string a client put into a request: the text of a text-* row."""
    found = [value for _, value in urllib.parse.parse_qsl(request["target"].partition("?")[2])]
    text = records.body_text(request)
    if text[:1] in "{[":
        try:
            stack = [json.loads(text)]
        except ValueError:
            stack = []
        while stack:
            node = stack.pop()
            if isinstance(node, str):
                found.append(node)
            elif isinstance(node, (dict, list)):
                stack.extend(node.values() if isinstance(node, dict) else node)
    elif "urlencoded" in records.header(request, "content-type"):
        found += [value for _, value in urllib.parse.parse_qsl(text)]
    elif "multipart/" in records.header(request, "content-type"):
        found += re.findall(r"\r\n\r\n(.*?)\r\n--", text, re.S)
    return max(found, key=len, default="")


def text_span(text, rng):
    """All of a text, some of its lines, or a sentence of its prose; never one line of code alone."""
    lines = [line for line in text.split("\n") if line.strip()]
    draw = rng.random()
    if draw < 0.35 or len(lines) < 4:
        return text
    if draw < 0.7:
        start = rng.randrange(len(lines) - 3)
        return "\n".join(lines[start:start + rng.randrange(3, 12)])
    prose = [line for line in lines if len(line) > 40 and line[0].isalpha() and "`" not in line and line.rstrip()[-1] in ".:!?"]
    return rng.choice(prose) if prose else text


def client_values(requests, rng, count):
    """Values of ordinary requests, decoded: what sites really carry in parameters and JSON."""
    found = []
    for request in rng.sample(requests, min(len(requests), 12000)):
        pairs = urllib.parse.parse_qsl(request["target"].partition("?")[2])
        values = [value for _, value in pairs if len(value) > 6]
        value = longest_value(request)
        if value:
            values.append(value[:3000])
        if values:
            found.append(rng.choice(values))
    rng.shuffle(found)
    return found[:count]


def attack_values(name, rows):
    """(class, text, wire form or "", weak) of every distinct payload of a data set."""
    distinct = {}
    for row in rows:
        if row["label"] != "attack":
            continue
        wire = ""
        if name == "openappsec-malicious":
            source = records.body_text(row) or row["target"].partition("?")[2]
            wire = source.partition("=")[2]
            try:
                text = urllib.parse.unquote(wire, errors="strict")
            except UnicodeDecodeError:
                text = wire  # ill-formed on purpose: only its wire form means anything
        else:
            text = row.get("payload", "")
        if text:
            distinct[text] = (row["class"], text, wire, bool(row.get("weak")) or len(text) < config.SHORT_PAYLOAD)
    return list(distinct.values())


def balanced(values, rng):
    """Draws forever: classes by the square root of their size, then evenly."""
    by_class = collections.defaultdict(list)
    for value in values:
        by_class[value[0]].append(value)
    names = sorted(by_class)
    weights = [len(by_class[name]) ** 0.5 for name in names]
    while True:
        yield rng.choice(by_class[rng.choices(names, weights)[0]])


def carrier(pool, rng):
    """A request to put something in: the shorter of two draws, mostly."""
    first, second = rng.choice(pool), rng.choice(pool)
    if rng.random() < 0.25:
        return first
    return min(first, second, key=lambda r: len(r["target"]) + len(records.body_text(r)) + sum(len(v) for _, v in r["headers"]))


def bare(request, rng):
    """The same labels on a request with nothing but one parameter."""
    names = {"id": request["id"], "dataset": request["dataset"], "label": request["label"], "class": request["class"]}
    headers = [["User-Agent", rng.choice(AGENTS) or "-"], ["Connection", "close"]]
    name = rng.choice(("p", "p", "q", "id", "x"))
    if rng.random() < 0.5:
        return {**names, "method": "GET", "target": f"/?{name}=1", "headers": headers}
    return {**names, "method": "POST", "target": "/", "headers": headers + [["Content-Type", "application/x-www-form-urlencoded"]], "body": f"{name}=1"}


def made(name, number, donors, rng):
    """One ordinary request that no carrier could become."""
    request = {"id": f"{name}-{number}", "dataset": name, "label": "normal", "class": "none", **ordinary.request(rng)}
    if rng.random() < 0.5:
        reheader(request, donors, rng)
    return request


def injected(name, number, pool, donors, draw, rng):
    """One request with a value in it."""
    kind = name.split("/")[0]
    request = records.copy(carrier(pool, rng), f"{name}-{number}")
    request["dataset"] = name
    if rng.random() < 0.45:
        reheader(request, donors, rng)
    elif rng.random() < 0.5:
        records.drop_headers(request, {"cookie"})
    if name.endswith("/operators"):
        request["label"], request["class"] = ("attack", "other") if kind == "attack" else ("normal", "none")
        inject.operators(request, kind == "attack", rng)
        return request
    if name.endswith("/probes"):
        probes.put(request, kind == "attack", rng)
        return request
    if name in ("attack/families", "plain/twins"):
        family = families.FAMILIES[rng.choices(list(families.FAMILIES), [f.weight for f in families.FAMILIES.values()])[0]]
        request["label"], request["class"] = ("attack", family.klass) if kind == "attack" else ("normal", "none")
        request["dataset"] += "/" + family.name
        families.put(family.name, kind == "attack", request, rng)
        return request
    drawn = draw()
    label, text, wire, weak = drawn if kind == "attack" else ("none", drawn, "", False)
    request["label"], request["class"] = ("attack", label) if kind == "attack" else ("normal", "none")
    if weak:
        request["dataset"] += "~weak"
    if kind == "attack" and rng.random() < (config.MUTATED if not name.endswith("/grammar") else 0.5):
        raw = wire == text  # ill-formed escapes stay as they are
        text = mutations.mutate(label, text, rng, config.REWRITTEN)
        wire = text if raw else ""
    if len(text) < 3000 and rng.random() < config.ENCODED:
        text, wire = mutations.encode(text, rng), ""
    if rng.random() < 0.03:  # the bare carrier of openappsec-malicious, on both sides
        request = bare(request, rng)
    if wire and rng.random() < 0.5:
        mark = "?" if "?" not in request["target"] else "&"
        existing = [m for m in re.finditer(r"(?<==)[^&#]+", request["target"])]
        if existing and rng.random() < 0.7:
            m = rng.choice(existing)
            request["target"] = request["target"][:m.start()] + inject.mix(m.group(), wire, rng) + request["target"][m.end():]
        else:
            request["target"] += f"{mark}{rng.choice(inject.FIELD_NAMES)}={wire}"
        return request
    if kind == "attack" and rng.random() < 0.12:  # hidden in a long ordinary text
        filler = benign.value(rng)
        text = rng.choice((filler + " " + text, text + " " + filler, filler + "\n" + text + "\n" + filler))
    if not records.body_text(request) and rng.random() < 0.012:  # an attack in a batch call, or an ordinary one
        parts = [benign.message(rng) for _ in range(rng.randrange(1, 4))]
        if kind == "attack":
            parts[-1] += inject.percent(text, rng) if rng.random() < 0.3 else text
        records.drop_headers(request, {"content-type", "content-length"})
        inject.batch_body(request, parts, rng)
        return request
    inject.inject(request, text, rng)
    return request


def carriers(rows):
    """Requests to put values in."""
    apis = [row for name in rows if name.startswith("api-") for row in rows[name] if len(records.body_text(row)) < 8000]
    legit = rows["openappsec-legit"]
    return legit + apis * max(1, len(legit) // (6 * len(apis)))


def fresh(counts, seed, identity):
    """Yields more requests of our own generators, drawn by another seed: kinds of config.INJECTED and how many."""
    rng = random.Random(seed)
    rows = {source.name: sites.train_rows(source.name) for source in config.SOURCES if source.name == "openappsec-legit" or source.name.startswith("api-")}
    pool = carriers(rows)
    for name, count in counts.items():
        draw = {"plain/talk": lambda: ordinary.any(rng)[1], "plain/generated": lambda: benign.value(rng)}.get(name)
        for number in range(count):
            request = made(name, number, rows["openappsec-legit"], rng) if name.endswith("/whole") else injected(name, number, pool, rows["openappsec-legit"], draw, rng)
            request["id"] = f"{identity}/{request['id']}"
            yield request


def main():
    rng = random.Random(config.AUGMENT_SEED)
    rows = {source.name: sites.train_rows(source.name) for source in config.SOURCES}
    legit = rows["openappsec-legit"]
    donors = legit
    pool = carriers(rows)
    config.BUILD.mkdir(parents=True, exist_ok=True)
    out_path = config.BUILD / "train.jsonl"
    total = sum(len(rows[s.name]) for s in config.SOURCES) + sum(config.INJECTED.values())
    bar = progress.Bar("augment", total)
    with open(out_path.with_suffix(".part"), "w", encoding="utf-8") as out:
        for source in config.SOURCES:
            for row in rows[source.name]:
                bar.step()
                if row["label"] == "anomaly":
                    continue
                weak = "~weak" if row.get("weak") else ""
                plain = records.copy(row, row["id"])
                plain["class"] = row["class"] = labels.wanted(row)
                plain["dataset"] = source.name + weak
                out.write(records.line(plain))
                if rng.random() < source.reheader:
                    other = reheader(records.copy(row, row["id"] + "/headers"), donors, rng)
                    other["dataset"] = source.name + "/headers" + weak
                    out.write(records.line(other))
        texts = [longest_value(row) for name in rows if name.startswith("text-") for row in rows[name]]
        texts = [text for text in texts if len(text) > 3]
        values = client_values(legit, rng, 10000)
        for name, count in config.INJECTED.items():
            kind, source = name.split("/")
            draw = None
            if source == "grammar":
                def draw():
                    label, text = payloads.payload(rng)
                    wire = text if label == "traversal" and re.fullmatch(r"[!$-%'-~]*%[!$-%'-~]*", text) else ""
                    return label, text, wire, len(text) < config.SHORT_PAYLOAD
            elif kind == "attack" and source in rows:
                stream = balanced(attack_values(source, rows[source]), rng)
                draw = stream.__next__
            elif source not in ("operators", "families", "probes"):
                draw = {"texts": lambda: text_span(rng.choice(texts), rng), "values": lambda: rng.choice(values),
                        "generated": lambda: benign.value(rng), "talk": lambda: ordinary.any(rng)[1], "twins": None, "whole": None}[source]
            for number in range(count):
                bar.step()
                request = made(name, number, donors, rng) if source == "whole" else injected(name, number, pool, donors, draw, rng)
                out.write(records.line(request))
    out_path.with_suffix(".part").replace(out_path)
    bar.close()


if __name__ == "__main__":
    main()
