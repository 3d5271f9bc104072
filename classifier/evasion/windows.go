package evasion

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

var cmdiClass = []string{"cmdi"}

// windowsMutations keep what cmd.exe or PowerShell runs.
var windowsMutations = Suite{
	onWindows("cmd-caret", func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, groups(windowsCommand.FindAllStringSubmatchIndex(text, -1), 1), r, 0.8, func(s string) string {
			var b strings.Builder
			for i := range len(s) {
				if i > 0 && chance(r, 0.5) {
					b.WriteByte('^')
				}
				b.WriteByte(s[i])
			}
			return b.String()
		})
		return out
	}),
	onWindows("cmd-quote", func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, groups(windowsCommand.FindAllStringSubmatchIndex(text, -1), 1), r, 0.8, func(s string) string {
			i := within(s, r)
			return pick(r, s[:i]+`""`+s[i:], s[:i]+`"`+s[i:]+`"`, `"`+s[:i]+`"`+s[i:])
		})
		return out
	}),
	onWindows("cmd-case", func(text string, r *rand.Rand) string { return mixCase(text, r) }),
	onWindows("cmd-space", func(text string, r *rand.Rand) string {
		blank := pick(r, ",", ";", "=", "\t", "  ", "%PROGRAMFILES:~10,1%", "%ProgramFiles:~10,-5%")
		out, _ := replaceSome(text, groups(windowsBlank.FindAllStringSubmatchIndex(text, -1), 1), r, 0.6, func(string) string { return blank })
		return out
	}),
	onWindows("cmd-shell", func(text string, r *rand.Rand) string {
		m := shellSplit.FindStringSubmatchIndex(text)
		if m == nil || strings.Contains(text, "cmd") || strings.ContainsAny(text[m[1]:], "|&") {
			return text
		}
		return text[:m[1]] + pick(r, "cmd /c ", "cmd.exe /c ", "%COMSPEC% /c ", "cmd /q /c ", "start /b ", "call ", "forfiles /c ", "@") + text[m[1]:]
	}),
	onWindows("cmd-separator", func(text string, r *rand.Rand) string {
		m := shellSplit.FindStringSubmatchIndex(text)
		if m == nil || strings.Contains("`$(\n;", text[m[4]:m[5]]) {
			return text
		}
		return text[:m[3]] + pick(r, "|", "&", "&&", "||", " & ", " | ") + text[m[1]:]
	}),
}

var windowsBlank = regexp.MustCompile(`\w( )[\w/\\.:]`)

var windowsCommand = regexp.MustCompile(`(?i)(?:^|[;|&\s(\\])(type|dir|ipconfig|netsh|net|whoami|ping|systeminfo|tasklist|cmd|powershell|certutil|copy|del|reg|wmic|bitsadmin|route|echo|sysinfo)(?:[\s;|&.)]|$)`)

// windowsOnly are signs that no POSIX shell is meant.
var windowsOnly = regexp.MustCompile(`(?i)([c-z]:\\|\bipconfig\b|\bnetsh\b|\bnet (user|localgroup|view|start)\b|\bsysteminfo\b|\btasklist\b|\bcmd(\.exe)?\b|\bpowershell\b|\btype \b|\bdir [cC/\\]|\bcertutil\b|\bwmic\b|\bwin\.ini\b|\bboot\.ini\b|%(windir|comspec|systemroot|programfiles|temp|username|path)%)`)

func onWindows(name string, change func(string, *rand.Rand) string) Mutation {
	return onPayload(name, cmdiClass, func(text string, r *rand.Rand) string {
		if !windowsOnly.MatchString(text) || !windowsCommand.MatchString(text) || strings.Contains(text, "<?") {
			return text
		}
		return change(text, r)
	})
}
