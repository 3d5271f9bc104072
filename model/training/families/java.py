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
           "org.jboss.interceptor.proxy.InterceptorMethodHandler", "com.vaadin.data.util.PropertysetItem", "org.python.core.PyFunction", "bsh.XThis", "rome.feed.impl.ObjectBean", "java.lang.Integer", "javax.swing.JEditorPane", "java.io.File", "java.util.Date",
           "org.apache.commons.collections.functors.ChainedTransformer", "org.apache.commons.collections.functors.ConstantTransformer", "org.apache.commons.collections.functors.InstantiateTransformer", "org.apache.commons.collections4.functors.InvokerTransformer", "org.apache.commons.collections4.functors.ChainedTransformer", "org.apache.commons.collections.map.DefaultedMap", "org.apache.commons.collections.bag.TreeBag", "org.apache.commons.fileupload.disk.DiskFileItem",
           "org.codehaus.groovy.runtime.ConvertedClosure", "org.springframework.core.SerializableTypeWrapper$MethodInvokeTypeProvider", "org.springframework.beans.factory.support.AutowireUtils$ObjectFactoryDelegatingInvocationHandler", "org.springframework.transaction.jta.JtaTransactionManager", "com.mchange.v2.c3p0.impl.PoolBackedDataSourceBase", "com.sun.rowset.JdbcRowSetImpl", "com.sun.syndication.feed.impl.ObjectBean", "com.sun.syndication.feed.impl.EqualsBean", "javax.management.openmbean.TabularDataSupport",
           "org.apache.wicket.util.upload.DiskFileItem", "org.apache.myfaces.el.CompositeELResolver", "org.mozilla.javascript.NativeError", "org.mozilla.javascript.NativeJavaObject", "net.sf.json.JSONObject", "org.aspectj.weaver.tools.cache.SimpleCache$StoreableCachingMap", "com.alibaba.fastjson.JSONArray", "com.fasterxml.jackson.databind.node.POJONode", "clojure.lang.PersistentArrayMap", "clojure.inspector.proxy$javax.swing.table.AbstractTableModel", "weblogic.jms.common.StreamMessageImpl", "weblogic.corba.utils.MarshalledObject", "com.tangosol.util.filter.LimitFilter",
           "com.tangosol.util.extractor.ReflectionExtractor", "org.apache.logging.log4j.core.LogEvent", "java.rmi.registry.Registry", "java.rmi.MarshalledObject", "sun.rmi.server.UnicastRef", "java.lang.reflect.Proxy", "java.util.concurrent.ConcurrentHashMap", "java.util.TreeMap", "java.util.TreeSet", "java.util.BitSet", "java.lang.Class", "java.lang.String", "java.lang.Boolean", "java.lang.Long", "javax.swing.event.EventListenerList", "javax.swing.UIDefaults$TextAndMnemonicHashMap", "org.apache.click.control.Column$ColumnComparator",
           "org.apache.shiro.subject.SimplePrincipalCollection", "org.richfaces.renderkit.MediaOutputResource", "com.sun.faces.facelets.el.TagValueExpression", "org.jboss.weld.interceptor.proxy.InterceptorMethodHandler", "org.jenkinsci.remoting.engine.Engine", "hudson.remoting.Capability", "org.apache.xalan.xsltc.trax.TemplatesImpl", "org.postgresql.ds.PGSimpleDataSource", "scala.sys.process.processInternal", "org.apache.batik.swing.JSVGCanvas", "org.apache.tapestry5.internal.services.ClientDataWrapper")
