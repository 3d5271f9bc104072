"""Tables of the model card, from what measure.py measured."""

import re

def share(cell):
    return "–" if not cell["of"] else f"{100 * cell['rate']:.2f} %"


def interval(cell):
    return f"{100 * cell['low']:.2f}–{100 * cell['high']:.2f}" if cell["of"] else ""


def of(result, name, kind):
    return next(row[kind] for row in result["datasets"] if row["name"] == name)


def held(result):
    """The summary of a search or of padding."""
    result = result[0] if isinstance(result, list) else result
    return result["overall"], result


def families(result):
    return [row for row in result["datasets"] if row["tpr"]["of"]]


def texts(result):
    return [row for row in result["datasets"] if row["fpr"]["of"]]


def targets(now, before):
    """(target, figure now, figure before, met) of every detection target of the project."""
    rows = []

    def add(words, figure, good):
        new, old = figure(now), figure(before) if before else ("", None)
        rows.append((words, new[0], old[0], "met" if good(new[1]) else "**missed**"))

    def rate(words, split, name, kind, bound):
        def figure(found):
            cell = of(found[split], name, kind)
            return f"{share(cell)} ({interval(cell)})", cell["rate"]
        add(words, figure, lambda value: value <= bound if kind == "fpr" else value >= bound)

    rate("ordinary requests of unseen sites (openappsec-legit), FPR at most 0.15 %", "public", "openappsec-legit", "fpr", 0.0015)

    def quiet(found):
        cells = [row["fpr"] for row in found["public"]["datasets"] if row["name"].startswith(("text-", "api-", "webhooks-")) and row["name"] != "text-html-mdn"]
        worst = max(cell["rate"] for cell in cells)
        return f"{sum(cell['hits'] for cell in cells)} of {sum(cell['of'] for cell in cells):,}, the worst set {100 * worst:.2f} %", worst
    add("text, API and webhook sets, FPR at most 0.2 % each", quiet, lambda value: value <= 0.002)
    rate("text-html-mdn, a slice of its own", "public", "text-html-mdn", "fpr", 0.002)
    rate("attacks injected into real requests (openappsec-malicious-inj), TPR at least 99 %", "public", "openappsec-malicious-inj", "tpr", 0.99)
    rate("the same payloads as they are, at least 99.9 %", "public", "openappsec-malicious", "tpr", 0.999)
    rate("sqlmap, at least 99 %", "public", "sqlmap-payloads", "tpr", 0.99)
    rate("fwaf, at least 99 %", "public", "fwaf-badqueries", "tpr", 0.99)
    rate("payloadsallthethings without rows marked weak, at least 99 %", "strong", "payloadsallthethings", "tpr", 0.99)
    rate("BDCI, at least 98 %", "public", "ccf-bdci-2022", "tpr", 0.98)
    rate("BDCI without rows marked weak", "strong", "ccf-bdci-2022", "tpr", 0.98)

    def kinds(found):
        rows = families(found["heldout"])
        good = sum(row["tpr"]["rate"] >= 0.97 for row in rows)
        return f"{share(found['heldout']['overall']['tpr'])} together; {good} of {len(rows)}", good == len(rows)
    add("our 26 held-out families, at least 97 % each", kinds, bool)

    def dangerous(found):
        rows = texts(found["heldout"])
        good = sum(row["fpr"]["rate"] <= 0.005 for row in rows)
        return f"{share(found['heldout']['overall']['fpr'])} together; {good} of {len(rows)}", good == len(rows)
    add("ordinary text that looks dangerous, 19 held-out kinds, FPR at most 0.5 % each", dangerous, bool)
    add("nine classes, macro-F1 of attacks found at least 0.95, the data's own classes", lambda found: (f"{found['public']['macro_f1']:.3f}", found["public"]["macro_f1"]), lambda value: value >= 0.95)
    add("the same where each kind has one name (`labels.py`)", lambda found: (f"{found['strong']['macro_f1']:.3f}", found["strong"]["macro_f1"]), lambda value: value >= 0.95)
    add("the same on our families", lambda found: (f"{found['heldout']['macro_f1']:.3f}", found["heldout"]["macro_f1"]), lambda value: value >= 0.95)

    def kept(name):
        def figure(found):
            overall, _ = held(found[name])
            return f"{100 * overall['held'] / overall['caught']:.1f} % ({100 * overall['low']:.1f}–{100 * overall['high']:.1f})", overall["held"] / overall["caught"]
        return figure
    add("evasion: still caught after 50 rounds of 8 tries, at least 97 %", kept("evade"), lambda value: value >= 0.97)
    add("padding, 8 KiB to 1 MiB: 100 % of the unpadded catches", kept("padding"), lambda value: value >= 1)

    def drift(part):
        def figure(found):
            overall = found["drift"][part]["overall"]
            return f"{overall['held']} of {overall['caught']}", overall["held"] / overall["caught"]
        return figure
    add("ordinary values still passed after three random mutations", drift(0), lambda value: value >= 0.99)
    if len(now["drift"]) > 1:
        add("the same, searched with 400 tries each", drift(1), lambda value: value >= 0.97)
    add("expected calibration error at most 0.01 (prior 0.5)", lambda found: (f"{found['public']['calibration']['ece']:.4f}", found["public"]["calibration"]["ece"]), lambda value: value <= 0.01)
    head = "| target | figure (95 %) | before | |\n|---|---|---|---|\n" if before else "| target | figure (95 %) | |\n|---|---|---|\n"
    return head + "\n".join("| " + " | ".join(row if before else (row[0], row[1], row[3])) + " |" for row in rows)


