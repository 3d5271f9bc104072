package caddymodule

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/limen-waf/limen/store"
)

// What counts as ordinary traffic, when nobody has labelled it. Recorded traffic
// holds attacks as well, and whoever attacks can send as many as he likes, so
// that no rule here may let one client decide:
//
//   - A client that sends a request at or above the ceiling is taken for an
//     attacker: all that it sent on that day is left out.
//   - Of every other client, the first clientRows requests of a day count, among
//     them at most clientFlagged at or above the model's own threshold.
//   - The threshold stays between floor and ceiling, whatever was recorded.
//
// A client is an IPv4 address or an IPv6 /64 network; days are those of UTC.
const (
	clientRows    = 100
	clientFlagged = 20
	// evidenceDays is how many days count, today among them.
	evidenceDays = 30
	// evidenceRows bounds the rows that are looked at when a server starts,
	// newest days first.
	evidenceRows = 1 << 20
	// dayClients bounds the clients of one day that are told apart.
	dayClients = 1 << 17
)

// oddsRange is how far a chosen threshold may lie from the model's own: a
// tenth to ten times the odds (2.3 in log-odds).
const oddsRange = 10

// bounds are what thresholds of one model keep within.
type bounds struct {
	Shipped float64 `json:"model_threshold"`
	Floor   float64 `json:"floor"`
	Ceiling float64 `json:"ceiling"`
}

func boundsOf(shipped float64) bounds {
	if shipped >= 1 {
		return bounds{1, 1, 1}
	}
	odds := shipped / (1 - shipped)
	low, high := odds/oddsRange, odds*oddsRange
	return bounds{shipped, low / (1 + low), high / (1 + high)}
}

// evidenceKey is what recorded scores must agree in to be comparable.
type evidenceKey struct {
	model     string // digest
	tokenizer int
	shipped   float64
	keep      float64 // scores from which rows are kept one by one
	host      string  // "" for all
}

// evidence counts recorded scores, site by site and day by day. Past days are
// counted once.
type evidence struct {
	evidenceKey
	bounds bounds
	// label returns what people said of a decision (store.LabelState): "attack"
	// leaves the row out, "normal" counts it whoever sent it. nil knows none.
	label func(ulid.ULID) string

	mu    sync.Mutex
	days  map[int64]*dayEvidence // by day since 1970
	today int64                  // the day that is being counted
	until time.Time              // rows before this were counted
	looks int                    // rows looked at in the past days
	done  bool                   // with the past days
}

// scored is one row's score.
type scored struct {
	score  float64
	attack string // likeliest class
}

// leftOut counts rows that say nothing of ordinary traffic, by reason.
type leftOut struct {
	// Attackers sent a request at or above the ceiling that day.
	Attackers int `json:"attackers"`
	// Repeats are beyond what one client counts for in a day.
	Repeats int `json:"repeats"`
	// Biased rows were kept because they were flagged.
	Biased int `json:"biased"`
	// Unscored are exceptions and fallbacks.
	Unscored int `json:"unscored"`
	// Labelled are labelled attack.
	Labelled int `json:"labelled"`
}

// tally is what the rows of a site come to.
type tally struct {
	counted int
	out     leftOut
	top     []scored // counted rows at or above keep
	first   time.Time
}

func (t *tally) add(o *tally) {
	t.counted += o.counted
	t.out.Attackers += o.out.Attackers
	t.out.Repeats += o.out.Repeats
	t.out.Biased += o.out.Biased
	t.out.Unscored += o.out.Unscored
	t.out.Labelled += o.out.Labelled
	t.top = append(t.top, o.top...)
	if t.first.IsZero() || !o.first.IsZero() && o.first.Before(t.first) {
		t.first = o.first
	}
}

// dayEvidence is what was recorded on one day.
type dayEvidence struct {
	sites   map[string]*siteDay
	clients int
}

type siteDay struct {
	tally
	clients map[string]*clientDay // nil once the day is over
}

// clientDay is what one client sent to one site on one day.
type clientDay struct {
	rows, counted, flagged int
	attacker               bool
	top                    []scored
}

func newEvidence(key evidenceKey) *evidence {
	return &evidence{evidenceKey: key, bounds: boundsOf(key.shipped), days: make(map[int64]*dayEvidence)}
}

const secondsOfDay = 24 * 60 * 60

func dayOf(t time.Time) int64 { return t.Unix() / secondsOfDay }

func dayStart(day int64) time.Time { return time.Unix(day*secondsOfDay, 0).UTC() }

// update counts what was recorded before now and not earlier than from. The first
// call looks at the past days, newest first; later ones at what is new. After an
// error, the next call goes on where this one ended.
func (e *evidence) update(ctx context.Context, s *store.Store, from, now time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.until.IsZero() {
		e.today = dayOf(now)
		e.until = later(dayStart(e.today), from)
	}
	for e.today < dayOf(now) { // midnight has passed
		if err := e.count(ctx, s, dayStart(e.today+1)); err != nil {
			return err
		}
		if d := e.days[e.today]; d != nil {
			d.close()
		}
		e.today++
	}
	if err := e.count(ctx, s, now); err != nil {
		return err
	}
	if err := e.countPast(ctx, s, from); err != nil {
		return err
	}
	for day := range e.days {
		if !dayStart(day + 1).After(from) {
			delete(e.days, day)
		}
	}
	return nil
}

