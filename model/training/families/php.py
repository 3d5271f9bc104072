"""PHP's serialize() format and phar:// paths. A twin is a value without objects: arrays and scalars, as sessions and caches keep them."""

import base64

from . import grammar, lexicon

CLASSES = ("Monolog\\Handler\\SyslogUdpHandler", "Monolog\\Handler\\BufferHandler", "GuzzleHttp\\Psr7\\FnStream", "GuzzleHttp\\Cookie\\FileCookieJar", "GuzzleHttp\\HandlerStack", "Illuminate\\Broadcasting\\PendingBroadcast", "Illuminate\\Events\\Dispatcher", "Illuminate\\Foundation\\Testing\\PendingCommand",
           "Symfony\\Component\\Cache\\Adapter\\ApcuAdapter", "Symfony\\Component\\Process\\Process", "Swift_KeyCache_DiskKeyCache", "Swift_Message", "Zend_Log", "Zend_Db_Profiler", "Laminas\\Http\\Response\\Stream", "Doctrine\\Common\\Cache\\FilesystemCache", "yii\\db\\BatchQueryResult", "yii\\rest\\CreateAction",
           "think\\process\\pipes\\Windows", "think\\model\\Pivot", "CodeIgniter\\Cache\\Handlers\\RedisHandler", "Faker\\Generator", "Faker\\DefaultGenerator", "Requests_Utility_FilteredIterator", "WP_Theme", "WP_Hook", "SplFileObject", "SplObjectStorage", "ArrayObject", "ArrayIterator", "SoapClient", "SimpleXMLElement", "Exception", "Error", "DateTime", "stdClass", "stdClass",
           "__PHP_Incomplete_Class", "PDO", "mysqli", "GlobIterator", "Closure", "TCPDF", "Smarty_Internal_Template", "Twig_Environment", "Drupal\\Core\\Database\\Connection", "Phalcon\\Logger\\Adapter\\File", "Dompdf\\Dompdf", "PHPUnit_Framework_MockObject", "Typo3\\Core\\Log")


def text(value):
    return f's:{len(value.encode("utf-8", "surrogatepass"))}:"{value}";'


def scalar(rng, attack=False):
    draw = rng.random()
    if draw < 0.35:
        return text(grammar.load("common").expand("unixcmd0" if attack and rng.random() < 0.5 else "plainvalue", rng))
    if draw < 0.6:
        return f"i:{rng.randint(-5, 99999)};"
    if draw < 0.75:
        return f"b:{rng.randint(0, 1)};"
    if draw < 0.85:
        return f"d:{rng.randint(0, 999)}.{rng.randint(0, 99)};"
    return "N;"


def array(rng, depth, inner):
    count = rng.randint(0 if depth else 1, 4)
    body = ""
    for index in range(count):
        key = f"i:{index};" if rng.random() < 0.5 else text(lexicon.ident(rng))
        body += key + (array(rng, depth + 1, inner) if depth < 2 and rng.random() < 0.2 else inner(rng))
    return f"a:{count}:{{{body}}}"


def class_name(rng):
    if rng.random() < 0.6:
        return rng.choice(CLASSES)
    return rng.choice((lexicon.ident(rng).title().replace("_", ""), lexicon.word(rng).title() + "\\" + lexicon.ident(rng).title(), lexicon.ident(rng)))


def property_name(rng, owner):
    name = lexicon.ident(rng)
    return rng.choice((name, name, name, f"\0*\0{name}", f"\0{owner}\0{name}"))


def instance(rng, depth=0):
    name = class_name(rng)
    if rng.random() < 0.04:
        data = array(rng, 1, scalar)
        return f'C:{len(name)}:"{name}":{len(data)}:{{{data}}}'
    count = rng.choice((0, 1, 1, 1, 2, 2, 3, 4))
    body = ""
    for _ in range(count):
        draw = rng.random()
        content = instance(rng, depth + 1) if depth < 3 and draw < 0.3 else array(rng, 1, lambda r: scalar(r, True)) if draw < 0.45 else rng.choice(("R:2;", "r:1;")) if draw < 0.49 else text(payload(rng)) if draw < 0.75 else scalar(rng, True)
        body += text(property_name(rng, name)) + content
    sign = "+" if rng.random() < 0.05 else ""
    letter = "o" if rng.random() < 0.02 else "O"
    return f'{letter}:{sign}{len(name)}:"{name}":{count}:{{{body}}}'


def payload(rng):
    common = grammar.load("common")
    return rng.choice((lambda: common.expand("unixcmd0", rng), lambda: common.expand("secret", rng), lambda: f"<?php system($_GET['{lexicon.word(rng)}']);?>", lambda: rng.choice(("system", "phpinfo", "exec", "assert", "call_user_func", "passthru")), lambda: f"http://{lexicon.hostport(rng)}/", lambda: lexicon.word(rng), lambda: f"/var/www/html/{lexicon.word(rng)}.php"))()


def value(attack, rng):
    if not attack:
        return twin(rng)
    draw = rng.random()
    if draw < 0.12:
        return rng.choice(("phar://", "phar://", "PHAR://", "compress.zlib://phar://", "php://filter/resource=phar://", "compress.bzip2://phar://")) + rng.choice(("/tmp/", "./uploads/", "/var/www/html/", "../../", "/proc/self/fd/", "uploads/avatars/")) + lexicon.ident(rng) + rng.choice((".jpg", ".gif", ".png", ".phar", ".zip", ".pdf")) + "/" + lexicon.word(rng) + rng.choice(("", ".php", ".txt"))
    out = instance(rng)
    if draw < 0.35:  # an object within an array, as sessions hold it
        out = array(rng, 0, lambda r: scalar(r))[:-1] + text(lexicon.ident(rng)) + out + "}"
        size, _, rest = out[2:].partition(":")
        out = f"a:{int(size) + 1}:{rest}"
    elif draw < 0.42:
        out = f"{lexicon.ident(rng)}|{out}"
    if rng.random() < 0.18:
        out = base64.b64encode(out.encode("utf-8", "surrogatepass")).decode()
    elif rng.random() < 0.03:
        out = lexicon.hexed(out, rng)
    return out


def twin(rng):
    draw = rng.random()
    common = grammar.load("common")
    if draw < 0.45:
        out = array(rng, 0, scalar)
        return base64.b64encode(out.encode()).decode() if rng.random() < 0.15 else out
    if draw < 0.55:
        return "".join(f"{lexicon.ident(rng)}|{scalar(rng)}" for _ in range(rng.randint(1, 3)))
    if draw < 0.62:
        return scalar(rng) + rng.choice(("", ";")) + common.expand("plainvalue", rng)
    if draw < 0.72:
        return f"O: {common.expand('prose', rng)} a:{rng.randint(1, 9)}"
    if draw < 0.8:
        return f'{lexicon.ident(rng)}:{{{lexicon.ident(rng)}:"{lexicon.word(rng)}";{lexicon.ident(rng)}:{rng.randint(0, 99)}}}'
    if draw < 0.9:
        return "; ".join(f"{lexicon.word(rng)}:{rng.randint(0, 99)}:{lexicon.word(rng)}" for _ in range(rng.randint(1, 5)))
    return f"{lexicon.word(rng).title()} Object ( [{lexicon.word(rng)}] => {lexicon.word(rng)} ) {common.expand('prose', rng)}"


def put(attack, carrier, rng):
    return ""
