package evade

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/classifier/evasion"
)

// HardenOptions say how many requests of each kind Harden makes.
type HardenOptions struct {
	Options
	// Searched attacks went through the greedy search against the model, Random
	// ones through a chain of random mutations, Padded ones stand in filler.
	Searched, Random, Padded int
	// Ordinary values went through the same chains, Alarms through the search
	// for a higher score.
	Ordinary, Alarms int
	// Steps is the longest random chain.
	Steps int
}

// hardened is what the JSON form of a request for training tells beside the
// record.
type hardened struct {
	Kind  string  `json:"kind"`
	Score float64 `json:"score"`
}

// Harden writes requests for adversarial training as JSON Lines: attacks as
// the model finds them hardest to see, and ordinary values that went through
// the same mutations, so that a mutation by itself is no sign of an attack
// (Madry et al., "Towards deep learning models resistant to adversarial
// attacks", 2018). Payloads and values are drawn with the seed, classes evenly.
func Harden(ctx context.Context, m *Model, payloads, values []Payload, o HardenOptions) error {
	suites := map[string]evasion.Suite{"none": evasion.Mutations().For("none")}
	for _, p := range payloads {
		if suites[p.Class] == nil {
			suites[p.Class] = evasion.Mutations().For(p.Class)
		}
	}
	score := m.Scorer(ctx)
	w := bufio.NewWriter(o.Out)
	kinds := []struct {
		name string
		from []Payload
		n    int
		make func(p *Payload, c *evasion.Candidate, seed uint64) (*classifier.Request, float64, error)
	}{
		{"searched", payloads, o.Searched, func(p *Payload, c *evasion.Candidate, seed uint64) (*classifier.Request, float64, error) {
			found, err := evasion.Search(c, suites[p.Class], score, o.Search, seed)
			if err != nil {
				return nil, 0, err
			}
			return found.Final.Request(), found.After, nil
		}},
		{"random", payloads, o.Random, random(suites, o)},
		{"padded", payloads, o.Padded, inFiller(suites, o)},
		{"ordinary", values, o.Ordinary, random(suites, o)},
		{"ordinary-padded", values, o.Ordinary / 4, inFiller(suites, o)},
		{"alarm", values, o.Alarms, func(_ *Payload, c *evasion.Candidate, seed uint64) (*classifier.Request, float64, error) {
			search := o.Search
			search.Upwards = true
			found, err := evasion.Search(c, suites["none"], score, search, seed)
			if err != nil {
				return nil, 0, err
			}
			return found.Final.Request(), found.After, nil
		}},
	}
	for k, kind := range kinds {
		drawn := Sample(kind.from, kind.n, o.Seed+uint64(k))
		lines := make([][]byte, len(drawn))
		err := each(ctx, len(drawn), kind.name, o.Progress, func(i int) error {
			p := drawn[i]
			seed := seedOf(o.Seed+uint64(k), &p)
			r, s, err := kind.make(&p, candidate(&p, seed), seed)
			if err != nil {
				return fmt.Errorf("%s: %w", p.ID, err)
			}
			p.ID, p.Dataset = fmt.Sprintf("harden-%s-%d-%d", kind.name, o.Seed, i), "harden/"+kind.name
			lines[i], err = recordLine(&p, r, hardened{kind.name, s})
			return err
		})
		if err != nil {
			return err
		}
		for _, line := range lines {
			if _, err := w.Write(line); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

type maker = func(p *Payload, c *evasion.Candidate, seed uint64) (*classifier.Request, float64, error)

// random makes a request by a chain of up to o.Steps random mutations.
func random(suites map[string]evasion.Suite, o HardenOptions) maker {
	return func(p *Payload, c *evasion.Candidate, seed uint64) (*classifier.Request, float64, error) {
		r := rand.New(rand.NewPCG(seed, 11))
		c, _ = evasion.Random(c, suites[p.Class], 1+r.IntN(o.Steps), o.Search, seed)
		return c.Request(), 0, nil
	}
}

// inFiller makes a request with 64 bytes to 4 KiB of filler.
func inFiller(suites map[string]evasion.Suite, o HardenOptions) maker {
	shape := random(suites, o)
	return func(p *Payload, c *evasion.Candidate, seed uint64) (*classifier.Request, float64, error) {
		r := rand.New(rand.NewPCG(seed, 12))
		t := evasion.BodyTypes()[r.IntN(len(evasion.BodyTypes()))]
		if !t.Fits(p.Text) {
			return shape(p, c, seed)
		}
		n := int(64 * math.Pow(64, r.Float64()))
		where := evasion.Wheres()[r.IntN(len(evasion.Wheres()))]
		filler := evasion.Fillers()[r.IntN(len(evasion.Fillers()))]
		return evasion.Pad(p.Text, t, where, r.IntN(3) > 0, filler, n, seed).Request(), 0, nil
	}
}
