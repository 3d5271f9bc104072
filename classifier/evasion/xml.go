package evasion

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

var xmlClass = []string{"xxe"}

// xmlMutations keep what an XML processor reads (XML 1.0 sections 2.8 and 4.2).
var xmlMutations = Suite{
	onPayload("xml-space", xmlClass, func(text string, r *rand.Rand) string {
		out, _ := replaceSome(text, xmlKeyword.FindAllStringIndex(text, -1), r, 0.7, func(s string) string {
			return strings.TrimSpace(s) + pick(r, " ", "\n", "\t", "\r\n", "   ", "\n\t")
		})
		return out
	}),
	onPayload("xml-quote", xmlClass, func(text string, r *rand.Rand) string {
		return xmlID.ReplaceAllString(text, pick(r, `$1$2"$3$4"`, `$1$2'$3$4'`))
	}),
	onPayload("xml-names", xmlClass, func(text string, r *rand.Rand) string {
		for _, re := range []*regexp.Regexp{xmlEntity, xmlRoot} {
			if m := re.FindStringSubmatch(text); m != nil && len(m[1]) > 1 {
				text = regexp.MustCompile(`\b`+regexp.QuoteMeta(m[1])+`\b`).ReplaceAllString(text, pick(r, name(r), words[r.IntN(len(words))], strings.ToUpper(name(r))))
			}
		}
		return text
	}),
	onPayload("xml-public", xmlClass, func(text string, r *rand.Rand) string {
		return xmlSystem.ReplaceAllString(text, "${1}PUBLIC \""+name(r)+"\" ${2}")
	}),
	onPayload("xml-url", xmlClass, func(text string, r *rand.Rand) string {
		return xmlFile.ReplaceAllString(text, "${1}"+pick(r, "file:///etc/passwd", "file:/etc/passwd", "file://localhost/etc/hosts", "/etc/passwd", "file:///c:/windows/win.ini", "php://filter/convert.base64-encode/resource=index.php",
			"http://"+name(r)+".example.com/"+name(r)+".dtd", "jar:http://"+name(r)+".example.com/a.zip!/b", "netdoc:/etc/passwd", "file:///etc/./passwd", "file:%2f%2f%2fetc%2fpasswd", "ftp://"+name(r)+".example.com/x"))
	}),
	onPayload("xml-comment", xmlClass, func(text string, r *rand.Rand) string {
		comment := "<!-- " + prose(r, 1+r.IntN(6)) + " -->"
		out, _ := replaceSome(text, xmlSeam.FindAllStringIndex(text, -1), r, 0.7, func(s string) string {
			if strings.HasPrefix(s, "[") {
				return "[" + comment + "<!"
			}
			return s + pick(r, comment, "\n"+comment+"\n", "\n\n")
		})
		return out
	}),
	onPayload("xml-declaration", xmlClass, func(text string, r *rand.Rand) string {
		declaration := pick(r, "", `<?xml version="1.0"?>`, `<?xml version='1.0' encoding='utf-8' standalone='no'?>`, `<?xml version="1.0" encoding="ISO-8859-1"?>`, "<?xml\nversion=\"1.0\"\n?>", `<?xml version="1.1"?>`)
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, "<") {
			return text
		}
		if i := strings.Index(text, "?>"); strings.HasPrefix(text, "<?xml") && i > 0 {
			if strings.Contains(text[:i], "UTF-7") {
				return text
			}
			text = text[i+2:]
		}
		return declaration + strings.TrimLeft(text, " \t\r\n")
	}),
	onPayload("xml-elements", xmlClass, func(text string, r *rand.Rand) string {
		i := strings.Index(text, "]>")
		if i < 0 || len(text) > 4000 {
			return text
		}
		return text[:i] + pick(r, "<!ELEMENT "+name(r)+" ANY>", "<!ENTITY "+name(r)+` "`+prose(r, 3)+`">`, "<!ATTLIST "+name(r)+" "+name(r)+" CDATA #IMPLIED>", "<?"+name(r)+" "+prose(r, 2)+"?>") + text[i:]
	}),
}

var (
	xmlKeyword = regexp.MustCompile(`(<!DOCTYPE|<!ENTITY|<!ELEMENT|SYSTEM|PUBLIC)\s+`)
	xmlID      = regexp.MustCompile(`(SYSTEM|PUBLIC)(\s+)(?:"([^"']*)"|'([^"']*)')`)
	xmlEntity  = regexp.MustCompile(`<!ENTITY\s+(?:%\s+)?([A-Za-z_]\w*)`)
	xmlRoot    = regexp.MustCompile(`<!DOCTYPE\s+([A-Za-z_]\w*)`)
	xmlSystem  = regexp.MustCompile(`(<!(?:ENTITY|DOCTYPE)[^>\[]*?)\bSYSTEM\s+(["'])`)
	xmlFile    = regexp.MustCompile(`(SYSTEM\s+["'])(?:file:/{1,4}[\w./\-]+)`)
	xmlSeam    = regexp.MustCompile(`\?>|\[\s*<!`)
)
