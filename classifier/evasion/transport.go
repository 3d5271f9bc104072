package evasion

import (
	"math/rand/v2"
	"slices"
)

// transportMutations write the payload's place otherwise; the payload stays.
var transportMutations = Suite{
	{Name: "own-percent", Ordinary: true, Apply: ownPercent},
	{Name: "own-percent-u", Apply: ownKind(PercentU)},
	{Name: "own-overlong", Classes: []string{"sqli", "xss", "traversal"}, Apply: ownKind(Overlong)},
	{Name: "own-json-escape", Ordinary: true, Apply: ownJSON},
	{Name: "own-xml-reference", Apply: ownXML},
	{Name: "layer-percent", Ordinary: true, Apply: addLayer(Percent)},
	{Name: "layer-percent-u", Apply: addLayer(PercentU)},
	{Name: "layer-overlong", Classes: []string{"sqli", "xss", "traversal"}, Apply: addLayer(Overlong)},
	{Name: "layer-entity", Apply: addLayer(Entity)},
	{Name: "layer-utf7", Classes: []string{"xss"}, Apply: layerUTF7},
	{Name: "layer-full-width", Classes: []string{"sqli", "xss", "traversal", "cmdi"}, Apply: layerFullWidth},
	{Name: "charset-utf16", Apply: charsetUTF16},
	{Name: "charset-utf7", Apply: charsetUTF7},
	{Name: "charset-name", Ordinary: true, Apply: charsetName},
	{Name: "content-type", Ordinary: true, Apply: contentType},
	{Name: "move", Ordinary: true, Apply: move},
	{Name: "part-header", Ordinary: true, Apply: partHeader},
	{Name: "method", Ordinary: true, Apply: method},
}

func ownPercent(c *Candidate, r *rand.Rand) bool {
	if !c.Place.percent() {
		return false
	}
	c.Own = Coding{Kind: Percent, Share: pick(r, Needed, Usual, Some, Some, All), Seed: r.Uint64(), Lower: chance(r, 0.5),
		Plus: (c.Place == Query || c.Place == Form) && chance(r, 0.5)}
	return true
}

func ownKind(k Kind) func(*Candidate, *rand.Rand) bool {
	return func(c *Candidate, r *rand.Rand) bool {
		if !c.Place.percent() {
			return false
		}
		c.Own = Coding{Kind: k, Share: pick(r, Needed, Usual, Some, All), Seed: r.Uint64(), Lower: chance(r, 0.5)}
		return true
	}
}

func ownJSON(c *Candidate, r *rand.Rand) bool {
	if c.Place != JSON {
		return false
	}
	c.Own = Coding{Kind: Escape, Share: pick(r, Needed, Some, Some, All), Seed: r.Uint64(), Lower: chance(r, 0.5)}
	return true
}

func ownXML(c *Candidate, r *rand.Rand) bool {
	if c.Place != XML {
		return false
	}
	c.Own = Coding{Kind: Entity, Share: pick(r, Usual, Some, All), Seed: r.Uint64(), Lower: chance(r, 0.5)}
	return true
}

// addLayer puts one more level between payload and place.
func addLayer(k Kind) func(*Candidate, *rand.Rand) bool {
	return func(c *Candidate, r *rand.Rand) bool {
		if c.Depth() >= maxDepth || c.Place == Body {
			return false
		}
		c.Layers = append(c.Layers, Coding{Kind: k, Share: pick(r, Needed, Some, All), Seed: r.Uint64(), Lower: chance(r, 0.5)})
		return true
	}
}

// layerUTF7 is for what decides on a charset by looking: old browsers.
func layerUTF7(c *Candidate, r *rand.Rand) bool {
	if c.Charset != UTF8 || slices.ContainsFunc(c.Layers, func(l Coding) bool { return l.Kind == UTF7 }) || c.Depth() >= maxDepth {
		return false
	}
	c.Layers = append(c.Layers, Coding{Kind: UTF7, Share: pick(r, Needed, Some), Seed: r.Uint64()})
	return true
}

