"""Documents of machines: XML, JSON in JSON, GraphQL, text that looks binary."""

import json

from .words import NOUNS, fill, letters, lines, phrase, pick, prose, raw, sentence, ALNUM

XML = (
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><Get§Id1 xmlns=\"http://§host/ws\"><§c>§n</§c><note>§s</note></Get§Id1></soap:Body></soap:Envelope>", "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>§ph</title><link>§url</link><item><title>§w &amp; §w</title><description><![CDATA[<p>§s</p>]]></description><guid isPermaLink=\"false\">§uuid</guid></item></channel></rss>", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"§dd\" height=\"§dd\" viewBox=\"0 0 §dd §dd\"><defs><linearGradient id=\"§az\"><stop offset=\"0\" stop-color=\"§rgb\"/></linearGradient></defs><path d=\"M§d §dL§dd §dd\" fill=\"url(#§az)\"/><text x=\"§d\">§ph</text></svg>",
    "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>§url</loc><lastmod>§date</lastmod><priority>0.§d</priority></url></urlset>", "<xliff version=\"1.2\"><file source-language=\"en\" target-language=\"§az§az\"><body><trans-unit id=\"§n\"><source>§s</source><target state=\"new\"/></trans-unit></body></file></xliff>", "<opml version=\"2.0\"><body><outline text=\"§W\" type=\"rss\" xmlUrl=\"§url\"/></body></opml>", "<?xml version=\"1.0\"?><methodCall><methodName>§w.§fn</methodName><params><param><value><string>§ph</string></value></param></params></methodCall>",
    "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><groupId>com.§brand</groupId><artifactId>§w</artifactId><version>§ver</version></project>", "<VAST version=\"3.0\"><Ad id=\"§n\"><Wrapper><VASTAdTagURI><![CDATA[https://§host/v?id=§n&cb=%%CACHEBUSTER%%]]></VASTAdTagURI></Wrapper></Ad></VAST>", "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\"><html><body><p>§s</p></body></html>", "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict><key>§W</key><string>§ph</string><key>§W</key><true/></dict></plist>", "<order id=\"§n\" date=\"§date\"><item sku=\"§AZ§n\" qty=\"§d\"><name>§w's §w</name><price>§f</price></item><!-- §s --></order>",
    "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>urn:uuid:§uuid</id><updated>§iso</updated><content type=\"html\">&lt;p&gt;§s&lt;/p&gt;</content></entry></feed>", "<D:propfind xmlns:D=\"DAV:\"><D:prop><D:getetag/><D:displayname/></D:prop></D:propfind>", "<c:calendar-query xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><c:filter><c:comp-filter name=\"VCALENDAR\"/></c:filter></c:calendar-query>", "<wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"><wsse:UsernameToken wsu:Id=\"§w\"><wsse:Username>§w</wsse:Username></wsse:UsernameToken></wsse:Security>", "<gpx version=\"1.1\"><trk><trkseg><trkpt lat=\"§f\" lon=\"-§f\"><ele>§n</ele><time>§iso</time></trkpt></trkseg></trk></gpx>", "<resources><string name=\"§id\">§first\\'s §w, %1$s</string></resources>", "<fetch mapping='logical'><entity name='§w'><attribute name='§c'/><filter type='and'><condition attribute='§c' operator='eq' value='§n'/></filter></entity></fetch>", "<View><Query><Where><And><Eq><FieldRef Name='§W'/><Value Type='Text'>§w</Value></Eq><IsNotNull><FieldRef Name='ID'/></IsNotNull></And></Where><OrderBy><FieldRef Name='§W'/></OrderBy></Query></View>",
    "<bpmn:sequenceFlow id=\"§W_§d\" sourceRef=\"§W\"><bpmn:conditionExpression>${§id &gt; §n}</bpmn:conditionExpression></bpmn:sequenceFlow>", "<§u1>\n  <§c2 id=\"§n\">§s</§c2>\n</§u1>", "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:§uuid\nDTSTART:20§dd¦0§d0§dT§dd0000Z\nSUMMARY:§ph\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE\nEND:VEVENT\nEND:VCALENDAR", "BEGIN:VCARD\nVERSION:3.0\nN:§last;§first;;;\nTEL;TYPE=CELL:+§nn\nEND:VCARD", "WEBVTT\n\n00:00:0§d.000 --> 00:00:0§d.500\n<v §first>§s</v>", "§d\n00:0§d:§dd,§d00 --> 00:0§d:§dd,§d00\n<i>§s</i>", "%PDF-1.4\n§d 0 obj\n<< /Type /Catalog /Pages §d 0 R >>\nendobj", "{\\rtf1\\ansi{\\fonttbl\\f0 Arial;}\\f0\\pard §s\\par}", "v=0\r\no=- §nn §nn IN IP4 §ip\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\nm=audio §n UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=candidate:§nn 1 udp §nn §ip §n typ host",
)


def xml(rng):
    """SOAP, feeds, drawings and other XML; calendars and session descriptions."""
    text = "\n".join(lines(rng, XML, 1, rng.choice((1, 1, 1, 2))))
    return text if rng.random() < 0.9 else f"{sentence(rng)}\n\n{text}"