NAMED = ("com.sun.rowset.JdbcRowSetImpl", "java.lang.ProcessBuilder", "java.lang.Runtime", "javax.script.ScriptEngineManager", "java.net.URLClassLoader", "java.lang.AutoCloseable", "java.lang.Class", "java.net.Inet4Address", "java.net.InetSocketAddress", "org.apache.tomcat.dbcp.dbcp2.BasicDataSource", "ch.qos.logback.core.db.DriverManagerConnectionSource",
         "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl", "org.springframework.context.support.ClassPathXmlApplicationContext", "com.zaxxer.hikari.HikariConfig", "org.apache.xbean.propertyeditor.JndiConverter", "org.apache.shiro.jndi.JndiObjectFactory", "com.mchange.v2.c3p0.JndiRefForwardingDataSource", "javax.naming.InitialContext", "javax.management.BadAttributeValueExpException", "org.apache.ibatis.datasource.jndi.JndiDataSourceFactory", "br.com.anteros.dbcp.AnterosDBCPConfig", "java.io.FileOutputStream", "java.beans.EventHandler", "oracle.jdbc.connector.OracleManagedConnectionFactory", "org.apache.commons.configuration.JNDIConfiguration", "org.apache.commons.configuration2.JNDIConfiguration", "org.apache.openjpa.ee.RegistryManagedRuntime", "org.apache.axis2.jaxws.spi.handler.HandlerResolverImpl", "org.apache.commons.proxy.provider.remoting.RmiProvider", "org.apache.hadoop.shaded.com.zaxxer.hikari.HikariConfig", "org.apache.ignite.cache.jta.jndi.CacheJndiTmLookup", "org.springframework.jndi.support.SimpleJndiBeanFactory", "org.springframework.context.support.FileSystemXmlApplicationContext",
         "org.springframework.beans.factory.config.PropertyPathFactoryBean", "org.springframework.beans.factory.config.MethodInvokingFactoryBean", "org.apache.aries.transaction.jms.RecoverablePooledConnectionFactory", "org.jsecurity.realm.jndi.JndiRealmFactory", "com.caucho.config.types.ResourceRef", "com.caucho.naming.QName", "org.arrah.framework.rdbms.UpdatableJdbcRowsetImpl", "org.h2.jdbcx.JdbcDataSource", "org.h2.store.fs.FileUtils", "com.mysql.cj.jdbc.admin.MiniAdmin", "com.mysql.jdbc.JDBC4Connection", "org.apache.tomcat.dbcp.dbcp.BasicDataSource", "org.apache.commons.dbcp.BasicDataSource", "org.apache.commons.io.input.BOMInputStream",
         "org.apache.commons.io.output.WriterOutputStream", "jdk.nashorn.api.scripting.URLReader", "sun.rmi.server.MarshalOutputStream", "java.util.zip.InflaterOutputStream", "java.io.RandomAccessFile", "java.io.FileInputStream", "java.util.Currency", "java.util.Locale", "javax.swing.JEditorPane", "java.net.URL", "org.eclipse.jetty.plus.jndi.Resource", "org.mortbay.log.Slf4jLog", "net.sf.ehcache.transaction.manager.DefaultTransactionManagerLookup", "com.nqadmin.rowset.JdbcRowSetImpl", "org.codehaus.groovy.control.CompilerConfiguration", "org.codehaus.groovy.control.ProcessingUnit", "org.python.antlr.ParseException",
         "java.lang.Exception", "javassist.bytecode.ClassFile", "org.apache.activemq.ActiveMQConnectionFactory", "javax.el.ELProcessor", "groovy.lang.GroovyShell", "groovy.util.Eval", "org.mvel2.sh.ShellSession", "com.ibatis.sqlmap.engine.transaction.jta.JtaTransactionConfig", "org.apache.cocoon.components.slide.impl.JMSContentInterceptor", "flex.messaging.util.concurrent.AsynchBeansWorkManagerExecutor", "org.quartz.utils.JNDIConnectionProvider", "oadd.org.apache.xalan.lib.sql.JNDIConnectionPool", "com.pastdev.httpcomponents.configuration.JndiConfiguration", "org.glassfish.hk2.utilities.general.internal.WeakHashClock")