// layerFullWidth comes first: applications normalise what they have decoded.
func layerFullWidth(c *Candidate, r *rand.Rand) bool {
	if c.Depth() >= maxDepth || c.Place == Body || slices.ContainsFunc(c.Layers, func(l Coding) bool { return l.Kind == FullWidth || l.Kind == UTF7 }) {
		return false
	}
	c.Layers = append([]Coding{{Kind: FullWidth, Share: pick(r, Needed, Some, All), Seed: r.Uint64()}}, c.Layers...)
	return true
}

func charsetUTF16(c *Candidate, r *rand.Rand) bool {
	if !c.Place.body() || c.Charset != UTF8 {
		return false
	}
	c.Charset = pick(r, UTF16LE, UTF16BE)
	c.Mark = chance(r, 0.5)
	switch {
	case c.Mark && chance(r, 0.5):
		c.CharsetName = pick(r, "utf-16", "UTF-16")
	case c.Charset == UTF16LE:
		c.CharsetName = pick(r, "utf-16le", "UTF-16LE")
	default:
		c.CharsetName = pick(r, "utf-16be", "UTF-16BE")
	}
	return true
}

// charsetUTF7 writes a body in UTF-7, which .NET and some XML processors read.
func charsetUTF7(c *Candidate, r *rand.Rand) bool {
	if !c.Place.body() || c.Charset != UTF8 || c.Depth() >= maxDepth {
		return false
	}
	c.Charset, c.CharsetName = UTF7Body, pick(r, "utf-7", "UTF-7")
	return true
}

func charsetName(c *Candidate, r *rand.Rand) bool {
	if !c.Place.body() || c.Charset != UTF8 {
		return false
	}
	c.CharsetName = pick(r, "utf-8", "UTF-8", "iso-8859-1", "ISO-8859-15", "windows-1252", `"utf-8"`, "us-ascii")
	return true
}

func contentType(c *Candidate, r *rand.Rand) bool {
	switch c.Place {
	case Form:
		c.ContentType = pick(r, "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded", "application/x-www-form-urlencoded ", "application/x-www-form-urlencoded; x=y")
	case JSON:
		c.ContentType = pick(r, "application/json", "APPLICATION/JSON", "text/json", "text/plain", "application/vnd.api+json", "application/json; odata=verbose", "application/x-json", "*/*")
	case XML, Body:
		c.ContentType = pick(r, "application/xml", "text/xml", "application/soap+xml", "application/rss+xml", "image/svg+xml", "text/plain")
	case Multipart:
		c.ContentType = pick(r, `multipart/form-data; boundary="`+c.Carrier.Boundary+`"`, "Multipart/Form-Data; Boundary="+c.Carrier.Boundary, "multipart/form-data; x=y; boundary="+c.Carrier.Boundary)
	default:
		return false
	}
	return true
}

// move puts a parameter where the framework would find it as well.
func move(c *Candidate, r *rand.Rand) bool {
	if !c.Place.parameter() {
		return false
	}
	to := pick(r, Query, Form, JSON, Multipart)
	if to == c.Place || !Holds(to, c.value(c.Payload)) || c.Depth()+1 > maxDepth && !c.Place.coded() && to.coded() {
		return false
	}
	if c.Charset != UTF8 {
		return false
	}
	if to == JSON && c.Twin != NoTwin {
		return false
	}
	c.Place, c.Own = to, ownCoding(to, r)
	c.ContentType, c.CharsetName, c.PartHeader = "", "", ""
	return true
}

func partHeader(c *Candidate, r *rand.Rand) bool {
	if c.Place != Multipart {
		return false
	}
	c.PartHeader = pick(r, "Content-Type: text/plain", "Content-Type: text/plain; charset=utf-8", "Content-Type: application/octet-stream", "Content-Transfer-Encoding: 8bit", "X-Part: 1")
	return true
}

func method(c *Candidate, r *rand.Rand) bool {
	if c.Place.body() {
		return false
	}
	c.Carrier.Method = pick(r, "GET", "HEAD", "POST", "PUT", "DELETE")
	return true
}
