package store

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// Orders of a listing.
const (
	Newest = "newest" // newest first, the default
	Oldest = "oldest"
)

// Limits of one page.
const (
	DefaultLimit = 100
	MaxLimit     = 10000
)

// Query selects verdicts. Zero fields select everything; all others must hold.
type Query struct {
	Since time.Time // at or after
	Until time.Time // before

	Decision  string // Allow, Tag or Block
	Class     string
	Host      string // without regard to case
	ClientIP  string
	Principal string
	Path      string // prefix of the target
	Model     string // digest, the beginning of one, or a model's name
	MinScore  float64
	MaxScore  float64 // 0 is no bound

	Order string // Newest or Oldest
	Limit int    // rows on a page, DefaultLimit when 0
	After string // Page.Next of the page before
}

// ParseID reads a verdict's ID as Verdict.ID.String writes it.
func ParseID(s string) (ulid.ULID, error) {
	id, err := ulid.ParseStrict(strings.TrimSpace(s))
	if err != nil {
		return id, fail(ErrQuery, "id %q: want the 26 characters of a verdict's id, like 01ARZ3NDEKTSV4RRFFQ69G5FAV", s)
	}
	return id, nil
}

// filter is a query made ready for rows and zones.
type filter struct {
	lo, hi ulid.ULID // both inclusive
	oldest bool
	limit  int

	want   uint64 // bit i: field i must match
	last   uint64 // highest field number that is looked at
	min    float64
	max    float64
	texts  [fieldPath + 1]textFilter
	models [][]byte // digests as rows hold them

	bins            uint64
	decision, class []byte // as zones hold them, nil for any
	marks           []markFilter
}

type textFilter struct {
	text string
	word uint64
}

// markFilter asks for one of some marks of a column.
type markFilter struct {
	column int
	any    []uint32
}

// compile checks q and makes a filter of it.
func (s *Store) compile(q *Query) (*filter, error) {
	f := &filter{limit: q.Limit, max: 1, bins: ^uint64(0), hi: idCeil(ulid.Time(ulid.MaxTime()))}
	for _, check := range []func(*Query) error{f.setPage, f.setTime, f.setScore, s.checkNames} {
		if err := check(q); err != nil {
			return nil, err
		}
	}
	if q.Model != "" {
		digests, err := s.modelDigests(q.Model)
		if err != nil {
			return nil, err
		}
		f.setModels(digests)
	}
	f.setTexts(q)
	return f, nil
}

func (f *filter) setPage(q *Query) error {
	switch q.Order {
	case "", Newest:
	case Oldest:
		f.oldest = true
	default:
		return fail(ErrQuery, "order %q: want %s or %s", q.Order, Newest, Oldest)
	}
	switch {
	case q.Limit == 0:
		f.limit = DefaultLimit
	case q.Limit < 0 || q.Limit > MaxLimit:
		return fail(ErrQuery, "limit %d: want 1 to %d", q.Limit, MaxLimit)
	}
	return nil
}

func (f *filter) setTime(q *Query) error {
	if !q.Since.IsZero() {
		f.lo = idFloor(q.Since)
		if t := q.Since.Truncate(time.Millisecond); t.Before(q.Since) {
			f.lo = next(idCeil(t))
		}
	}
	if !q.Until.IsZero() {
		if !q.Since.IsZero() && q.Until.Before(q.Since) {
			return fail(ErrQuery, "until %s is before since %s", q.Until.Format(time.RFC3339), q.Since.Format(time.RFC3339))
		}
		f.hi = idFloor(q.Until.Add(time.Millisecond - 1))
		if f.hi.IsZero() {
			f.lo = next(f.hi) // before all time: nothing
		} else {
			f.hi = previous(f.hi)
		}
	}
	if q.After == "" {
		return nil
	}
	after, err := ulid.ParseStrict(q.After)
	if err != nil {
		return fail(ErrQuery, "after %q: want the cursor that came with the page before", q.After)
	}
	if f.oldest {
		if lo := next(after); lo.Compare(f.lo) > 0 {
			f.lo = lo
		}
	} else if hi := previous(after); hi.Compare(f.hi) < 0 {
		f.hi = hi
	}
	return nil
}

func (f *filter) setScore(q *Query) error {
	for name, score := range map[string]float64{"min score": q.MinScore, "max score": q.MaxScore} {
		if math.IsNaN(score) || score < 0 || score > 1 {
			return fail(ErrQuery, "%s %v: want 0 to 1", name, score)
		}
	}
	if q.MaxScore != 0 && q.MaxScore < q.MinScore {
		return fail(ErrQuery, "max score %v is below min score %v", q.MaxScore, q.MinScore)
	}
	if q.MinScore == 0 && q.MaxScore == 0 {
		return nil
	}
	f.min = q.MinScore
	if q.MaxScore != 0 {
		f.max = q.MaxScore
	}
	f.bins = binsFrom(f.min, f.max)
	f.look(fieldScore)
	return nil
}

func (f *filter) look(field uint64) {
	f.want |= 1 << field
	f.last = max(f.last, field)
}

// checkNames refuses names that no row can have, which are typing errors.
func (s *Store) checkNames(q *Query) error {
	switch q.Decision {
	case "", Allow, Tag, Block:
	default:
		return fail(ErrQuery, "decision %q: want %s, %s or %s", q.Decision, Allow, Tag, Block)
	}
	if q.Class == "" {
		return nil
	}
	known := slices.Concat(words[wordOf("none"):wordOf("other")+1], s.counters.classes())
	if !slices.Contains(known, q.Class) {
		slices.Sort(known)
		return fail(ErrQuery, "class %q: want one of %s", q.Class, strings.Join(slices.Compact(known), ", "))
	}
	return nil
}

