package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/limen-waf/limen/store"
)

// liveExceptions are the exceptions that were added while the server runs, made
// ready to match. They are exchanged whole.
type liveExceptions struct {
	from *store.ExceptionSet
	list []liveException
}

type liveException struct {
	exception
	site string // "" for all
}

// liveMatcher makes the matcher of an exception, of the kinds that the Caddyfile has.
func (a *App) liveMatcher(m *store.ExceptionMatch) (caddyhttp.MatcherSet, error) {
	values := slices.Clone(m.Values)
	switch m.Kind {
	case "path":
		matcher := caddyhttp.MatchPath(values)
		return caddyhttp.MatcherSet{&matcher}, matcher.Provision(a.ctx)
	case "method":
		for i := range values {
			values[i] = strings.ToUpper(values[i])
		}
		return caddyhttp.MatcherSet{caddyhttp.MatchMethod(values)}, nil
	case "header":
		switch {
		case len(values) > 2:
			return nil, fmt.Errorf("header takes a field and at most one value, got %d values", len(values)-1)
		case len(values) == 1:
			values = append(values, "*") // present, whatever it says
		}
		return caddyhttp.MatcherSet{caddyhttp.MatchHeader{http.CanonicalHeaderKey(values[0]): values[1:]}}, nil
	case "client_ip":
		for _, v := range values {
			_, prefixErr := netip.ParsePrefix(v)
			_, addrErr := netip.ParseAddr(v)
			if prefixErr != nil && addrErr != nil {
				return nil, fmt.Errorf("%q is neither an IP address nor a range such as 10.0.0.0/8", v)
			}
		}
		matcher := &caddyhttp.MatchClientIP{Ranges: values}
		return caddyhttp.MatcherSet{matcher}, matcher.Provision(a.ctx)
	}
	return nil, fmt.Errorf("kind is %q, expected one of %s", m.Kind, strings.Join(exceptMatchers, ", "))
}

// exceptionsNow returns the live exceptions. What was added or removed is seen by
// the next request.
func (a *App) exceptionsNow() []liveException {
	s := a.store.Load()
	if s == nil {
		return nil
	}
	set := s.Exceptions()
	if live := a.live.Load(); live != nil && live.from == set {
		return live.list
	}
	next := &liveExceptions{from: set}
	for i := range set.List {
		x := &set.List[i]
		matcher, err := a.liveMatcher(&x.ExceptionMatch)
		if err != nil { // of a later Limen
			a.log.Error("exception is not applied", zap.String("exception", x.Name()), zap.Error(err))
			continue
		}
		next.list = append(next.list, liveException{exception{x.Name(), matcher}, x.Site})
	}
	a.live.Store(next) // twice, by two requests, does no harm
	return next.list
}

// checkSite refuses a site that no handler has.
func (a *App) checkSite(site string) error {
	if site == "" {
		return nil
	}
	var names []string
	for _, h := range a.handlers {
		name := h.stance.Load().site
		if name == site {
			return nil
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return errors.New("the configuration has no site")
	}
	return fmt.Errorf("site is %q, expected none, for all, or one of: %s", site, strings.Join(names, "; "))
}
