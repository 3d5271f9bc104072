package evasion

import (
	"math/rand/v2"
	"slices"
)

// Mutation is one way to write the same attack otherwise.
type Mutation struct {
	// Name is short and unique, such as "sql-space".
	Name string
	// Classes are the classes of attack that it fits; nil means all of them
	// and ordinary values too.
	Classes []string
	// Ordinary says that ordinary clients and people write this way too: that
	// it may be used to judge false alarms.
	Ordinary bool
	// Apply changes c and says whether it has. It draws everything from r. It
	// must not write to what slices of c refer to.
	Apply func(c *Candidate, r *rand.Rand) bool
}

// fits says whether the mutation is for a class.
func (m *Mutation) fits(class string) bool {
	return m.Classes == nil || slices.Contains(m.Classes, class)
}

// Suite is a list of mutations.
type Suite []Mutation

// Mutations returns the whole suite.
func Mutations() Suite {
	return slices.Concat(transportMutations, pollutionMutations, ordinaryMutations, sqlMutations, xssMutations, jsMutations,
		traversalMutations, shellMutations, windowsMutations, phpMutations, lookupMutations, xmlMutations, templateMutations)
}

// For returns the mutations for a class.
func (s Suite) For(class string) Suite {
	var out Suite
	for _, m := range s {
		if m.fits(class) {
			out = append(out, m)
		}
	}
	return out
}

// Ordinary returns the mutations of ordinary values that ordinary clients make.
func (s Suite) Ordinary() Suite {
	var out Suite
	for _, m := range s.For("none") {
		if m.Ordinary {
			out = append(out, m)
		}
	}
	return out
}

// Named returns the mutation of a name.
func (s Suite) Named(name string) (Mutation, bool) {
	for _, m := range s {
		if m.Name == name {
			return m, true
		}
	}
	return Mutation{}, false
}

// onPayload makes a mutation of a change to the payload. The change returns
// the text as it was where it does not fit.
func onPayload(name string, classes []string, change func(text string, r *rand.Rand) string) Mutation {
	return Mutation{Name: name, Classes: classes, Apply: func(c *Candidate, r *rand.Rand) bool {
		out := change(c.Payload, r)
		if out == c.Payload || out == "" {
			return false
		}
		c.Payload = out
		return true
	}}
}