FIELDS = ("loadFactor", "threshold", "size", "comparator", "property", "iMethodName", "iArgs", "iParamTypes", "iTransformers", "iConstant", "factory", "map", "key", "value", "memberValues", "type", "val", "hashCode", "port", "host", "file", "protocol", "authority", "_bytecodes", "_name", "_class", "_outputProperties", "_tfactory", "_indentNumber", "transformer", "decorated", "delegate", "owner", "method", "thisObject", "parameterTypes", "target", "advised", "handler", "interfaces", "command", "dataSource", "connectionPoolDataSource", "userOverridesAsString", "jndiName", "data", "content", "stackTrace", "detailMessage")
TYPES = ("java/lang/String", "java/util/Map", "java/lang/Object", "java/util/Comparator", "org/apache/commons/collections/Transformer", "java/lang/Class", "java/util/List", "javax/xml/transform/Templates", "java/lang/reflect/InvocationHandler", "java/util/Properties", "java/net/InetAddress", "java/util/concurrent/ConcurrentMap")


def utf(text):
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def descriptor(rng, name, depth=0):
    """newClassDesc of the protocol's grammar: name, serialVersionUID, flags, fields, end of annotations, and the super class."""
    names = [rng.choice(FIELDS) if rng.random() < 0.6 else lexicon.ident(rng) for _ in range(rng.choice((0, 0, 1, 1, 2, 3, 4)))]
    out = b"\x72" + utf(name) + struct.pack(">Q", rng.getrandbits(64)) + bytes([rng.choice((2, 2, 2, 3, 3, 12, 0))]) + struct.pack(">H", len(names))
    for field in names:
        kind = rng.choice("IJZFLLL[BCDS")
        out += kind.encode() + utf(field)
        if kind == "L":
            out += b"\x74" + utf("L" + rng.choice(TYPES) + ";") if rng.random() < 0.85 else b"\x71\x00\x7e\x00" + bytes([rng.randint(1, 30)])
        elif kind == "[":
            out += b"\x74" + utf(rng.choice(("[Ljava/lang/Object;", "[B", "[[B", "[I", "[Ljava/lang/Class;", "[Lorg/apache/commons/collections/Transformer;")))
    if depth < 2 and rng.random() < 0.12:
        return out + b"\x78" + descriptor(rng, rng.choice(GADGETS), depth + 1)
    return out + b"\x78\x70"


def element(rng, depth=0):
    """One content of a stream: an object, array, class, proxy, enumeration constant, string or block of bytes."""
    name = rng.choice(GADGETS) if rng.random() < 0.75 else f"{rng.choice(('com', 'org', 'net', 'io', 'de'))}.{lexicon.word(rng)}.{lexicon.ident(rng).title()}"
    draw = rng.random()
    if draw < 0.08:
        kind = rng.choice(("[B", "[[B", "[Ljava.lang.Object;", "[Ljava.lang.String;", "[Ljava.lang.Class;", "[Lorg.apache.commons.collections.Transformer;", "[I"))
        return b"\x75" + descriptor(rng, kind)[:-1] + b"\x70" + struct.pack(">I", rng.randint(1, 4)) + (element(rng, depth + 1) if depth < 2 else b"\x70")
    if draw < 0.12:
        return b"\x76" + descriptor(rng, name)
    if draw < 0.18:
        names = rng.sample(("java.util.Map", "java.lang.Comparable", "javax.xml.transform.Templates", "java.rmi.registry.Registry", "java.util.Comparator", "java.rmi.activation.Activator"), rng.randint(1, 2))
        return b"\x73\x7d" + struct.pack(">I", len(names)) + b"".join(utf(n) for n in names) + b"\x78\x72" + utf("java.lang.reflect.Proxy") + struct.pack(">Q", 0xe127da20cc1043cb) + b"\x02\x00\x01\x4c\x00\x01\x68\x74" + utf("Ljava/lang/reflect/InvocationHandler;") + b"\x78\x70"
    if draw < 0.21:
        return b"\x7e" + descriptor(rng, name) + b"\x74" + utf(lexicon.word(rng).upper())
    out = b"\x73" + descriptor(rng, name) + bytes(rng.choice((0, 0, 0, rng.getrandbits(8))) for _ in range(rng.choice((0, 1, 4, 8, 12))))
    for _ in range(rng.choice((0, 1, 1, 2))):
        if depth < 3 and rng.random() < 0.4:
            out += element(rng, depth + 1)
        elif rng.random() < 0.7:
            common = grammar.load("common")
            out += b"\x74" + utf(rng.choice((lambda: common.expand("unixcmd0", rng), lambda: common.expand("recon", rng), lambda: lexicon.host(rng), lambda: "http", lambda: rng.choice(("getRuntime", "exec", "invoke", "newTransformer", "getMethod", "outputProperties", "start", "lowestSetBit", "java.lang.Runtime")), lambda: lexicon.word(rng), lambda: f"ldap://{lexicon.hostport(rng)}/{lexicon.word(rng)}"))())
        else:
            out += rng.choice((b"\x70", b"\x71\x00\x7e\x00" + bytes([rng.randint(0, 40)]), b"\x77\x04\x00\x00\x00" + bytes([rng.randint(0, 16)]), b"\x77\x08\x00\x00\x00\x10\x00\x00\x00\x02"))
    return out + rng.choice((b"\x78", b"\x78", b""))


