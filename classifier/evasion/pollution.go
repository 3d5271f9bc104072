package evasion

import (
	"math/rand/v2"
	"slices"
)

// pollutionMutations change what stands around the payload's parameter.
var pollutionMutations = Suite{
	{Name: "junk-before", Ordinary: true, Apply: func(c *Candidate, r *rand.Rand) bool { return junk(&c.Carrier.Before, c, r) }},
	{Name: "junk-after", Ordinary: true, Apply: func(c *Candidate, r *rand.Rand) bool { return junk(&c.Carrier.After, c, r) }},
	{Name: "lone", Ordinary: true, Apply: lone},
	{Name: "rename", Ordinary: true, Apply: rename},
	{Name: "twin", Ordinary: true, Apply: twin},
	{Name: "sql-split", Classes: []string{"sqli"}, Apply: split},
	{Name: "carrier-path", Ordinary: true, Apply: carrierPath},
}

// junk adds ordinary parameters, at most 24 of them.
func junk(to *[]Pair, c *Candidate, r *rand.Rand) bool {
	if len(*to) >= 24 || c.Place == Path || c.Place == Header || c.Place == Body {
		return false
	}
	out := slices.Clone(*to)
	for range 1 + r.IntN(4) {
		p := Pair{name(r), prose(r, 1+r.IntN(6))}
		if chance(r, 0.5) {
			p = carrierPairs[r.IntN(len(carrierPairs))]
		}
		out = slices.Insert(out, r.IntN(len(out)+1), p)
	}
	*to = out
	return true
}

// lone takes the neighbours away.
func lone(c *Candidate, r *rand.Rand) bool {
	if len(c.Carrier.Before)+len(c.Carrier.After) == 0 {
		return false
	}
	c.Carrier.Before, c.Carrier.After = nil, nil
	return true
}

func rename(c *Candidate, r *rand.Rand) bool {
	if c.Place == Path || c.Place == Body || c.Place == Header {
		return false
	}
	c.Carrier.Name = pick(r, pick(r, carrierNames...), name(r), name(r)+"Id", "data-"+name(r))
	return true
}

// twin repeats the parameter with an ordinary value. PHP and Express take the
// last, JSP and Flask the first.
func twin(c *Candidate, r *rand.Rand) bool {
	if c.Place == JSON || !c.Place.parameter() && c.Place != Cookie || c.Twin == TwinSplit {
		return false
	}
	c.Twin, c.TwinValue = pick(r, TwinBefore, TwinAfter), pick(r, "1", "test", prose(r, 1+r.IntN(4)))
	return true
}

// split spreads SQL over two parameters of one name. ASP joins them with a
// comma, which the comment swallows.
func split(c *Candidate, r *rand.Rand) bool {
	if (c.Place != Query && c.Place != Form) || c.Twin == TwinSplit {
		return false
	}
	tokens := lexSQL(c.Payload)
	var gaps []int
	at := 0
	for _, t := range tokens {
		if t.kind == sqlSpace && at > 0 {
			gaps = append(gaps, at)
		}
		at += len(t.text)
	}
	if len(gaps) == 0 {
		return false
	}
	c.Twin, c.Split = TwinSplit, pick(r, gaps...)
	return true
}

func carrierPath(c *Candidate, r *rand.Rand) bool {
	c.Carrier.Path = pick(r, pick(r, carrierPaths...), "/"+name(r)+"/"+name(r), "/"+name(r)+".php")
	return true
}
