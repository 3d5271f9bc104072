"""GraphQL abuse: introspection, aliases, batches, directives, fragments and depth beyond use, injections in arguments. Twins are what clients of real schemas send."""

import inject
import json

from . import grammar, lexicon, places

TYPES = "String Int ID Boolean Float DateTime".split()


def payload(rng):
    """A short attack of another language, as an argument."""
    name = rng.choice(("sqli", "sqli", "ssti", "cmdi-unix", "xss", "ldap", "traversal", "nosql"))
    if name == "nosql":
        return rng.choice(('{"$ne": null}', '{"$gt": ""}', "' || '1'=='1", "'; return true; var x='"))
    return grammar.load(name).expand("attack", rng)


def introspection(rng):
    leaf = lambda: rng.choice(("name", "name description", "kind name", "name fields{name}", "name kind fields{name args{name type{name kind}}}", "name fields(includeDeprecated:true){name type{name}}", "name inputFields{name}", "name enumValues{name}", "name possibleTypes{name}", "name interfaces{name}", "name ofType{name ofType{name ofType{name}}}"))
    parts = ["types{%s}" % leaf()] if rng.random() < 0.75 else []
    for extra in ("queryType{%s}" % leaf(), "mutationType{%s}" % leaf(), "subscriptionType{name}", "directives{name locations args{name}}"):
        if rng.random() < 0.4:
            parts.append(extra)
    parts = parts or ["types{name}"]
    rng.shuffle(parts)
    core = "__schema" + rng.choice(("", "", " ", "\n", "(x:1)")[:4]) + "{" + rng.choice((" ", ",", "\n")).join(parts) + "}"
    draw = rng.random()
    if draw < 0.18:
        core = f'__type(name:"{rng.choice(("Query", "User", "Mutation", lexicon.ident(rng).title()))}"){{{leaf()}}}'
    if draw > 0.8:
        core = f"a{rng.randint(0, 99)}:{core} b:{core}"
    head = rng.choice(("", "query", "query ", "query IntrospectionQuery", f"query {lexicon.ident(rng)}", f"query {lexicon.ident(rng)} ", "#\n", "mutation"))
    return head + "{" + rng.choice(("", " ", "\n")) + core + "}"


def aliases(rng):
    """One field many times under other names."""
    field, key, leaf = lexicon.ident(rng), lexicon.word(rng), lexicon.word(rng)
    count = rng.randint(12, 120)
    start = rng.randint(0, 10000)
    kind = rng.random()
    prefix = rng.choice(("a", "alias", "q", "x", lexicon.word(rng)))
    items = []
    for index in range(count):
        argument = f'(username:"admin",password:"{lexicon.word(rng)}{rng.randint(0, 999)}")' if kind < 0.35 else f'({key}:"{rng.randint(0, 9999):04d}")' if kind < 0.65 else f"({key}:{start + index})" if kind < 0.8 else ""
        items.append(f"{prefix}{index}:{field}{argument}{{{leaf}}}" if kind < 0.9 else f"{prefix}{index}:__typename")
    return rng.choice(("mutation", "query", "")) + rng.choice(("{", " {")) + rng.choice((" ", "\n", ",")).join(items) + "}"


def deep(rng):
    """Two fields that lead to each other, nested far."""
    first, second = lexicon.word(rng), lexicon.word(rng) + "s"
    depth = rng.randint(9, 60)
    gap = rng.choice(("", " ", "\n"))
    return "query" + gap + "{" + gap + f"{gap}{{{gap}".join((first, second)[i % 2] for i in range(depth)) + "{id}" + "}" * depth


def directives(rng):
    count = rng.randint(15, 200)
    name = rng.choice(("@include(if:true)", "@skip(if:false)", "@" + lexicon.word(rng), "@deprecated", "@aa"))
    return "query{" + rng.choice(("__typename", lexicon.word(rng))) + " " + rng.choice(("", " ")).join([name] * count) + "}"


def fragments(rng):
    """Fragments in a circle, or doubling at every step."""
    names = [lexicon.ident(rng) + str(i) for i in range(rng.randint(2, 8))]
    kind = lexicon.word(rng).title()
    if rng.random() < 0.5:
        return f"query{{...{names[0]}}}" + "".join(f" fragment {name} on {rng.choice(('Query', kind))}{{...{names[(i + 1) % len(names)]}}}" for i, name in enumerate(names))
    times = rng.randint(4, 12)
    return f"query{{...{names[0]}}}" + "".join(f" fragment {name} on {kind}{{{' '.join(['...' + names[i + 1] if i + 1 < len(names) else '__typename'] * times)}}}" for i, name in enumerate(names))


def fields_flood(rng):
    name = rng.choice(("__typename", lexicon.word(rng)))
    return "{" + rng.choice((" ", "\n", ",")).join([name] * rng.randint(60, 400)) + "}"


def injected(rng):
    """An operation whose literal argument carries another attack."""
    text = json.dumps(payload(rng), ensure_ascii=False)
    operation = f"{lexicon.ident(rng)}({lexicon.word(rng)}:{text})"
    return rng.choice(("query", "mutation", "query Q", "")) + "{" + operation + "{" + " ".join(lexicon.word(rng) for _ in range(rng.randint(1, 4))) + "}}"


def attack_query(rng):
    return rng.choices((introspection, aliases, deep, directives, fragments, fields_flood, injected), (5, 2.5, 1.5, 1.5, 1.2, 0.8, 3))[0](rng)