def stream(rng):
    """An object stream: magic, version, contents."""
    out = b"\xac\xed\x00\x05"
    if rng.random() < 0.06:
        return out + b"\x77" + bytes([rng.randint(4, 40)]) + bytes(rng.getrandbits(8) for _ in range(rng.randint(4, 40)))
    for _ in range(rng.choice((1, 1, 1, 2))):
        out += element(rng)
    return out


def hessian(rng):
    """Hessian 1 and 2 (section 4 of its serialization specification): a map or object with a type's name, strings with a length."""
    name = rng.choice(NAMED + GADGETS[:40])
    pair = lambda: b"".join(b"S" + utf(text) for text in (rng.choice(FIELDS), f"{rng.choice(('ldap', 'rmi', 'http'))}://{lexicon.hostport(rng)}/{lexicon.word(rng)}" if rng.random() < 0.6 else lexicon.word(rng)))
    head = rng.choice((b"", b"", b"c\x01\x00m" + utf(lexicon.ident(rng)), b"H\x02\x00C" + bytes([5]) + b"hello\x91", b"H\x02\x00"))
    if rng.random() < 0.6:
        return head + b"Mt" + utf(name) + b"".join(pair() for _ in range(rng.randint(1, 3))) + b"z" * rng.randint(1, 2)
    return head + b"C" + rng.choice((b"0" + bytes([len(name)]), b"S" + struct.pack(">H", len(name)))) + name.encode() + b"\x91" + utf(rng.choice(FIELDS))[1:] + b"\x60" + pair()


def kryo(rng):
    """Kryo: registrations by name, whose last letter has its high bit set."""
    def name(text):
        return b"\x01\x00" + text[:-1].encode() + bytes([ord(text[-1]) | 128])
    return name(rng.choice(NAMED + GADGETS)) + bytes([rng.randint(1, 4)]) + name(rng.choice(NAMED + GADGETS)) + b"\x01" + bytes([len(raw := grammar.load("common").expand("recon", rng).encode()) % 127 + 129]) + raw


def written(raw, rng):
    """The bytes as text: Base64 in its alphabets, hex, or compressed first."""
    draw = rng.random()
    if draw < 0.55:
        return base64.b64encode(raw).decode()
    if draw < 0.65:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if draw < 0.72:
        return base64.b64encode(gzip.compress(raw, rng.randint(1, 9), mtime=0)).decode()
    if draw < 0.75:
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