QUERIES = (
    "query §Id($id: ID!) {\n  §w(id: $id) {\n    id\n    §sel\n    ... on §Id { §c __typename }\n    __typename\n  }\n}", "mutation §Id($input: §Id¦Input!) {\n  §fn(input: $input) {\n    §w { id §sel }\n    userErrors { field message }\n  }\n}", "fragment §Id1 on §W {\n  id\n  §sel\n  §t(first: §d, after: \"§tok\") { edges { node { §c } cursor } pageInfo { hasNextPage } }\n}\nquery { §w { ...§Id1 } }", "{ §t(where: {§c: {_eq: \"§w\"}, §c: {_gt: §n}}, order_by: {§c: desc}, limit: §dd) { id §sel } }",
    "subscription On§Id { §w§Id(room: \"§w\") { id §sel @include(if: $§w) } }", "query($q: String = \"§ph\") { search(query: $q, type: ISSUE, first: §d) { nodes { __typename §sel } } }", "query §Id { viewer { login §sel } rateLimit { remaining } }", "mutation { add§Id(input: {§c: \"§s\", §c: §n, §w: [{§c: \"§w\"}]}) { ok } }", "query §Id {\n  a: §w(slug: \"§w\") { §sel }\n  b: §w(slug: \"§w\") { §c }\n}",
    "mutation §Id {\n  update§W(id: \"§uuid\", data: {§c: null, §c: [\"§w\", \"§ph\"]}) { §sel }\n}", "query ($§c: [§W!]!, $first: Int = §dd) @cached(ttl: §n) { §t(filter: $§c, first: $first, sort: §wU_DESC) { totalCount nodes { §sel } } }",
)


def _selection(rng, depth=2):
    """Fields, some with fields of their own."""
    return " ".join(fill(rng, "§c") + (f" {{ {_selection(rng, depth - 1)} }}" if depth and rng.random() < 0.25 else "") for _ in range(rng.randint(1, 5)))


def operation(rng):
    """One operation of GraphQL."""
    return pick(rng, QUERIES, sel=_selection)


def graphql(rng):
    """Operations as applications and development tools send them."""
    text = operation(rng)
    draw = rng.random()
    if draw < 0.25:
        return text.replace("\n", "\\n")
    if draw < 0.45:
        return json.dumps({"operationName": fill(rng, "§Id"), "variables": {fill(rng, "§c"): fill(rng, rng.choice(("§n", "§ph", "§s", "§tok")))}, "query": text})
    if draw < 0.55:
        return json.dumps({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": letters(rng, "0123456789abcdef", 64)}}, "operationName": fill(rng, "§Id"), "variables": {"id": fill(rng, "§uuid")}})
    return " ".join(text.split()) if draw < 0.75 else text


LEAVES = ("§s", "§ph", "§url", "§uuid", "§n", "§path", "§mail", "§iso", "§w", "§id", "<§c1>§w</§c1>", "§price", "§hex", "'§w'", "{{§macro}}", "#§w", "$§w", "§agent", "§w > §w", "C:\\§W\\§w", "§W's §w", "a=§n&b=§n", "    ", "§ph & §ph", "\n", "§tok==", "*", "[§w]")


def _node(rng, depth):
    draw = rng.random()
    if depth and draw < 0.3:
        return {rng.choice(("$", "@", "_", "", "", "", "", "")) + fill(rng, rng.choice(("§c", "§id", "§w", "§w.§c", "§w-§w", "§w[§d]"))): _node(rng, depth - 1) for _ in range(rng.randint(1, 5))}
    if depth and draw < 0.42:
        return [_node(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    if depth and draw < 0.5:
        return json.dumps(_node(rng, depth - 1))  # JSON in JSON
    if draw < 0.6:
        return rng.choice((None, True, False, 0, -1, "", [], {}))
    if draw < 0.7:
        return rng.randrange(10 ** 9)
    return fill(rng, rng.choice(LEAVES))


def json_text(rng):
    """JSON, JSON in JSON, and arrays of arrays."""
    top = {fill(rng, rng.choice(("§c", "§id", "§w"))): _node(rng, rng.randint(0, 4)) for _ in range(rng.randint(1, 7))}
    document = top if rng.random() < 0.7 else [top] if rng.random() < 0.5 else [_node(rng, 2) for _ in range(rng.randint(2, 6))]
    text = json.dumps(document, ensure_ascii=rng.random() < 0.5, separators=rng.choice(((",", ":"), (", ", ": "))), indent=rng.choice((None, None, None, 2)))
    if rng.random() < 0.1:
        text = rng.choice((")]}'\n", "for (;;);", fill(rng, "§id("), "while(1);")) + text + rng.choice(("", ");"))
    return json.dumps(text) if rng.random() < 0.08 else text


def binary(rng):
    """Text that looks binary: bytes read as Latin-1, replacement characters, escapes."""
    data = raw(rng, 10, rng.choice((40, 200, 800)))
    draw = rng.random()
    if draw < 0.25:
        return "".join(chr(byte) for byte in data if byte >= 0x20 and not 0x7F <= byte < 0xA0)
    if draw < 0.4:
        return rng.choice(("\x0a", "\x08", "\x12", "")) + fill(rng, "§w\x12\x08§w\x1a\x10§uuid\"\x05§u(§n") + "".join(chr(byte & 0x7F) for byte in data[:rng.randint(2, 20)] if (byte & 0x7F) not in (0x27, 0x60, 0x3B, 0x7C))
    if draw < 0.55:
        return data.decode("utf-8", "replace")
    if draw < 0.7:
        return "".join(f"\\x{byte:02x}" for byte in data[:120])
    if draw < 0.8:
        return "".join(f"\\u{byte:04x}" for byte in data[:100])
    if draw < 0.9:
        return " ".join(f"{byte:02X}" for byte in data[:200])
    return rng.choice(("PK\x03\x04", "\x89PNG\r\n", "GIF89a", "%PDF-1.5\n%", "\x1f\x8b\x08", "ID3\x03", "OggS", "\x7fELF")) + "".join(chr(byte) for byte in data[:120] if byte > 0xA0 or byte in range(0x30, 0x7F))