// count counts today's rows up to a time.
func (e *evidence) count(ctx context.Context, s *store.Store, until time.Time) error {
	if !e.until.Before(until) {
		return nil
	}
	d := e.days[e.today]
	if d == nil {
		d = &dayEvidence{sites: make(map[string]*siteDay)}
		e.days[e.today] = d
	}
	err := s.Scores(ctx, e.query(e.until, until), func(sc *store.Score) bool {
		e.until = ulid.Time(sc.ID.Time()).Add(time.Millisecond) // should it end early
		e.row(d, sc)
		return true
	})
	if err == nil {
		e.until = until
	}
	return err
}

// countPast counts the days before today, newest first, until it has looked at
// evidenceRows rows.
func (e *evidence) countPast(ctx context.Context, s *store.Store, from time.Time) error {
	for day := e.today - 1; !e.done && dayStart(day+1).After(from); day-- {
		if e.days[day] != nil {
			continue
		}
		d := &dayEvidence{sites: make(map[string]*siteDay)}
		err := s.Scores(ctx, e.query(later(dayStart(day), from), dayStart(day+1)), func(sc *store.Score) bool {
			e.row(d, sc)
			e.looks++
			return e.looks < evidenceRows
		})
		if err != nil {
			return err
		}
		d.close()
		e.days[day] = d
		if e.looks >= evidenceRows {
			break
		}
	}
	e.done = true
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (e *evidence) query(since, until time.Time) store.Query {
	return store.Query{Since: since, Until: until, Model: e.model, Host: e.host}
}

// row counts one row.
func (e *evidence) row(d *dayEvidence, sc *store.Score) {
	if sc.Tokenizer != e.tokenizer || len(sc.Route) == 0 {
		return
	}
	site := d.sites[string(sc.Route)]
	if site == nil {
		site = &siteDay{clients: make(map[string]*clientDay)}
		d.sites[string(sc.Route)] = site
	}
	switch {
	case !sc.Whole:
		site.out.Unscored++
		return
	case !sc.Sampled:
		site.out.Biased++
		return
	}
	if site.first.IsZero() {
		site.first = ulid.Time(sc.ID.Time())
	}
	if e.label != nil {
		switch e.label(sc.ID) {
		case "attack":
			site.out.Labelled++
			return
		case "normal":
			site.counted++
			site.top = e.keepTop(site.top, sc)
			return
		}
	}
	c := site.client(sc.ClientIP, d)
	if c == nil {
		site.out.Repeats++
		return
	}
	c.rows++
	if sc.Score >= e.bounds.Ceiling {
		c.attacker, c.top = true, nil
	}
	flagged := sc.Score >= e.bounds.Shipped
	if c.attacker || c.counted >= clientRows || flagged && c.flagged >= clientFlagged {
		return
	}
	c.counted++
	if flagged {
		c.flagged++
	}
	c.top = e.keepTop(c.top, sc)
}

func (e *evidence) keepTop(top []scored, sc *store.Score) []scored {
	if sc.Score < e.keep {
		return top
	}
	return append(top, scored{sc.Score, sc.Attack})
}

// client returns the client of an address, or nil when the day has too many.
func (s *siteDay) client(ip []byte, d *dayEvidence) *clientDay {
	ip = store.ClientNetwork(ip) // of a hashed address
	if bytes.IndexByte(ip, ':') >= 0 && !bytes.HasPrefix(ip, []byte("ip")) {
		if addr, err := netip.ParseAddr(string(ip)); err == nil {
			if addr = addr.Unmap().WithZone(""); addr.Is6() {
				network, _ := addr.Prefix(64)
				addr = network.Masked().Addr()
			}
			ip = addr.AppendTo(make([]byte, 0, 40))
		}
	}
	c := s.clients[string(ip)]
	if c == nil && d.clients < dayClients {
		d.clients++
		c = new(clientDay)
		s.clients[string(ip)] = c
	}
	return c
}

// close forgets a day's clients.
func (d *dayEvidence) close() {
	for _, s := range d.sites {
		s.tally = s.sum()
		s.clients = nil
	}
}

// sum returns what the rows come to, those of the clients included.
func (s *siteDay) sum() tally {
	t := s.tally
	t.top = slices.Clone(t.top)
	for _, c := range s.clients {
		if c.attacker {
			t.out.Attackers += c.rows
			continue
		}
		t.counted += c.counted
		t.out.Repeats += c.rows - c.counted
		t.top = append(t.top, c.top...)
	}
	return t
}

// site returns what the rows of a site come to, the highest scores first.
func (e *evidence) site(name string) tally {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all tally
	for _, d := range e.days {
		if s := d.sites[name]; s != nil {
			t := s.sum()
			all.add(&t)
		}
	}
	sortTop(all.top)
	return all
}

// sortTop puts the highest scores first.
func sortTop(top []scored) {
	slices.SortFunc(top, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.attack, b.attack))
	})
}

// sites returns the names of all sites that have rows, in order.
func (e *evidence) sites() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for _, d := range e.days {
		for name := range d.sites {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// evidenceFrom is when the rows begin that count: evidenceDays days, or less when
// they are not retained as long.
func evidenceFrom(now time.Time, retain time.Duration) time.Time {
	days := int64(evidenceDays)
	if retain > 0 {
		days = min(days, int64(math.Ceil(retain.Hours()/24)))
	}
	return dayStart(dayOf(now) - days + 1)
}