// modelDigests returns the digests that a query's model may mean.
func (s *Store) modelDigests(model string) ([]string, error) {
	var digests, names []string
	err := s.permanent.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketModels).ForEach(func(k, v []byte) error {
			var r struct {
				Name string `json:"name"`
			}
			_ = json.Unmarshal(v, &r)
			if r.Name == model || strings.HasPrefix(string(k), model) {
				digests = append(digests, string(k))
			}
			names = append(names, r.Name+" "+string(k))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if len(digests) == 0 {
		if len(model) != len("sha256:")+64 || !strings.HasPrefix(model, "sha256:") {
			return nil, fail(ErrQuery, "model %q: want a name or the beginning of a digest of: %s", model, strings.Join(names, ", "))
		}
		digests = append(digests, model)
	}
	return digests, nil
}

func (f *filter) setModels(digests []string) {
	m := markFilter{column: columnModel}
	for _, d := range digests {
		encoded := appendDigest(nil, fieldModel, d)
		field, _, _ := nextField(encoded)
		f.models = append(f.models, field.b)
		m.any = append(m.any, mark(columnModel, hash(field.b)))
	}
	f.marks = append(f.marks, m)
	f.look(fieldModel)
}

func (f *filter) setTexts(q *Query) {
	host, client := hashFold([]byte(q.Host)), hash([]byte(q.ClientIP))
	for _, t := range []struct {
		field uint64
		text  string
	}{
		{fieldDecision, q.Decision}, {fieldClass, q.Class}, {fieldHost, strings.ToLower(q.Host)},
		{fieldClientIP, q.ClientIP}, {fieldPrincipal, q.Principal}, {fieldPath, q.Path},
	} {
		if t.text != "" {
			f.texts[t.field] = textFilter{t.text, wordOf(t.text)}
			f.look(t.field)
		}
	}
	if q.Host != "" {
		f.mark(columnHost, host)
	}
	if q.ClientIP != "" {
		f.mark(columnClientIP, client)
	}
	if q.Principal != "" {
		f.mark(columnPrincipal, hash([]byte(q.Principal)))
	}
	if segment, whole := firstSegment([]byte(q.Path)); whole {
		f.mark(columnPath, hash(segment))
	}
	if q.Decision != "" {
		f.decision = appendWord(nil, q.Decision)
		if q.Decision != Allow {
			f.pair(q, columnHostDecision, columnClientDecision, host, client, q.Decision)
		}
	}
	if q.Class != "" {
		f.class = appendWord(nil, q.Class)
		if q.Class != "none" {
			f.pair(q, columnHostClass, columnClientClass, host, client, q.Class)
		}
	}
}

func (f *filter) mark(column int, hash uint64) {
	f.marks = append(f.marks, markFilter{column, []uint32{mark(column, hash)}})
}

func (f *filter) pair(q *Query, hostColumn, clientColumn int, host, client uint64, text string) {
	h := hash([]byte(text))
	if q.Host != "" {
		f.mark(hostColumn, pairHash(host, h))
	}
	if q.ClientIP != "" {
		f.mark(clientColumn, pairHash(client, h))
	}
}

// matchZone reports whether a zone may hold a row that matches.
func (f *filter) matchZone(value []byte) bool {
	if f.want == 0 {
		return true
	}
	z, ok := readZone(value)
	if !ok {
		return true
	}
	if z.bins&f.bins == 0 {
		return false
	}
	if (f.decision != nil || f.class != nil) && !z.hasCount(f.decision, f.class) {
		return false
	}
	for i := range f.marks {
		m := &f.marks[i]
		if z.columns&(1<<m.column) != 0 && !slices.ContainsFunc(m.any, z.has) {
			return false
		}
	}
	return true
}

// matchRow reports whether a row matches. It looks at the fields that the query asks
// for, and at none behind them.
func (f *filter) matchRow(row []byte) bool {
	if f.want == 0 {
		return true
	}
	if len(row) < 5 || row[0] > rowVersion {
		return true // reading it will say what is wrong
	}
	missing := f.want
	score := 0.0
	for b := row[1 : len(row)-4]; len(b) > 0; {
		x, rest, ok := nextField(b)
		if !ok || x.number > f.last {
			break
		}
		b = rest
		if f.want&(1<<x.number) == 0 {
			continue
		}
		switch x.number {
		case fieldScore:
			score = math.Float64frombits(x.u)
		case fieldModel:
			if !slices.ContainsFunc(f.models, func(d []byte) bool { return bytes.Equal(d, x.b) }) {
				return false
			}
		case fieldHost:
			if !foldEqual(x.textBytes(), f.texts[fieldHost].text) {
				return false
			}
		case fieldPath:
			prefix := f.texts[fieldPath].text
			if b := x.textBytes(); len(b) < len(prefix) || string(b[:len(prefix)]) != prefix {
				return false
			}
		default:
			if t := &f.texts[x.number]; !x.is(t.text, t.word) {
				return false
			}
		}
		missing &^= 1 << x.number
	}
	if f.want&(1<<fieldScore) != 0 {
		missing &^= 1 << fieldScore // a score of 0 is left out
		if score < f.min || score > f.max {
			return false
		}
	}
	return missing == 0
}

// next returns the ID after id, previous the one before.
func next(id ulid.ULID) ulid.ULID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			break
		}
	}
	return id
}

func previous(id ulid.ULID) ulid.ULID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]--; id[i] != 0xff {
			break
		}
	}
	return id
}
