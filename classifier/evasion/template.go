package evasion

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

// templateMutations keep what template engines evaluate.
var templateMutations = Suite{
	onPayload("template-space", []string{"other"}, func(text string, r *rand.Rand) string {
		return templateOpen.ReplaceAllString(text, "${1}"+pick(r, " ", "\n", "\t", "  "))
	}),
	onPayload("template-attribute", []string{"other"}, func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, templateMember.FindAllStringIndex(text, -1), r, 0.6, func(s string) string {
			s = s[1:]
			i := within(s, r)
			return pick(r, "['"+s+"']", `["`+s+`"]`, "['"+s[:i]+"'+'"+s[i:]+"']", "|attr('"+s+"')", "["+`"`+s[:i]+`"~"`+s[i:]+`"]`)
		})
		if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
			return text
		}
		return out
	}),
	onPayload("template-string", []string{"other"}, func(text string, r *rand.Rand) string {
		if !strings.Contains(text, "{{") {
			return text
		}
		out, _ := replaceSome(text, templateDunder.FindAllStringIndex(text, -1), r, 0.5, func(string) string { return `\x5f\x5f` })
		if !strings.ContainsAny(text, "'\"") || strings.Contains(text, ".__") {
			return text
		}
		return out
	}),
	onPayload("template-prose", []string{"other"}, func(text string, r *rand.Rand) string {
		if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "${") || len(text) > 4000 || strings.Contains(text, `":`) {
			return text
		}
		return pick(r, prose(r, 1+r.IntN(6))+" "+text, text+" "+prose(r, 1+r.IntN(6)))
	}),
}

var (
	templateOpen   = regexp.MustCompile(`(\{\{|\{%|\$\{|<%=?|#\{)\s*`)
	templateMember = regexp.MustCompile(`\.(__\w+__|config|class|os|system|module)\b`)
	templateDunder = regexp.MustCompile(`__`)
)