KEYS = ("@type", "@type", "@type", "@type", "@class", "@class", "class", "$type", "@c", "type", "_class", "__type__", "javaClass", "className", "java/class", "=class", "!type", "clazz", "@java.type", "_type", "target_class")
SETTINGS = ("dataSourceName", "jndiName", "metricRegistry", "resourceName", "healthCheckRegistry", "userOverridesAsString", "val", "url", "driverClassName", "asText", "_name", "address", "autoCommit", "jndiNames", "properties", "configuration", "context", "dataSource", "connectionFactory", "userTransactionName", "realmName", "lookupName", "entityManagerJndiName", "targetBeanName", "propertyPath", "beanFactory", "hostToConnectTo", "portToConnectTo", "info", "databaseToConnectTo", "driverClassLoader", "driver", "loginTimeout", "host", "port", "file", "append", "stream", "branch", "reader", "charset", "bufferSize", "writeImmediately", "bytecode", "classpath")
SCHEMES = ("rmi", "ldap", "ldap", "ldaps", "http", "https", "dns", "iiop", "corbaname", "jdbc:h2:mem:;INIT=RUNSCRIPT FROM 'http", "jdbc:mysql", "jar:http", "file", "nis", "nds", "RMI", "LDAP", "ldap:/")


def setting(rng):
    """What a property of a named class is set to."""
    url = f"{rng.choice(SCHEMES)}://{lexicon.hostport(rng)}/{lexicon.word(rng)}{rng.choice(('', '', '.xml', '.class', '#' + lexicon.ident(rng).title(), '.jar'))}"
    return rng.choice((lambda: url, lambda: url, lambda: True, lambda: lexicon.word(rng), lambda: [lexicon.noise64(rng)], lambda: {}, lambda: rng.randint(0, 9999), lambda: "$$BCEL$$$l$8b$I$A" + lexicon.token(rng), lambda: {"@type": rng.choice(NAMED), rng.choice(SETTINGS): url}, lambda: [url], lambda: "HexAsciiSerializedMap:aced0005" + lexicon.hextoken(rng) + ";", lambda: grammar.load("common").expand("recon", rng)))()


def disguise(text, rng):
    """Escapes and white space that a lenient JSON parser accepts in keys and class names."""
    draw = rng.random()
    if draw < 0.3:
        return text.replace('"@type"', rng.choice(('"\\u0040type"', '"@\\u0074ype"', '"\\x40type"', '"\\u0040\\u0074\\u0079\\u0070\\u0065"', "'@type'", '"@type" ', "@type", '"@typ\\x65"', '"\\x40\\x74\\x79\\x70\\x65"')))
    if draw < 0.5:
        gap = rng.choice((" ", "\t", "\n", "\r\n", "/*" + lexicon.word(rng) + "*/", "  ", "\x0c", "/**/", ",,"))
        return text.replace('":', '"' + gap + ":" + gap, 1) if "," not in gap else text.replace("{", "{,,", 1)
    if draw < 0.65:
        return text.replace('"', "'")
    if draw < 0.8:
        return "".join(f"\\u{ord(char):04x}" if char.isalpha() and rng.random() < 0.25 else char for char in text)
    if draw < 0.9:
        return "".join(f"\\x{ord(char):02x}" if char.isalpha() and rng.random() < 0.2 else char for char in text)
    return text.replace('"', '\\"')


