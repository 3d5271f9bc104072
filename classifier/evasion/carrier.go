package evasion

import (
	"math/rand/v2"
	"strings"

	"github.com/limen-waf/limen/classifier"
)

// Pair is a parameter: a form field, a JSON member, an element, a part or a cookie.
type Pair struct{ Name, Value string }

// Carrier is an ordinary request with a gap for a payload.
type Carrier struct {
	Method string // when the payload is not in the body
	Path   string
	Query  []Pair // of requests whose payload is not in the query
	// Name is that of the parameter, cookie or header that holds the payload.
	Name string
	// Before and After are the payload's neighbours in its place.
	Before, After []Pair
	// Headers do not hold Content-Type and Content-Length.
	Headers  []classifier.Header
	Boundary string
}

var (
	carrierHosts = []string{"www.example.com", "shop.example.org", "api.example.net", "intranet.example.com", "example.org:8443"}
	carrierPaths = []string{"/", "/search", "/index.php", "/shop/items", "/account/settings", "/api/v1/products", "/api/v2/users/me",
		"/blog/2025/03/spring", "/login", "/cart/update", "/news/list.aspx", "/support/tickets", "/rest/orders", "/admin/report.jsp"}
	carrierNames = strings.Fields("q id name page search title user email comment file path lang sort category ref url message text city address key value data filter item product")
	carrierPairs = []Pair{{"page", "2"}, {"lang", "en"}, {"sort", "price"}, {"limit", "25"}, {"utm_source", "newsletter"}, {"view", "grid"}, {"size", "M"},
		{"color", "dark blue"}, {"category", "garden tools"}, {"from", "2025-02-11"}, {"ts", "1739283601"}, {"country", "DE"}, {"currency", "EUR"}, {"active", "true"},
		{"session", "9f31c6a07be2"}, {"first_name", "Anna"}, {"last_name", "Berger"}, {"qty", "3"}, {"remember", "on"}, {"ref", "home"}}
	carrierAgents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
		"okhttp/4.12.0", "python-requests/2.32.3", "curl/8.9.1",
	}
	carrierHeaders = []string{"User-Agent", "Referer", "X-Forwarded-For", "X-Api-Version", "X-Requested-With", "Accept-Language"}
)

// NewCarrier draws a carrier for a payload in the given place.
func NewCarrier(p Place, r *rand.Rand) Carrier {
	c := Carrier{Method: "GET", Path: pick(r, carrierPaths...), Name: pick(r, carrierNames...)}
	host := pick(r, carrierHosts...)
	c.Headers = []classifier.Header{{Name: "Host", Value: host}}
	if p == Header {
		c.Name = pick(r, carrierHeaders...)
	}
	add := func(name, value string) {
		if !strings.EqualFold(name, c.Name) || p != Header {
			c.Headers = append(c.Headers, classifier.Header{Name: name, Value: value})
		}
	}
	add("User-Agent", pick(r, carrierAgents...))
	add("Accept", pick(r, "*/*", "application/json, text/plain, */*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"))
	if chance(r, 0.6) {
		add("Accept-Language", pick(r, "en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "fr-FR,fr;q=0.8"))
	}
	if chance(r, 0.4) {
		add("Referer", "https://"+host+pick(r, carrierPaths...))
	}
	if p != Cookie && chance(r, 0.3) {
		add("Cookie", "sid="+name(r)+name(r)+"; theme=dark")
	}
	if p != Query && chance(r, 0.3) {
		c.Query = somePairs(r, 1)
	}
	c.Before, c.After = somePairs(r, 3), somePairs(r, 3)
	c.Boundary = "----WebKitFormBoundary" + strings.ToUpper(name(r)) + name(r) + "7Q"
	return c
}

// somePairs draws up to most parameters.
func somePairs(r *rand.Rand, most int) []Pair {
	pairs := make([]Pair, 0, most)
	for range r.IntN(most + 1) {
		pairs = append(pairs, carrierPairs[r.IntN(len(carrierPairs))])
	}
	return pairs
}
