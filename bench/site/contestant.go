package site

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

// Contestant is one configuration under test: a Caddy that proxies everything to
// the upstream, with directives before that and global options.
type Contestant struct {
	Name string `json:"name"`
	// Binary is the Caddy to run.
	Binary string `json:"-"`
	// Globals are lines of the Caddyfile's global options, Directives lines of
	// the site. In both {data} stands for a folder of the contestant's own.
	Globals    []string `json:"globals,omitempty"`
	Directives []string `json:"directives,omitempty"`
}

// Limen reports whether the contestant has the firewall in it.
func (c *Contestant) Limen() bool { return c.has("limen") }

// Coraza reports whether the contestant needs a Caddy with Coraza.
func (c *Contestant) Coraza() bool { return c.has("coraza_waf") }

// has reports whether a line of the directives begins with the word.
func (c *Contestant) has(word string) bool {
	for _, line := range c.Directives {
		if strings.HasPrefix(strings.TrimSpace(line), word) {
			return true
		}
	}
	return false
}

// builtin are the contestants that need no file.
var builtin = map[string]struct{ globals, block []string }{
	"limen":          {nil, []string{"mode block"}},
	"limen-native":   {[]string{"device native"}, []string{"mode block"}},
	"limen-cpu":      {[]string{"device cpu"}, []string{"mode block"}},
	"limen-observe":  {nil, []string{"mode observe"}},
	"limen-flagged":  {nil, []string{"mode block", "record flagged"}},
	"limen-norecord": {nil, []string{"mode block", "record none"}},
}

// ruleset is a configuration of Coraza with the OWASP Core Rule Set: its paranoia
// level, and lines of SecLang before and after the rules.
type ruleset struct {
	paranoia      int
	before, after []string
}

// rulesets are the built-in contestants with Coraza. All have the settings that
// both projects recommend and ship. "fast" turns on what Coraza offers to save
// time: an experimental filter before regular expressions, and leaving the bodies
// of answers alone, which Limen never looks at. "nopolicy" leaves out the two
// rules that say nothing of attacks but enforce what a site must list for itself,
// allowed methods and content types: as shipped they refuse every PUT, PATCH and
// DELETE.
var rulesets = map[string]ruleset{
	"coraza-pl1":          {paranoia: 1},
	"coraza-pl2":          {paranoia: 2},
	"coraza-pl1-fast":     {1, []string{"SecRxPreFilter On", "SecResponseBodyAccess Off"}, nil},
	"coraza-pl1-nopolicy": {1, nil, []string{"SecRuleRemoveById 911100 920420"}},
}

// Builtin returns the names of the contestants that Named knows without a file.
func Builtin() []string {
	names := []string{"bare"}
	for name := range builtin {
		names = append(names, name)
	}
	for name := range rulesets {
		names = append(names, name)
	}
	sort.Strings(names[1:])
	return names
}

// Extra are lines for the built-in contestants.
type Extra struct {
	Globals []string // of the limen global option
	Block   []string // of the limen directive
	Rules   []string // of SecLang, after Coraza's rules
}

// Named returns the contestant called name. A name of the form NAME=FILE reads
// its directives from a file, after its global options and a line of dashes if
// it has any.
func Named(name, binary string, extra Extra) (*Contestant, error) {
	if name, file, ok := strings.Cut(name, "="); ok {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading contestant %s: %w", name, err)
		}
		c := &Contestant{Name: name, Binary: binary}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\r\n")
			if strings.HasPrefix(line, "---") {
				c.Globals, c.Directives = c.Directives, nil
				continue
			}
			c.Directives = append(c.Directives, line)
		}
		return c, nil
	}
	if name == "bare" {
		return &Contestant{Name: name, Binary: binary}, nil
	}
	if rules, ok := rulesets[name]; ok {
		return &Contestant{
			Name: name, Binary: binary,
			Globals: []string{"order coraza_waf first"},
			Directives: block("coraza_waf", []string{"load_owasp_crs", "directives `"},
				[]string{"Include @coraza.conf-recommended"}, rules.before,
				[]string{
					"Include @crs-setup.conf.example",
					fmt.Sprintf(`SecAction "id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=%d"`, rules.paranoia),
					"Include @owasp_crs/*.conf",
					// The recommended configuration only detects, to begin with.
					"SecRuleEngine On",
				}, rules.after, extra.Rules, []string{"`"}),
		}, nil
	}
	preset, ok := builtin[name]
	if !ok {
		return nil, fmt.Errorf("unknown contestant %q: know %s, or NAME=FILE", name, strings.Join(Builtin(), ", "))
	}
	return &Contestant{
		Name: name, Binary: binary,
		Globals:    block("limen", append([]string{"data {data}"}, preset.globals...), extra.Globals),
		Directives: block("limen", preset.block, extra.Block),
	}, nil
}

// block returns the lines of a Caddyfile block.
func block(name string, lines ...[]string) []string {
	out := []string{name + " {"}
	for _, some := range lines {
		for _, line := range some {
			out = append(out, "\t"+line)
		}
	}
	return append(out, "}")
}

// Caddyfile returns the contestant's configuration. Without TLS, logs of
// requests or anything else that costs time: what is left is the proxy and the
// contestant's own directives.
func (c *Contestant) Caddyfile(admin, listen, upstream, dir string) string {
	_, port, _ := strings.Cut(listen, ":")
	globals := []string{
		"admin " + admin,
		"persist_config off",
		"auto_https off",
		"storage file_system " + dir + "/caddy",
		"log {", "\tlevel WARN", "}",
	}
	lines := block("", append(globals, c.Globals...))
	lines = append(lines, block("http://:"+port, append([]string{"bind 127.0.0.1"}, c.Directives...), []string{"reverse_proxy " + upstream})...)
	lines[0] = "{"
	return strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "{data}", dir+"/limen")
}