def public(now, before):
    out = ["| data set | ordinary | FPR | 95 % | attacks | TPR | 95 % |", "|---|---:|---:|---:|---:|---:|---:|"]
    for row in now["public"]["datasets"] + [{"name": "all", **now["public"]["overall"]}]:
        fpr, tpr = row["fpr"], row["tpr"]
        out.append("| " + " | ".join((row["name"], str(fpr["of"] or ""), share(fpr) if fpr["of"] else "", interval(fpr), str(tpr["of"] or ""), share(tpr) if tpr["of"] else "", interval(tpr))) + " |")
    return "\n".join(out)


def heldout(now, before):
    parts = []
    for title, kind, rows in (("family", "tpr", families), ("ordinary text", "fpr", texts)):
        old = {row["name"]: row for row in rows(before["heldout"])} if before else {}
        out = [f"| {title} | {kind.upper()} | 95 % | before |", "|---|---:|---:|---:|"]
        for row in sorted(rows(now["heldout"]), key=lambda row: row["name"]):
            name = row["name"].removeprefix("heldout-").removeprefix("text-")
            out.append(f"| {name} | {share(row[kind])} | {interval(row[kind])} | {share(old[row['name']][kind]) if row['name'] in old else '–'} |")
        parts.append("\n".join(out))
    return "\n\n".join(parts)


def searched(now, before):
    """By class: what a search leaves, and padding."""
    out = ["| class | evasion: caught before | still caught | 95 % | padded requests | still caught |", "|---|---:|---:|---:|---:|---:|"]
    padded = {row["name"]: row for row in held(now["padding"])[1]["classes"]} if "classes" in held(now["padding"])[1] else {}
    for row in held(now["evade"])[1]["classes"]:
        pad = padded.get(row["name"])
        out.append(f"| {row['name']} | {row['caught']} | {100 * row['held'] / max(1, row['caught']):.1f} % | {100 * row['low']:.1f}–{100 * row['high']:.1f} | " + (f"{pad['caught']} | {100 * pad['held'] / max(1, pad['caught']):.1f} % |" if pad else " | |"))
    return "\n".join(out)


TABLES = {"targets": targets, "public": public, "heldout": heldout, "searched": searched}


def fill(text, now, before):
    """The card with every table between <!-- name --> and <!-- /name --> made anew."""
    for name, table in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n?<!-- /{name} -->)", re.S)
        if not pattern.search(text):
            raise ValueError(f"the card has no place for the table {name}: <!-- {name} --> … <!-- /{name} -->")
        text = pattern.sub(lambda match: match[1] + table(now, before) + "\n" + match[2].lstrip("\n"), text)
    return text


def write(path, now, before):
    path.write_text(fill(path.read_text(encoding="utf-8"), now, before), encoding="utf-8")
