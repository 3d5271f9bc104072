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
	Path      string // the beginning of the target
	Model     string // digest, the beginning of one, or a model's name
	MinScore  float64
	MaxScore  float64 // 0 is no bound
	// Labels selects by what people said: LabelAttack, LabelNormal, Labelled for
	// either, Unlabelled for neither.
	Labels string

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

	clients []string // the client's address and its keyed hash: rows may have either

	bins            uint64
	decision, class []byte // as zones hold them, nil for any
	marks           []markFilter
	hashes          []hashFilter

	label func(ulid.ULID) bool               // nil for any
	ids   func(lo, hi ulid.ULID) []ulid.ULID // the only ones that may match, oldest first; nil for all
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
	for _, check := range []func(*Query) error{f.setPage, f.setTime, f.setScore, s.checkNames, checkTexts} {
		if err := check(q); err != nil {
			return nil, err
		}
	}
	if err := f.setLabels(q, s); err != nil {
		return nil, err
	}
	if q.Model != "" {
		digests, err := s.modelDigests(q.Model)
		if err != nil {
			return nil, err
		}
		f.setModels(digests)
	}
	if q.ClientIP != "" {
		f.clients = s.clientForms(q.ClientIP)
	}
	f.setTexts(q)
	f.setHashes(q)
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
	lo, hi := next(after), previous(after)
	switch {
	case f.oldest && lo.Compare(after) > 0:
		f.lo = larger(f.lo, lo)
	case !f.oldest && hi.Compare(after) < 0:
		f.hi = smaller(f.hi, hi)
	default: // nothing comes after the last ID there is
		f.lo, f.hi = next(ulid.ULID{}), ulid.ULID{}
	}
	return nil
}

func (f *filter) setScore(q *Query) error {
	for _, bound := range []struct {
		name  string
		score float64
	}{{"min score", q.MinScore}, {"max score", q.MaxScore}} {
		if !(bound.score >= 0 && bound.score <= 1) {
			return fail(ErrQuery, "%s %v: want 0 to 1", bound.name, bound.score)
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

// checkTexts refuses what no host and no target can be. Clients may be recorded by
// other names than their addresses, and principals have any.
func checkTexts(q *Query) error {
	if strings.ContainsAny(q.Host, "/ \t\r\n") {
		return fail(ErrQuery, "host %q: want a host's name or address as requests give it, like shop.example or shop.example:8443", q.Host)
	}
	if q.Path != "" && q.Path[0] != '/' && q.Path[0] != '*' && !strings.Contains(q.Path, ":") {
		return fail(ErrQuery, "path %q: want the beginning of a request's target, like /shop/", q.Path)
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
	host := hashFold([]byte(q.Host))
	clients := make([]uint64, len(f.clients))
	for i, c := range f.clients {
		clients[i] = hash([]byte(c))
	}
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
	f.markAny(columnClientIP, clients)
	if q.Principal != "" {
		f.mark(columnPrincipal, hash([]byte(q.Principal)))
	}
	if segment, whole := firstSegment([]byte(q.Path)); whole {
		f.mark(columnPath, hash(segment))
	}
	if q.Decision != "" {
		f.decision = appendWord(nil, q.Decision)
		if q.Decision != Allow {
			f.pair(q, columnHostDecision, columnClientDecision, host, clients, q.Decision)
		}
	}
	if q.Class != "" {
		f.class = appendWord(nil, q.Class)
		if q.Class != "none" {
			f.pair(q, columnHostClass, columnClientClass, host, clients, q.Class)
		}
	}
}

func (f *filter) mark(column int, hash uint64) {
	f.marks = append(f.marks, markFilter{column, []uint32{mark(column, hash)}})
}

// markAny asks for one of some values of a column, none for any.
func (f *filter) markAny(column int, hashes []uint64) {
	if len(hashes) == 0 {
		return
	}
	m := markFilter{column: column}
	for _, h := range hashes {
		m.any = append(m.any, mark(column, h))
	}
	f.marks = append(f.marks, m)
}

func (f *filter) pair(q *Query, hostColumn, clientColumn int, host uint64, clients []uint64, text string) {
	h := hash([]byte(text))
	if q.Host != "" {
		f.mark(hostColumn, pairHash(host, h))
	}
	pairs := make([]uint64, len(clients))
	for i, c := range clients {
		pairs[i] = pairHash(c, h)
	}
	f.markAny(clientColumn, pairs)
}

// matchZone reports whether a zone may hold a row that matches. It does not look at the
// check sum: before its rows are passed over, the zone is to be compared with that.
func (f *filter) matchZone(value []byte) (match bool, z zoneView, whole bool) {
	if f.want == 0 {
		return true, z, true
	}
	z, ok := readZone(value)
	if !ok {
		return true, z, len(value) > 0 && value[0] != zoneVersion // which no one can look at
	}
	return f.mayMatch(&z), z, true
}

func (f *filter) mayMatch(z *zoneView) bool {
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
		case fieldClientIP:
			if !slices.ContainsFunc(f.clients, func(c string) bool { return x.is(c, wordOf(c)) }) {
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
