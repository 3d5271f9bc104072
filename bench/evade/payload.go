package evade

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/limen-waf/limen/classifier/corpus"
	"github.com/limen-waf/limen/classifier/evasion"
)

// Payload is a text with the class of what it attacks.
type Payload struct {
	ID      string
	Dataset string
	Class   string // "none" for an ordinary value
	Text    string
}

// Skipped counts records that were left out, by reason.
type Skipped map[string]int

const maxPayload = 8 << 10 // bytes; longer ones are not what the search is for

// extra are the fields of a record that package corpus does not know.
type extra struct {
	Payload *string `json:"payload"`
	Weak    bool    `json:"weak"`
}

// ReadPayloads returns the distinct payloads of the attacks in JSON Lines
// files, in file order: the field "payload", or the only parameter of the
// request. Left out and counted are attacks marked weak, those whose payload
// cannot be told, and path traversals that no decoder makes a path of: nothing
// can be said of what keeps their meaning.
func ReadPayloads(paths []string) ([]Payload, Skipped, error) {
	skipped := Skipped{}
	seen := map[string]bool{}
	var out []Payload
	err := read(paths, func(r *corpus.Record) error {
		if r.Label != corpus.Attack {
			skipped["not an attack"]++
			return nil
		}
		var e extra
		if err := json.Unmarshal(r.Source, &e); err != nil {
			return fmt.Errorf("%s:%d: %w", r.File, r.Line, err)
		}
		text := ""
		switch {
		case e.Weak:
			skipped["weak"]++
			return nil
		case e.Payload != nil:
			text = *e.Payload
		default:
			text = onlyParameter(r)
		}
		switch key := r.Class + "\x00" + text; {
		case strings.TrimSpace(text) == "":
			skipped["no payload to be told"]++
		case len(text) > maxPayload:
			skipped["longer than 8 KiB"]++
		case seen[key]:
			skipped["repeated"]++
		case r.Class == "traversal" && !evasion.Traverses(text):
			skipped["no path to be told"]++
		default:
			seen[key] = true
			out = append(out, Payload{r.ID, r.Dataset, r.Class, text})
		}
		return nil
	})
	return out, skipped, err
}

// read yields the records of files in order.
func read(paths []string, yield func(*corpus.Record) error) error {
	r := corpus.NewReader(nil, paths...)
	defer r.Close()
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := yield(record); err != nil {
			return err
		}
	}
}

// onlyParameter is the decoded value of a request's parameter if it has one
// alone, in query or form.
func onlyParameter(r *corpus.Record) string {
	_, query, _ := strings.Cut(r.Target, "?")
	body := string(r.Body)
	if query != "" && body != "" {
		return ""
	}
	name, value, found := strings.Cut(query+body, "=")
	if !found || len(name) > 40 || strings.Contains(value, "&") {
		return ""
	}
	return unescape(value)
}

// unescape undoes the percent-encoding of a value; escapes that are none stay.
func unescape(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == '+':
			b.WriteByte(' ')
		case value[i] == '%' && i+2 < len(value):
			if s, err := url.PathUnescape(value[i : i+3]); err == nil {
				b.WriteString(s)
				i += 2
				continue
			}
			b.WriteByte('%')
		default:
			b.WriteByte(value[i])
		}
	}
	return b.String()
}

// ReadValues returns the distinct values of parameters of ordinary requests,
// one a request, drawn by the seed. Values shorter than three bytes are no
// test.
func ReadValues(paths []string, seed uint64) ([]Payload, Skipped, error) {
	skipped := Skipped{}
	seen := map[string]bool{}
	rng := rand.New(rand.NewPCG(seed, 3))
	var out []Payload
	err := read(paths, func(r *corpus.Record) error {
		if r.Label != corpus.Normal {
			skipped["not normal"]++
			return nil
		}
		var fit []string
		for _, v := range valuesOf(r) {
			if len(v) >= 3 && len(v) <= maxPayload && !seen[v] {
				fit = append(fit, v)
			}
		}
		if len(fit) == 0 {
			skipped["no new value of 3 bytes to 8 KiB"]++
			return nil
		}
		v := fit[rng.IntN(len(fit))]
		seen[v] = true
		out = append(out, Payload{r.ID, r.Dataset, "none", v})
		return nil
	})
	return out, skipped, err
}

// valuesOf are the decoded values of query, form and JSON body.
func valuesOf(r *corpus.Record) []string {
	var out []string
	_, query, _ := strings.Cut(r.Target, "?")
	pairs := func(text string) {
		for _, pair := range strings.Split(text, "&") {
			if _, value, found := strings.Cut(pair, "="); found {
				out = append(out, unescape(value))
			}
		}
	}
	if query != "" {
		pairs(query)
	}
	kind := strings.ToLower(r.Request().Header("Content-Type"))
	switch {
	case strings.Contains(kind, "urlencoded"):
		pairs(string(r.Body))
	case len(r.Body) > 0 && (r.Body[0] == '{' || r.Body[0] == '['):
		var document any
		if json.Unmarshal(r.Body, &document) == nil {
			out = leaves(out, document)
		}
	}
	return out
}

// leaves appends the strings of a JSON document.
func leaves(out []string, document any) []string {
	switch v := document.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, e := range v {
			out = leaves(out, e)
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			out = leaves(out, v[key])
		}
	}
	return out
}

// Sample draws up to n payloads, the classes as evenly as they allow: the
// rarest ones whole, the others equally. 0 means all of them. The order of
// payloads stays.
func Sample(all []Payload, n int, seed uint64) []Payload {
	return sampleBy(all, n, seed, func(p *Payload) string { return p.Class })
}

func sampleBy(all []Payload, n int, seed uint64, key func(*Payload) string) []Payload {
	if n <= 0 || n >= len(all) {
		return all
	}
	byClass := map[string][]int{}
	for i := range all {
		byClass[key(&all[i])] = append(byClass[key(&all[i])], i)
	}
	classes := sortedKeys(byClass)
	rng := rand.New(rand.NewPCG(seed, 4))
	for _, c := range classes {
		rng.Shuffle(len(byClass[c]), func(i, j int) { byClass[c][i], byClass[c][j] = byClass[c][j], byClass[c][i] })
	}
	take := make([]bool, len(all))
	for round := 0; n > 0; round++ {
		for _, c := range classes {
			if n > 0 && round < len(byClass[c]) {
				take[byClass[c][round]] = true
				n--
			}
		}
	}
	var out []Payload
	for i, p := range all {
		if take[i] {
			out = append(out, p)
		}
	}
	return out
}