def selection(rng, depth=0):
    out = []
    for _ in range(rng.randint(1, 6)):
        name = rng.choice(("id", "name", "title", "createdAt", "__typename", "slug", "url", "cursor", "totalCount", lexicon.ident(rng), lexicon.word(rng)))
        if depth < 3 and rng.random() < 0.3:
            argument = rng.choice(("", "", f"(first: {rng.randint(1, 50)})", f'({lexicon.word(rng)}: "{lexicon.word(rng)}")', f"(after: $cursor)", f"(size: {rng.choice(('SMALL', 'LARGE'))})"))
            name = f"{rng.choice(('edges', 'node', 'nodes', 'author', 'items', 'pageInfo', lexicon.word(rng)))}{argument} {{ {selection(rng, depth + 1)} }}"
        elif rng.random() < 0.06:
            name += f" @{rng.choice(('include', 'skip'))}(if: ${lexicon.word(rng)})"
        elif rng.random() < 0.06:
            name = f"{lexicon.word(rng)}: {name}"
        elif rng.random() < 0.06:
            name = f"... on {lexicon.word(rng).title()} {{ {lexicon.word(rng)} }}"
        out.append(name)
    return rng.choice((" ", "\n  ")).join(out)


def plain_query(rng):
    kind = rng.choices(("query", "mutation", "subscription"), (6, 3, 0.5))[0]
    operation, variable = lexicon.ident(rng).title(), lexicon.word(rng)
    declared = f"(${variable}: {rng.choice(TYPES)}{rng.choice(('', '!'))})" if rng.random() < 0.6 else ""
    argument = f"({variable}: ${variable})" if declared else rng.choice(("", f"(id: {rng.randint(1, 9999)})", f'(slug: "{lexicon.word(rng)}-{lexicon.word(rng)}")'))
    text = f"{kind} {operation}{declared} {{ {lexicon.ident(rng)}{argument} {{ {selection(rng)} }} }}"
    if rng.random() < 0.25:
        name, on = lexicon.ident(rng).title() + "Fields", lexicon.word(rng).title()
        text = text[:-4] + f" ...{name} }} }} fragment {name} on {on} {{ {selection(rng, 2)} }}"
    return text


def value(attack, rng):
    if not attack and rng.random() < 0.12:
        return grammar.load("graphql").expand("twin", rng)
    return attack_query(rng) if attack else plain_query(rng)


def document(attack, rng):
    """A GraphQL over HTTP request body, and whether it is a batch."""
    draw = rng.random()
    if draw < (0.14 if attack else 0.06):  # a batch
        if attack:
            field, key = lexicon.ident(rng), lexicon.word(rng)
            if rng.random() < 0.5:
                return [{"query": f'mutation{{{field}({key}:"{lexicon.word(rng)}",password:"{rng.randint(0, 99999):05d}"){{token}}}}'} for _ in range(rng.randint(12, 80))]
            query = attack_query(rng)
            return [{"query": query}] * rng.randint(2, 6)
        return [{"operationName": lexicon.ident(rng), "variables": {}, "query": plain_query(rng)} for _ in range(rng.randint(2, 3))]
    if attack and rng.random() < 0.3:  # the attack is in a variable of an ordinary operation
        variable = lexicon.word(rng)
        return {"query": f"{rng.choice(('query', 'mutation'))} {lexicon.ident(rng)}(${variable}: String!) {{ {lexicon.word(rng)}({variable}: ${variable}) {{ id }} }}", "variables": {variable: payload(rng), **places.fields(rng, 2)}}
    out = {"query": attack_query(rng) if attack else plain_query(rng)}
    if rng.random() < 0.6:
        out["variables"] = rng.choice(({}, None)) if attack or rng.random() < 0.3 else {lexicon.word(rng): places.filler(rng), **({"input": places.fields(rng)} if rng.random() < 0.4 else {})}
    if rng.random() < 0.4:
        out["operationName"] = None if rng.random() < 0.2 else lexicon.ident(rng)
    if rng.random() < 0.1:
        out["extensions"] = {"persistedQuery": {"version": 1, "sha256Hash": f"{rng.getrandbits(256):064x}"}}
    return dict(places.shuffled(out.items(), rng))


def put(attack, carrier, rng):
    draw = rng.random()
    root = rng.choice(("/graphql", "/graphql", "/graphql", "/api/graphql", "/v1/graphql", "/query", "/gql", "/graphql/console", "/graphql/v2"))
    if draw < 0.62 and not (places.has_body(carrier) and rng.random() < 0.4):
        carrier["target"] = root + rng.choice(("", "", "", f"?op={lexicon.ident(rng)}"))
        places.json_body(carrier, document(attack, rng), rng, rng.choice(("application/json", "application/json", "application/json; charset=utf-8", "application/graphql+json")))
        carrier["method"] = "POST"
        return "graphql"
    if draw < 0.8:
        query = value(attack, rng)
        if len(query) < 3000:
            carrier["target"] = root
            pairs = [f"query={inject.percent(query, rng)}"]
            if rng.random() < 0.3:
                pairs.append(f"operationName={lexicon.ident(rng)}")
            return places.add_query(carrier, pairs, rng)
    if draw < 0.87:
        carrier["target"] = root
        places.give(carrier, "application/graphql", value(attack, rng), rng, "POST")
        return "raw"
    if draw < 0.92:
        carrier["target"] = root
        return places.multipart_body(carrier, [('name="operations"', "", json.dumps(document(attack, rng))), ('name="map"', "", '{"0":["variables.file"]}'), ('name="0"; filename="a.txt"', "text/plain", lexicon.word(rng))], rng)
    return ""