def typed(rng):
    """JSON that names its own class: fastjson, Jackson, json-io, Genson, Flexjson."""
    key, name = rng.choice(KEYS), rng.choice(NAMED)
    if rng.random() < 0.08:
        name = rng.choice(("L" + name + ";", "LL" + name + ";;", "[" + name + "[{", "[" + name, name.replace(".", "/"), name.replace(".", "$")))
    inner = {rng.choice(SETTINGS) if rng.random() < 0.8 else lexicon.ident(rng): setting(rng) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))}
    if "Templates" in name and rng.random() < 0.7:
        keep = [("_bytecodes", [base64.b64encode(b"\xca\xfe\xba\xbe" * (rng.random() < 0.5) + bytes(rng.getrandbits(8) for _ in range(rng.randint(20, 160)))).decode()]), ("_name", lexicon.word(rng)), ("_tfactory", {}), ("_outputProperties", {}), ("_version", "1.0"), ("allowedProtocols", "all"), ("outputProperties", {}), ("transletBytecodes", [lexicon.noise64(rng)]), ("transletName", lexicon.word(rng))]
        inner = dict(pair for pair in keep if rng.random() < 0.65)
    draw = rng.random()
    if draw < 0.5:
        document = {key: name, **inner}
    elif draw < 0.6:
        document = {**inner, lexicon.ident(rng): lexicon.word(rng), key: name}
    elif draw < 0.78:
        document = [name, rng.choice((inner, setting(rng), setting(rng), [setting(rng)], lexicon.word(rng)))]
    elif draw < 0.86:
        document = [{key: name, **inner}, lexicon.word(rng)][:rng.randint(1, 2)]
    elif draw < 0.93:
        document = {"@type": "java.lang.AutoCloseable", key + " " * (key == "@type"): name, **inner}
    else:
        document = {lexicon.word(rng): {key: "java.lang.Class", "val": name}, lexicon.word(rng): {key: name, **inner}}
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        document = rng.choice(({lexicon.ident(rng): document}, {lexicon.ident(rng): lexicon.word(rng), lexicon.ident(rng): document}, [document]))
    text = json.dumps(document, separators=(",", ":") if rng.random() < 0.6 else None)
    return disguise(text, rng) if rng.random() < 0.22 else text


def untyped(rng):
    """JSON with type names that are data: JSON-LD, Jackson's short names, Java class names in logs and configurations."""
    common = grammar.load("common")
    schema = rng.choice(("Product", "Article", "Person", "BreadcrumbList", "Organization", "Event", "Recipe", "FAQPage", "WebSite", "LocalBusiness", "Offer", "JobPosting", "VideoObject", "ListItem"))
    name = f"{rng.choice(('com', 'org', 'de'))}.{lexicon.word(rng)}.{rng.choice(('model', 'api', 'dto', 'service', 'web'))}.{lexicon.english(rng).title()}{rng.choice(('', 'Dto', 'Event', 'Request', 'Service', 'Exception'))}"
    document = rng.choice((
        lambda: {"@context": "https://schema.org", "@type": schema, "name": common.expand("prose", rng), "url": f"https://{lexicon.host(rng)}/{lexicon.word(rng)}"},
        lambda: {"@context": "https://schema.org/", "@graph": [{"@type": schema, "@id": f"https://{lexicon.host(rng)}/#{lexicon.word(rng)}", "name": lexicon.word(rng)}]},
        lambda: {"@type": schema, "offers": {"@type": "Offer", "price": rng.randint(1, 999), "priceCurrency": "EUR"}, "sku": lexicon.token(rng)},
        lambda: {"@class": lexicon.english(rng), lexicon.ident(rng): lexicon.word(rng)},
        lambda: {"type": lexicon.ident(rng), "class": f"{lexicon.word(rng)} btn-{lexicon.word(rng)}", "id": rng.randint(0, 9999)},
        lambda: {rng.choice(("_class", "eventType", "type", "logger", "logger_name", "className", "thread")): name, "level": rng.choice(("INFO", "WARN", "ERROR")), "message": common.expand("prose", rng)},
        lambda: [name, {"id": rng.randint(1, 9999), "url": f"https://{lexicon.host(rng)}/{lexicon.word(rng)}"}],
        lambda: [f"{lexicon.word(rng)}.{lexicon.word(rng)}", f"http://{lexicon.hostport(rng)}/{lexicon.word(rng)}.xml"],
        lambda: {"dataSourceName": lexicon.word(rng), "autoCommit": rng.random() < 0.5, "url": f"jdbc:postgresql://{lexicon.word(rng)}:5432/{lexicon.word(rng)}"},
        lambda: {"exception": f"java.lang.{rng.choice(('IllegalStateException', 'NullPointerException', 'IllegalArgumentException', 'NumberFormatException'))}", "message": common.expand("prose", rng), "path": f"/{lexicon.word(rng)}"},
        lambda: {"@timestamp": f"{lexicon.date(rng)}T{lexicon.clock(rng)}:00Z", "@version": "1", "logger_name": name, "message": common.expand("prose", rng)}))()
    text = json.dumps(document, separators=(",", ":") if rng.random() < 0.6 else None)
    return text.replace('"', "'") if rng.random() < 0.04 else text


