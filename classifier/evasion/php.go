package evasion

import (
	"math/rand/v2"
	"regexp"
)

// phpMutations keep what PHP runs where a payload is PHP.
var phpMutations = Suite{
	onPHP("php-case", func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, groups(phpCall.FindAllStringSubmatchIndex(text, -1), 1), r, 1, func(s string) string { return mixCase(s, r) })
		return out
	}),
	onPHP("php-comment", func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, groups(phpCall.FindAllStringSubmatchIndex(text, -1), 2), r, 0.7, func(string) string {
			return pick(r, "/**/", "/*"+prose(r, 2)+"*/", " ", "\n", "\t", "//"+name(r)+"\n", "#"+name(r)+"\n")
		})
		return out
	}),
	onPHP("php-callee", func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, groups(phpCallee.FindAllStringSubmatchIndex(text, -1), 1), r, 1, func(s string) string {
			i := within(s, r)
			return pick(r, "('"+s[:i]+"'.'"+s[i:]+"')", `("`+s[:i]+`"."`+s[i:]+`")`, "('"+s+"')", "(strrev('"+reverse(s)+"'))", `\`+s, "@"+s)
		})
		return out
	}),
	onPHP("php-tag", func(text string, r *rand.Rand) string {
		return phpTag.ReplaceAllString(text, pick(r, "<?php ", "<?= ", "<?PHP\n", "<?pHp\t", "<? "))
	}),
}

// phpText is text that PHP evaluates: not a template of another language.
var phpText = regexp.MustCompile(`(?i)<\?(php|=|\s)|\{php\}|\$\{@?(print|system|exec|passthru|shell_exec|p?open|proc_open|eval|assert|phpinfo)\s*\(`)

var phpCall = regexp.MustCompile(`\b(system|exec|passthru|shell_exec|popen|phpinfo|eval|print|assert|base64_decode|file_get_contents|var_dump)(\s*)\(`)

func onPHP(name string, change func(string, *rand.Rand) string) Mutation {
	return onPayload(name, []string{"cmdi", "other"}, func(text string, r *rand.Rand) string {
		if !phpCall.MatchString(text) || !phpText.MatchString(text) {
			return text
		}
		return change(text, r)
	})
}

var (
	phpCallee = regexp.MustCompile(`\b(system|exec|passthru|shell_exec|popen|phpinfo)(?:\s*\()`)
	phpTag    = regexp.MustCompile(`(?i)<\?(php)?\s`)
)
