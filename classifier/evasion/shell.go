package evasion

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

var shellClass = []string{"cmdi", "shellshock"}

// shellMutations keep what a POSIX shell (XCU chapter 2) or Bash runs. They
// leave alone what is no shell command.
var shellMutations = Suite{
	onShell("sh-quotes", shellQuotes),
	onShell("sh-backslash", shellBackslash),
	onShell("sh-space", shellSpace),
	onShell("sh-brace", shellBrace),
	onShell("sh-empty", shellEmpty),
	onShell("sh-glob", shellGlob),
	onShell("sh-decode", shellDecode),
	onShell("sh-separator", shellSeparator),
	onShell("sh-path", shellPath),
	onShell("sh-variable", shellVariable),
	onShell("sh-ansi-c", shellANSI),
	onShell("sh-command", shellCommand),
	onShell("sh-wrapper", shellWrapper),
	onShell("sh-comment", shellComment),
	onPayload("sh-function", []string{"shellshock"}, shellFunction),
	onPayload("sh-value", []string{"cmdi"}, shellValue),
}

var (
	// shellStart is what begins a command in a payload, shellNames the commands
	// that the mutations know to be commands.
	shellNames = regexp.MustCompile(`(?:^|[;|&\n` + "`" + `(\s/])(cat|id|ls|whoami|uname|ping|sleep|wget|curl|nc|netcat|bash|sh|echo|head|tail|more|less|nslookup|dig|perl|python3?|php|ruby|touch|rm|cp|mv|ps|netstat|ifconfig|pwd|env|printenv|which|find|grep|chmod|uptime|hostname|reboot|kill|tftp|ssh|awk|sed|tac|sort|nl|od|xxd|date|dir|w)(?:[\s;|&` + "`" + `)]|$)`)
	shellOther = regexp.MustCompile(`(?i)(<\?|\bphp\b.*;|c:\\|%0|\bcmd\b|powershell|ipconfig|netsh|net user|system\s*\(|exec\s*\(|passthru|eval\s*\(|print\s*\(|\bimport\b|\btype\b)`)
	shellFile  = regexp.MustCompile(`/(?:etc|proc|var|usr|tmp|home|root|bin|dev)(?:/[\w.\-]+)+`)
	shellSplit = regexp.MustCompile(`^(\s*[\w.\-]*["']?\s*)(;|\|\||\||&&|&|\n|` + "`" + `|\$\()\s*`)
	shellWord  = regexp.MustCompile(`[A-Za-z]{2,}`)
)

// onShell makes a mutation of payloads that a POSIX shell runs. Of a shellshock
// payload it changes what follows the function.
func onShell(name string, change func(string, *rand.Rand) string) Mutation {
	return onPayload(name, shellClass, func(text string, r *rand.Rand) string {
		head := ""
		if i := strings.LastIndex(text, "};"); strings.Contains(text, "() {") && i > 0 {
			head, text = text[:i+2], text[i+2:]
		}
		if shellOther.MatchString(text) || !shellNames.MatchString(text) {
			return head + text
		}
		return head + change(text, r)
	})
}

// commandSpans returns the spans of the names of commands.
func commandSpans(text string) [][]int {
	return groups(shellNames.FindAllStringSubmatchIndex(text, -1), 1)
}

// literalSpans returns the spans of commands and of the words of file names:
// what may be quoted in part.
func literalSpans(text string) [][]int {
	if strings.ContainsAny(text, "'\"") {
		return commandSpans(text)
	}
	spans := commandSpans(text)
	for _, m := range shellFile.FindAllStringIndex(text, -1) {
		for _, w := range shellWord.FindAllStringIndex(text[m[0]:m[1]], -1) {
			s := []int{m[0] + w[0], m[0] + w[1]}
			if len(spans) == 0 || s[0] >= spans[len(spans)-1][1] {
				spans = append(spans, s)
			}
		}
	}
	return spans
}

// inWord changes words of two bytes and more at a place inside.
func inWord(text string, r *rand.Rand, change func(before, after string) string) string {
	out, _ := replaceSome(text, literalSpans(text), r, 0.6, func(s string) string {
		if len(s) < 2 {
			return s
		}
		i := within(s, r)
		return change(s[:i], s[i:])
	})
	return out
}

