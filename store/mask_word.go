package store

import "strings"

// An attack may stand in a field whose value is masked: "password=' UNION SELECT …". A
// mask that turned its words to letters would hide it from a replay, so the words of
// attacks stay where a value looks like one: it has characters of attacks, and at
// least one word of attackWords, or a word of looseWords right after a quote,
// parenthesis, semicolon or bar, or a comparison after "and" or "or", or "../" in any
// of its spellings. Of a password that looks like that, such words stay as well; everything
// else in it is masked.

// attackWords are words of SQL, script, shells and files that are hardly part of
// anything else.
var attackWords = wordSet(`
	union select insert update delete drop truncate exec execute waitfor benchmark sleep pg_sleep having concat
	group_concat information_schema load_file outfile dumpfile xp_cmdshell sp_password utl_http utl_inaddr sysdate
	sqlite_master pg_catalog extractvalue updatexml rlike regexp substring substr ascii char chr nchar varchar cast
	script javascript vbscript onerror onload onclick onfocus onmouseover ontoggle onbegin alert prompt confirm eval
	iframe svg img srcdoc innerhtml document window fromcharcode expression
	etc passwd shadow proc environ cmdline htaccess htpasswd bashrc win ini boot system32 windows winnt
	bash whoami uname wget curl netcat ncat ifconfig ipconfig powershell cmd nslookup phpinfo passthru shell_exec
	popen subprocess base64 bin usr dev tcp
	jndi ldap ldaps rmi dns iiop lower upper env sys
	doctype entity system public cdata xmlns xinclude file php filter gopher expect phar zlib glob
	constructor prototype __proto__ __class__ runtime getruntime freemarker velocity ognl classloader processbuilder
	objectclass xwork struts2 servletactioncontext _memberaccess allowstaticmethodaccess denymethodexecution
	methodaccessor getresponse getwriter println httpservletresponse
	0x2e 0x2f 0x5c
`)

// looseWords are those that are also words of languages: they stay beside others.
var looseWords = wordSet(`
	or and not null true false like between in is as by from where into values set table tables database user version
	order group limit offset all distinct case when then else end if exists count min max length mid left right
	delay time shutdown grant create alter
	src href style body input form details video audio object embed meta link base xlink data math
	cat ls id ps nc ping echo printf rm cp mv sh python perl ruby php dir type net var tmp root home log logs
	http https ftp data uid cn ou mail
	java lang org apache context boolean integer string class new response request out print com net util io process
	method member access static allow deny
	txt conf config cfg xml jsp asp aspx exe dll dat html htm cgi pl www sbin lib opt mnt spool cron ssh id_rsa hosts
	issue motd resolv network drivers repair sam security inetpub wwwroot program files error httpd apache2 nginx
	ftpd pure cnf server logs
	rel stylesheet content equiv refresh cookie div font family color object param applet title text application
	template frame frameset marquee onstart onend animate action button onmouseover onmousemove onkeypress
	start netsh firewall chmod chown kill touch find grep awk sed pwd export copy del
	xor div mod rand rownum dual sqlite declare begin varchar2 convert int unhex hex xmltype upper ltrim
`)

// logicWords join a comparison to a query.
var logicWords = wordSet("and or xor")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// longestWord bounds the words that are looked up.
const longestWord = 24

func isWordByte(c byte) bool { return isAlnum(c) || c == '_' }

// wordAt returns the end of the word at i. A slash, backslash or dot that is written as
// a C number, as in 0x2fetc0x2fpasswd, is a word of its own.
func wordAt(b []byte, i int) int {
	if hexPunct(b[i:]) {
		return i + 4
	}
	for i++; i < len(b) && isWordByte(b[i]) && !hexPunct(b[i:]); i++ {
	}
	return i
}

func hexPunct(b []byte) bool {
	if len(b) < 4 || b[0] != '0' || b[1]|0x20 != 'x' {
		return false
	}
	switch b[2] {
	case '2':
		return b[3]|0x20 == 'f' || b[3]|0x20 == 'e'
	case '5':
		return b[3]|0x20 == 'c'
	}
	return false
}

// inSet looks a word up without regard to case.
func inSet(set map[string]bool, word []byte) bool {
	if len(word) < 2 || len(word) > longestWord {
		return false
	}
	var lower [longestWord]byte
	for i, c := range word {
		lower[i] = toLower(c)
	}
	return set[string(lower[:len(word)])]
}

// attackBytes are the characters without which a value is no attack.
var attackBytes = func() (set [256]bool) {
	for _, c := range []byte("'\"`<>()[]{}|;$\\*#%&/=") {
		set[c] = true
	}
	return set
}()

// attackLike reports whether b looks like an attack. It says the same of b masked.
func attackLike(b []byte) bool {
	for _, c := range b {
		if attackBytes[c] {
			return hasAttackWord(b)
		}
	}
	return false
}

// hasAttackWord goes through b in the steps that mask takes, so that it sees the same
// words.
func hasAttackWord(b []byte) bool {
	quote := false // right before, spaces apart
	logic := false // an "and" or "or" came before
	dots := 0      // right before
	for i := 0; i < len(b); {
		c, n := b[i], 1
		switch {
		case isWordByte(c):
			n = wordAt(b, i) - i
			word := b[i : i+n]
			if inSet(attackWords, word) || quote && inSet(looseWords, word) {
				return true
			}
			logic = logic || n <= 3 && i > 0 && inSet(logicWords, word)
		case c == '%':
			c, n = percentAt(b[i:])
		case c == '\\':
			if n = backslashLen(b[i:]); n == 2 {
				c = b[i+1] // an escaped quote is one
			}
		case c == '&':
			n = entityLen(b[i:])
		}
		if dots > 1 && (c == '/' || b[i] == '\\' || c == '\\') || logic && (c == '=' || c == '<' || c == '>') {
			return true
		}
		if dots++; c != '.' {
			dots = 0
		}
		switch c {
		case '\'', '"', '`', '(', ')', ';', '|':
			quote = true
		case ' ', '\t', '\n', '\r', '+', '/', '*', '&':
		default:
			quote = false
		}
		i += n
	}
	return false
}

// staysAsIs reports whether a word of a value that looks like an attack stays.
func staysAsIs(word []byte) bool { return inSet(attackWords, word) || inSet(looseWords, word) }
