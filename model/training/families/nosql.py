"""Operators of MongoDB query documents where a scalar belongs, server-side JavaScript, and commands of Redis, CouchDB and Elasticsearch."""

import inject

from . import grammar, lexicon, places

LOGIN = ("username", "user", "login", "email", "name", "id", "userId", "token", "resetToken", "uid", "code", "account", "key", "_id", "title", "role", "status", "type", "owner", "filter", "search", "category", "slug", "phone", "city")
SECRET = ("password", "pass", "pwd", "passwd", "pin", "otp", "secret", "hash", "token")
MEASURES = ("price", "date", "createdAt", "age", "size", "year", "rating", "stock", "amount", "updated_at", "total")
PLAIN = ("$set", "$unset", "$setOnce", "$add", "$append", "$ref", "$schema", "$id", "$defs", "$comment", "$browser", "$os", "$device", "$current_url", "$lib", "$lib_version", "$insert_id", "$screen_width", "$referrer", "$session_id", "$initial_referrer", "$value", "$type", "$date", "$oid", "$numberLong", "$select", "$filter", "$top", "$skip", "$orderby", "$expand", "$count", "$search", "$format", "$name", "$email", "$distinct_id", "$user_id")


def operator(rng):
    """One operator document that changes the sense of a comparison."""
    draw = rng.random()
    common = grammar.load("nosql")
    if draw < 0.3:
        return {rng.choice(("$ne", "$ne", "$ne", "$not", "$nin")): rng.choice((None, "", 1, 0, -1, False, "x", [], lexicon.word(rng), rng.randint(0, 9999)))}
    if draw < 0.5:
        return {rng.choice(("$gt", "$gt", "$gte", "$lt", "$lte")): rng.choice(("", "", "", None, 0, "~", "a", lexicon.word(rng)))}
    if draw < 0.68:
        out = {"$regex": common.expand("regex", rng)}
        if rng.random() < 0.25:
            out["$options"] = rng.choice(("i", "si", "x"))
        return out
    if draw < 0.76:
        return {rng.choice(("$in", "$nin")): [lexicon.word(rng) for _ in range(rng.randint(0, 2))] + ["admin", "root", "administrator"][:rng.randint(1, 3)]}
    if draw < 0.84:
        return {"$exists": rng.choice((True, False, 1))}
    if draw < 0.9:
        return {"$where": common.expand("where", rng)}
    if draw < 0.95:
        return {rng.choice(("$not", "$elemMatch", "$all", "$eq", "$type", "$size", "$mod")): operator(rng)}
    return {"$gt": "", "$ne": lexicon.word(rng)}


def query(attack, rng):
    """A document as an application passes it to find()."""
    if not attack:
        return plain(rng)
    draw = rng.random()
    common = grammar.load("nosql")
    if draw < 0.5:
        out = {rng.choice(LOGIN): operator(rng) if rng.random() < 0.7 else lexicon.word(rng)}
        out[rng.choice(SECRET)] = operator(rng)
    elif draw < 0.62:
        out = {rng.choice(("$or", "$or", "$and", "$nor")): [{rng.choice(LOGIN): operator(rng) if rng.random() < 0.6 else lexicon.word(rng)} for _ in range(rng.randint(1, 3))] + ([{}] if rng.random() < 0.4 else [])}
    elif draw < 0.74:
        out = {"$where": common.expand("where", rng)}
    elif draw < 0.82:
        out = {"$expr": {"$function": {"body": common.expand("function", rng), "args": [], "lang": "js"}}} if rng.random() < 0.5 else {"mapReduce": lexicon.word(rng), "map": common.expand("function", rng), "reduce": common.expand("function", rng), "out": {"inline": 1}}
    elif draw < 0.9:
        out = {rng.choice(("pipeline", "aggregate", "filter")): [{"$lookup": {"from": rng.choice(("users", "accounts", lexicon.word(rng))), "localField": "x", "foreignField": "y", "as": lexicon.word(rng)}}, {"$match": {rng.choice(SECRET): operator(rng)}}]}
    else:
        out = {lexicon.ident(rng): operator(rng)}
    if rng.random() < 0.5:
        out = {**places.fields(rng, rng.randint(1, 5)), **out}
    return out