func shellQuotes(text string, r *rand.Rand) string {
	return inWord(text, r, func(a, b string) string {
		return pick(r, a+"''"+b, a+`""`+b, a+"'"+b[:1]+"'"+b[1:], a+`"`+b[:1]+`"`+b[1:], "'"+a+b+"'", `"`+a+`"`+b, a+"''''"+b)
	})
}

func shellBackslash(text string, r *rand.Rand) string {
	return inWord(text, r, func(a, b string) string { return pick(r, a+`\`+b, `\`+a+b, a+`\`+b, a+"\\\n"+b) })
}

// shellReserved ends in a reserved word (XCU section 2.4).
var shellReserved = regexp.MustCompile(`(?:^|[\s;|&(])(if|then|else|elif|fi|do|done|for|while|until|case|esac|in)$`)

// shellBlank are the blanks inside a command.
var shellBlank = regexp.MustCompile(`([\w.\-/'"])( +)([\w.\-/'"$])`)

func shellSpace(text string, r *rand.Rand) string {
	if strings.ContainsAny(text, "'\"") && chance(r, 0.7) {
		return text
	}
	blank := pick(r, "$IFS", "${IFS}", "$IFS$9", "\t", "${IFS%?}", "$IFS$()", "  ", "${IFS:0:1}", "$'\\x20'")
	var spans [][]int
	for _, m := range shellBlank.FindAllStringSubmatchIndex(text, -1) {
		if !shellReserved.MatchString(text[:m[4]]) { // reserved words are looked for before expansion
			spans = append(spans, m[4:6])
		}
	}
	out, _ := replaceSome(text, spans, r, 1, func(string) string { return blank })
	if chance(r, 0.2) {
		out = shellReader.ReplaceAllString(text, "$1</")
	}
	if strings.HasPrefix(blank, "$IFS") && blank == "$IFS" {
		// $IFSname would be another variable.
		out = shellIFS.ReplaceAllString(out, "$${IFS}$1")
	}
	return out
}

// shellSimple is a command of bare words.
var shellSimple = regexp.MustCompile(`(^|[;|&\n` + "`" + `(]\s*)([a-z][\w/.\-]*(?: [\w/.\-]+){1,4})(\s*(?:$|[;|&\n` + "`" + `)#]))`)

func shellBrace(text string, r *rand.Rand) string {
	m := shellSimple.FindStringSubmatchIndex(text)
	if m == nil || shellReserved.MatchString(strings.SplitN(text[m[4]:m[5]], " ", 2)[0]) {
		return text
	}
	return text[:m[4]] + "{" + strings.ReplaceAll(text[m[4]:m[5]], " ", ",") + "}" + text[m[5]:]
}

// shellEmpty puts expansions to nothing into words.
func shellEmpty(text string, r *rand.Rand) string {
	return inWord(text, r, func(a, b string) string {
		return a + pick(r, "$@", "$*", "${x}", "${"+name(r)+"}", "$()", "``", "${@}", "$9", "${x:-}", "$(:)", "${9}") + b
	})
}

func shellGlob(text string, r *rand.Rand) string {
	out, _ := replaceSome(text, shellFile.FindAllStringIndex(text, -1), r, 1, func(s string) string {
		parts := strings.Split(s, "/")
		for i, p := range parts {
			if len(p) < 2 || !chance(r, 0.8) {
				continue
			}
			j := r.IntN(len(p))
			parts[i] = pick(r, p[:j]+"?"+p[j+1:], p[:j]+"["+p[j:j+1]+"]"+p[j+1:], p[:1]+"*"+p[len(p)-1:], p[:j]+"[!x]"+p[j+1:], strings.Repeat("?", len(p)))
		}
		return strings.Join(parts, "/")
	})
	return out
}

// shellDecode has the command decoded by the shell that runs it.
func shellDecode(text string, r *rand.Rand) string {
	m := shellSplit.FindStringSubmatchIndex(text)
	if m == nil {
		return text
	}
	lead, command := text[:m[1]], text[m[1]:]
	tail := ""
	if i := strings.IndexAny(command, "`)#"); i >= 0 {
		command, tail = command[:i], command[i:]
	}
	if command = strings.TrimSpace(command); command == "" || len(command) > 500 || strings.ContainsAny(command, "'\"|&;") {
		return text
	}
	b := base64.StdEncoding.EncodeToString([]byte(command))
	hex, octal := "", ""
	for i := 0; i < len(command); i++ {
		hex += fmt.Sprintf(`\x%02x`, command[i])
		octal += fmt.Sprintf(`\%03o`, command[i])
	}
	return lead + pick(r, "echo "+b+"|base64 -d|sh", "bash<<<$(base64 -d<<<"+b+")", "sh -c \"$(echo "+b+"|base64 -d)\"", "printf '"+octal+"'|sh", "eval $(printf '"+hex+"')", "echo -e '"+hex+"'|bash",
		"echo "+reverse(command)+"|rev|sh", "base64 -d<<<"+b+"|bash", "echo "+strings.ReplaceAll(hex, `\x`, "")+"|xxd -r -p|sh", "openssl enc -base64 -d<<<"+b+"|sh") + tail
}

// shellSeparator begins the command otherwise.
func shellSeparator(text string, r *rand.Rand) string {
	m := shellSplit.FindStringSubmatchIndex(text)
	if m == nil {
		return text
	}
	before, separator, command := text[:m[3]], text[m[4]:m[5]], text[m[1]:]
	switch separator {
	case "`":
		command = strings.TrimSuffix(strings.TrimSpace(command), "`")
	case "$(":
		command = strings.TrimSuffix(strings.TrimSpace(command), ")")
	}
	if strings.ContainsAny(command, "`)\"") {
		return text
	}
	return before + pick(r, ";"+command, "|"+command, "&"+command, "\n"+command, "; "+command, " | "+command, "&&"+command, "||"+command, "$("+command+")", "`"+command+"`", ";"+command+";", "\r\n"+command, "|"+command+"|", ";;"+command, "\n"+command+"\n", "&"+command+"&", "<("+command+")")
}

var shellPaths = map[string]string{"cat": "/bin/cat", "id": "/usr/bin/id", "ls": "/bin/ls", "whoami": "/usr/bin/whoami", "uname": "/bin/uname", "ping": "/bin/ping", "sleep": "/bin/sleep", "wget": "/usr/bin/wget",
	"curl": "/usr/bin/curl", "bash": "/bin/bash", "sh": "/bin/sh", "head": "/usr/bin/head", "tail": "/usr/bin/tail", "python": "/usr/bin/python", "perl": "/usr/bin/perl"}

func shellPath(text string, r *rand.Rand) string {
	if chance(r, 0.5) {
		out := shellBin.ReplaceAllString(text, "$1")
		if out != text {
			return out
		}
	}
	spans := commandSpans(text)
	for i := len(spans) - 1; i >= 0; i-- {
		if s := spans[i]; s[0] > 0 && text[s[0]-1] == '/' {
			spans = append(spans[:i], spans[i+1:]...)
		}
	}
	out, _ := replaceSome(text, spans, r, 0.7, func(s string) string {
		if p := shellPaths[s]; p != "" {
			return pick(r, p, strings.Replace(p, "bin/", "bin/./", 1), strings.Replace(p, "/", "//", 1), "/usr/local/../.."+p)
		}
		return s
	})
	return out
}

// shellVariable builds words and slashes of variables.
func shellVariable(text string, r *rand.Rand) string {
	if chance(r, 0.5) {
		out, _ := replaceSome(text, shellFile.FindAllStringIndex(text, -1), r, 1, func(s string) string {
			return strings.ReplaceAll(s, "/", pick(r, "${HOME:0:1}", "${PATH:0:1}", "${PWD:0:1}", "$(pwd|cut -c1)", "${SHELL%%[!/]*}"))
		})
		return out
	}
	m := shellSplit.FindStringSubmatchIndex(text)
	spans := commandSpans(text)
	if m == nil || len(spans) == 0 || len(text[spans[0][0]:spans[0][1]]) < 2 || spans[0][0] != m[1] {
		return text
	}
	s := spans[0]
	word := text[s[0]:s[1]]
	i := within(word, r)
	a, b := name(r), name(r)+"x"
	return text[:s[0]] + a + "=" + word[:i] + ";" + b + "=" + word[i:] + ";$" + a + "$" + b + text[s[1]:]
}

// shellANSI writes characters as Bash's $'…' has them.
func shellANSI(text string, r *rand.Rand) string {
	return inWord(text, r, func(a, b string) string {
		if strings.ContainsAny(a+b, "'") {
			return a + b
		}
		return a + pick(r, fmt.Sprintf(`$'\x%02x'`, b[0]), fmt.Sprintf(`$'\%03o'`, b[0]), "$'"+b[:1]+"'", fmt.Sprintf(`$'\u%04x'`, b[0])) + b[1:]
	})
}

// shellCommand uses a command that does much the same.
func shellCommand(text string, r *rand.Rand) string {
	families := [][]string{{"cat", "tac", "head", "tail", "nl", "sort", "more", "less", "od -c", "rev", "fold", "uniq", "paste", "base64", "xxd", "strings", "dd if="},
		{"id", "whoami", "groups", "uname -a", "hostname", "pwd", "env", "w", "ps", "uptime"}, {"wget", "curl"}, {"ls", "dir", "find", "vdir", "stat"}, {"bash", "sh", "dash", "ksh"}}
	spans := commandSpans(text)
	out, _ := replaceSome(text, spans, r, 0.5, func(s string) string {
		for _, f := range families {
			for _, w := range f {
				if w == s {
					return strings.TrimSuffix(pick(r, f...), "dd if=")
				}
			}
		}
		return s
	})
	if strings.Contains(out, "  ") || strings.HasPrefix(out, " ") != strings.HasPrefix(text, " ") {
		return text
	}
	return out
}

// shellWrapper has another command run it.
func shellWrapper(text string, r *rand.Rand) string {
	spans := commandSpans(text)
	if len(spans) == 0 {
		return text
	}
	s := spans[0]
	for s[0] > 0 && (text[s[0]-1] == '/' || alphanumeric(text[s[0]-1])) {
		s[0]--
	}
	return text[:s[0]] + pick(r, "command ", "env ", "nohup ", "eval ", "busybox ", "nice ", "timeout 9 ", "setsid ", "xargs -a /dev/null ", name(r)+"=1 ", "stdbuf -o0 ") + text[s[0]:]
}

func shellComment(text string, r *rand.Rand) string {
	if strings.ContainsAny(text, "`)\"'#") || len(text) > 2000 {
		return text
	}
	return strings.TrimRight(text, ";|& ") + pick(r, " #", ";#", " # ", "\n# ", ";: ") + prose(r, 1+r.IntN(8))
}

// shellFunction writes the function of a shellshock payload otherwise. Bash
// looks for the four characters "() {" alone.
func shellFunction(text string, r *rand.Rand) string {
	i := strings.Index(text, "() {")
	j := strings.Index(text, "};")
	if i < 0 || j < i {
		return text
	}
	body := pick(r, " :;", " :; ", " "+name(r)+"; ", " _;", " true;", " echo "+name(r)+"; ", " return;", " "+name(r)+"=1;", " ( : );", "\t:;", " foo;")
	return text[:i] + "() {" + body + "};" + pick(r, "", " ", "  ") + strings.TrimLeft(text[j+2:], " ")
}

// shellValue changes the ordinary value before the first separator.
func shellValue(text string, r *rand.Rand) string {
	m := shellSplit.FindStringSubmatchIndex(text)
	if m == nil || strings.ContainsAny(text[:m[3]], "'\"") || shellOther.MatchString(text) && !windowsCommand.MatchString(text) {
		return text
	}
	separator := text[m[4]:m[5]]
	if separator == "||" {
		return text
	}
	return pick(r, "", "127.0.0.1", "localhost", "report.txt", name(r), prose(r, 1), "1", "8.8.8.8", name(r)+".example.com", prose(r, 3)) + pick(r, "", " ") + text[m[4]:]
}

var (
	shellReader = regexp.MustCompile(`\b(cat|head|tail|more|less|nl|sort|tac)\s+/`)
	shellIFS    = regexp.MustCompile(`\$IFS([A-Za-z0-9_])`)
	shellBin    = regexp.MustCompile(`/(?:usr/)?bin/(cat|id|ls|whoami|uname|ping|sleep|wget|curl|bash|sh|head|tail|python|perl)\b`)
)