def value(attack, rng):
    draw = rng.random()
    if attack:
        if draw < 0.36:
            return dressed(stream(rng), rng) if rng.random() < 0.7 else written(stream(rng), rng)
        if draw < 0.4:
            return dressed(rng.choice((hessian, kryo))(rng), rng)
        if draw < 0.65:
            return typed(rng)
        if draw < 0.82:
            return xstream(rng)
        if draw < 0.9:
            return grammar.load("java").expand("text", rng)
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
                       lambda: common.expand("prose", rng).encode(), lambda: json.dumps({lexicon.ident(rng): lexicon.word(rng), lexicon.ident(rng): rng.randint(0, 9999)}).encode(), lambda: noise, lambda: b"".join(bytes([8 * field + 2, len(text)]) + text for field, text in enumerate((lexicon.word(rng).encode(), lexicon.uuid(rng).encode(), lexicon.email(rng).encode()), 1)), lambda: b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + noise + lexicon.word(rng).encode() + b".xml", lambda: b"MII" + noise, lambda: b"\x30\x82\x02" + noise, lambda: b"\x1f\x8b\x08\x00" + noise, lambda: b"wOF2\x00\x01" + noise, lambda: f"{lexicon.word(rng)}:{lexicon.token(rng)}".encode(), lambda: f"<{lexicon.word(rng)}>{common.expand('prose', rng)}".encode(), lambda: b"\x0a" + bytes([rng.randint(1, 60)]) + noise))()


def twin(rng):
    draw = rng.random()
    common = grammar.load("common")
    if draw < 0.22:
        return jwt(rng)
    if draw < 0.48:
        return dressed(blob(rng), rng) if rng.random() < 0.7 else written(blob(rng), rng)
    if draw < 0.68:
        return untyped(rng)
    if draw < 0.74:
        return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(rng.getrandbits(8) for _ in range(rng.randint(20, 150)))).decode()
    if draw < 0.9:
        return grammar.load("java").expand("twin", rng)
    return lexicon.hextoken(rng)


def put(attack, carrier, rng):
    """Raw streams as whole bodies and files."""
    if rng.random() > 0.2 or (places.has_body(carrier) and rng.random() < 0.6):
        return ""
    raw = (stream(rng) if rng.random() < 0.85 else rng.choice((hessian, kryo))(rng)) if attack else blob(rng)
    if rng.random() < 0.2:
        raw = gzip.compress(raw, mtime=0)
    if rng.random() < 0.65:
        kind = "application/x-java-serialized-object" if attack and rng.random() < 0.4 else rng.choice(("application/octet-stream", "application/octet-stream", "application/x-protobuf", "application/x-hessian", "application/x-kryo", "application/x-www-form-urlencoded", ""))
        places.give(carrier, kind, raw, rng)
        return "raw"
    places.multipart_body(carrier, places.form_parts(rng, 2) + [(f'name="{lexicon.word(rng)}"; filename="{lexicon.word(rng)}.{rng.choice(("bin", "ser", "dat", "png"))}"', "application/octet-stream", raw)], rng)
    return "multipart"