def plain(rng):
    """Analytics, JSON Schema, OData and extended JSON: names with a dollar that mean no query; filters of numbers and dates."""
    draw = rng.random()
    if draw < 0.4:
        out = {rng.choice(PLAIN): rng.choice((lexicon.word(rng), rng.randint(0, 9999), places.fields(rng, 3), f"https://{lexicon.host(rng)}/")) for _ in range(rng.randint(1, 5))}
        return {"event": lexicon.word(rng), "properties": out, "distinct_id": lexicon.uuid(rng)} if rng.random() < 0.5 else out
    if draw < 0.55:
        return {"$schema": rng.choice(("http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema")), "$ref": f"#/$defs/{lexicon.word(rng)}", "type": "object"}
    if draw < 0.7:
        return {"filter": {rng.choice(MEASURES): {rng.choice(("gte", "lte", "gt", "lt", "from", "to")): rng.choice((rng.randint(1, 9999), lexicon.date(rng)))}}, "sort": lexicon.word(rng)}
    if draw < 0.8:
        return {"_id": {"$oid": f"{rng.getrandbits(96):024x}"}, "createdAt": {"$date": lexicon.date(rng)}, lexicon.word(rng): lexicon.word(rng)}
    if draw < 0.9:
        return {"query": {"bool": {"must": [{"match": {lexicon.word(rng): lexicon.word(rng)}}], "filter": [{"range": {rng.choice(MEASURES): {"gte": lexicon.date(rng)}}}]}}, "size": rng.randint(1, 100)}
    return {"where": {lexicon.word(rng): lexicon.word(rng)}, "ne": rng.randint(0, 9), "or": [lexicon.word(rng)], lexicon.word(rng): None}


def flat(name, document, rng, out):
    """user[$ne]=1 for {"user": {"$ne": 1}}."""
    if isinstance(document, dict):
        for key, child in document.items():
            flat(f"{name}[{key}]" if name else key, child, rng, out)
    elif isinstance(document, list):
        for index, child in enumerate(document):
            flat(f"{name}[{rng.choice(('', index))}]", child, rng, out)
    else:
        if rng.random() < 0.5:
            name = name.replace("[", "%5B").replace("]", "%5D")
        if rng.random() < 0.3:
            name = name.replace("$", "%24")
        text = "" if document is None else str(document).lower() if isinstance(document, bool) else str(document)
        out.append(f"{name.replace(' ', '%20')}={inject.percent(text, rng)}")
    return out


def bracketed(attack, rng):
    if attack:
        document = {rng.choice(LOGIN): operator(rng), **({rng.choice(SECRET): operator(rng)} if rng.random() < 0.7 else {})} if rng.random() < 0.85 else query(True, rng)
    else:
        draw = rng.random()
        if draw < 0.35:
            return [f"{rng.choice(('$filter', '$top', '$select', '$orderby', '$expand', '$skip', '$count'))}={inject.percent(grammar.load('nosql').expand('odata', rng), rng)}" for _ in range(rng.randint(1, 3))]
        document = {rng.choice(("filter", "where", lexicon.word(rng), rng.choice(MEASURES))): {rng.choice(MEASURES + ("gte", "lte", "eq", "in", "page", "size")): rng.choice((rng.randint(1, 9999), lexicon.date(rng), lexicon.word(rng)))}}
    pairs = flat("", document, rng, [])
    return pairs or flat("", {"user": {"$ne": "1"}} if attack else {"user": {"id": "1"}}, rng, [])


def value(attack, rng):
    draw = rng.random()
    if draw < 0.08:
        return inject.json_text(operator(rng) if attack else plain(rng), rng)
    if draw < 0.3:
        return inject.json_text(query(attack, rng), rng)
    return grammar.load("nosql").expand("attack" if attack else "twin", rng)


def put(attack, carrier, rng):
    draw = rng.random()
    if draw < 0.22:
        pairs = bracketed(attack, rng)
        if rng.random() < 0.35 and not places.has_body(carrier):
            return places.form_body(carrier, pairs, rng)
        return places.add_query(carrier, pairs, rng)
    if draw < 0.46:
        if places.has_body(carrier) and rng.random() < 0.6:
            return places.add_query(carrier, bracketed(attack, rng), rng)
        document = query(attack, rng)
        text = inject.json_text(places.nested(document, rng) if rng.random() < 0.4 else document, rng)
        if attack and rng.random() < 0.06:
            text = text.replace("$", "\\u0024")
        places.give(carrier, rng.choice(("application/json", "application/json", "application/json; charset=utf-8", "text/plain;charset=UTF-8")), text, rng)
        return "json"
    return ""
