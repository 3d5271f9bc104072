""".NET objects: BinaryFormatter ([MS-NRBF]), LosFormatter view states around it, Json.NET type names, DataContract and XAML carriers."""

import base64
import struct
import urllib.parse

from . import grammar, java, lexicon, places

ASSEMBLIES = ("System", "System.Data", "System.Management.Automation", "Microsoft.PowerShell.Editor", "System.Windows.Forms", "System.Configuration.Install", "PresentationFramework", "System.Drawing", "System.IdentityModel", "System.Web", "mscorlib", "System.Workflow.ComponentModel")
CLASSES = ("System.Collections.Generic.SortedSet`1[[System.String, mscorlib]]", "System.Collections.Generic.ComparisonComparer`1[[System.String, mscorlib]]", "System.DelegateSerializationHolder", "System.Windows.Data.ObjectDataProvider", "Microsoft.VisualStudio.Text.Formatting.TextFormattingRunProperties", "System.Security.Principal.WindowsIdentity", "System.Data.DataSet",
           "System.Configuration.Install.AssemblyInstaller", "System.Security.Claims.ClaimsIdentity", "System.Windows.Forms.AxHost+State", "System.Drawing.Design.ToolboxItemContainer", "System.Diagnostics.Process", "System.Web.Security.RolePrincipal", "System.Activities.Presentation.WorkflowDesigner", "System.Windows.ResourceDictionary", "System.CodeDom.Compiler.TempFileCollection", "System.IO.FileInfo", "System.Workflow.ComponentModel.Serialization.ActivitySurrogateSelector+ObjectSurrogate+ObjectSerializedRef", "System.Xml.XmlDocument")


def lp(text):
    """A length-prefixed string: seven bits a byte."""
    raw, out, size = text.encode(), b"", len(text.encode())
    while size > 127:
        out += bytes([size & 127 | 128])
        size >>= 7
    return out + bytes([size]) + raw


def assembly(rng):
    return f"{rng.choice(ASSEMBLIES)}, Version={rng.randint(1, 4)}.0.0.0, Culture=neutral, PublicKeyToken={rng.getrandbits(64):016x}"


def stream(rng):
    out = b"\x00\x01\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00"
    out += b"\x0c\x02\x00\x00\x00" + lp(assembly(rng))
    names = [rng.choice(("Count", "Comparer", "Version", "Items", "Delegate", "method0", "_comparison", "ForegroundBrush", "PropertyBagBinary", lexicon.ident(rng))) for _ in range(rng.randint(1, 4))]
    out += b"\x05\x01\x00\x00\x00" + lp(rng.choice(CLASSES)) + struct.pack("<I", len(names)) + b"".join(lp(name) for name in names) + bytes(rng.choice((1, 2, 3, 0)) for _ in names) + b"\x02\x00\x00\x00"
    out += b"\x06\x03\x00\x00\x00" + lp(rng.choice(("/c ", "-c ", "")) + grammar.load("common").expand("wincmd", rng)) + b"\x0b"
    return out


def view_state(rng, attack):
    """LosFormatter output: the 0xff 0x01 header, then 0x32 (binary formatted) for an attack, plain pairs and strings for an ordinary page."""
    if attack:
        inner = stream(rng)
        size, head = len(inner), b""
        while size > 127:
            head += bytes([size & 127 | 128])
            size >>= 7
        raw = b"\xff\x01\x32" + head + bytes([size]) + inner
    else:
        raw = b"\xff\x01\x0f\x0f\x05" + lp(str(rng.randint(10 ** 6, 10 ** 9))) + b"\x0f\x16" + bytes([rng.randint(0, 4)]) + b"\x1e" + b"".join(b"\x05" + lp(lexicon.ident(rng)) for _ in range(rng.randint(0, 6))) + b"\x64\x64" + bytes(rng.getrandbits(8) for _ in range(20))
    return base64.b64encode(raw).decode()


def value(attack, rng):
    draw = rng.random()
    if attack:
        if draw < 0.35:
            return java.dressed(stream(rng), rng) if rng.random() < 0.6 else base64.b64encode(stream(rng)).decode()
        if draw < 0.5:
            return view_state(rng, True)
        return grammar.load("dotnet").expand("attack", rng)
    if draw < 0.25:
        return view_state(rng, False)
    if draw < 0.45:
        return java.dressed(java.blob(rng), rng)
    return grammar.load("dotnet").expand("twin", rng)


def put(attack, carrier, rng):
    draw = rng.random()
    if draw < 0.25:  # a page's form, as ASP.NET posts it back
        pairs = [f"__VIEWSTATE={urllib.parse.quote(view_state(rng, attack), safe='')}", f"__VIEWSTATEGENERATOR={rng.getrandbits(32):08X}"]
        if rng.random() < 0.5:
            pairs.append("__EVENTTARGET=" + rng.choice(("", lexicon.ident(rng))))
        if rng.random() < 0.2:
            return places.add_query(carrier, pairs, rng)
        return places.form_body(carrier, pairs, rng)
    if draw < 0.32 and not places.has_body(carrier):
        places.give(carrier, "application/octet-stream", stream(rng) if attack else java.blob(rng), rng)
        return "raw"
    if draw < 0.5 and not places.has_body(carrier):
        text = grammar.load("dotnet").expand("json" if attack else "jsontwin", rng)
        places.give(carrier, "application/json", text, rng)
        return "json"
    return ""
