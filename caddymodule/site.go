package caddymodule

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// A handler's site is where it stands in the configuration: the hosts it serves
// and the matchers before it. Rows carry it as their route. It names what
// traffic a handler sees, and nothing that can be sent in a request, as a Host
// header can; and it stays the same when the handler's options change, so that
// what was recorded under `mode observe` counts under `mode block`.

// maxSite bounds a site's name, which stands in every row.
const maxSite = 96

// siteNames finds the sites of all handlers in the HTTP app's routes.
type siteNames struct {
	server *caddyhttp.Server
	places map[*Handler][]string
	order  []*Handler
	depth  int // of named routes, which may invoke each other
}

// nameSites returns the site of each handler. Each has a name of its own.
func nameSites(http *caddyhttp.App, handlers []*Handler) map[*Handler]string {
	n := siteNames{places: make(map[*Handler][]string)}
	if http != nil {
		servers := make([]string, 0, len(http.Servers))
		for name := range http.Servers {
			servers = append(servers, name)
		}
		slices.Sort(servers)
		for _, name := range servers {
			n.server = http.Servers[name]
			n.walk(n.server.Routes, place{})
			if n.server.Errors != nil {
				n.walk(n.server.Errors.Routes, place{rest: []string{"errors"}})
			}
		}
	}
	for _, h := range handlers {
		if n.places[h] == nil { // within a handler of another plugin
			n.add(h, "elsewhere")
		}
	}
	sites := make(map[*Handler]string)
	taken := make(map[string]int)
	for _, h := range n.order {
		site := shorten(strings.Join(n.places[h], " or "))
		if taken[site]++; taken[site] > 1 {
			site = fmt.Sprintf("%s #%d", site, taken[site])
		}
		sites[h] = site
	}
	return sites
}

// place is the way to a handler.
type place struct {
	hosts []string // of the innermost host matcher
	rest  []string // the other matchers
}

func (n *siteNames) add(h *Handler, where string) {
	if n.places[h] == nil {
		n.order = append(n.order, h)
	}
	if !slices.Contains(n.places[h], where) {
		n.places[h] = append(n.places[h], where)
	}
}

func (n *siteNames) walk(routes caddyhttp.RouteList, above place) {
	for i := range routes {
		n.route(&routes[i], above)
	}
}

func (n *siteNames) route(r *caddyhttp.Route, above place) {
	here := above.behind(r.MatcherSets)
	for _, handler := range r.Handlers {
		switch h := handler.(type) {
		case *Handler:
			n.add(h, here.name(n.server))
		case *caddyhttp.Subroute:
			n.walk(h.Routes, here)
			if h.Errors != nil {
				n.walk(h.Errors.Routes, place{here.hosts, append(slices.Clone(here.rest), "errors")})
			}
		case *caddyhttp.Invoke:
			if named := n.server.NamedRoutes[h.Name]; named != nil && n.depth < 10 {
				n.depth++
				n.route(named, here)
				n.depth--
			}
		}
	}
}

// behind returns the place behind the matchers of a route.
func (p place) behind(sets caddyhttp.MatcherSets) place {
	var hosts, alternatives []string
	for _, set := range sets {
		var parts []string
		for _, m := range set {
			if host, ok := hostsOf(m); ok {
				hosts = append(hosts, host...)
				continue
			}
			parts = append(parts, matcherName(m))
		}
		slices.Sort(parts)
		if len(parts) > 0 {
			alternatives = append(alternatives, strings.Join(parts, " and "))
		}
	}
	out := place{p.hosts, slices.Clone(p.rest)}
	if len(hosts) > 0 {
		slices.Sort(hosts)
		out.hosts = slices.Compact(hosts)
	}
	if len(alternatives) > 0 {
		out.rest = append(out.rest, strings.Join(alternatives, " or "))
	}
	return out
}

func hostsOf(matcher any) (caddyhttp.MatchHost, bool) {
	switch m := matcher.(type) {
	case caddyhttp.MatchHost:
		return m, true
	case *caddyhttp.MatchHost:
		return *m, true
	}
	return nil, false
}

// matcherName writes a matcher as exceptions are written: "path /api/*".
func matcherName(matcher any) string {
	name := fmt.Sprintf("%T", matcher)
	if m, ok := matcher.(caddy.Module); ok {
		name = m.CaddyModule().ID.Name()
	}
	raw, err := json.Marshal(matcher)
	if err != nil {
		return name
	}
	if value := exceptValue(raw); value != "{}" && value != "null" {
		name += " " + value
	}
	return name
}

func (p place) name(server *caddyhttp.Server) string {
	hosts := p.hosts
	ports := portsOf(server)
	if len(hosts) == 0 {
		hosts = []string{"*"}
	}
	name := strings.Join(hosts, ",") + ports
	return strings.Join(append([]string{name}, p.rest...), " ")
}

// portsOf returns where a server listens, ":8080", or nothing for the web's own
// ports.
func portsOf(server *caddyhttp.Server) string {
	var ports []string
	for _, listen := range server.Listen {
		_, port, err := net.SplitHostPort(listen)
		switch {
		case err != nil:
			ports = append(ports, listen) // a socket
		case port != "80" && port != "443":
			ports = append(ports, port)
		}
	}
	if len(ports) == 0 {
		return ""
	}
	slices.Sort(ports)
	return ":" + strings.Join(slices.Compact(ports), ",")
}

// shorten keeps a name within maxSite bytes and different from others.
func shorten(name string) string {
	if len(name) <= maxSite {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return cut(name, maxSite-12) + " " + hex.EncodeToString(sum[:4])
}
