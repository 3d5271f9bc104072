package caddymodule_test

import (
	"strings"
	"testing"
)

// Ensure that the matcher sees score and class before and after the handler,
// and that each request is scored once.
func TestMatcher(t *testing.T) {
	s := start(t, `$SITE {
		@high limen score > 0.5
		@low {
			limen score <= 0.5
			limen class none
		}
		@xss limen class xss other
		@mid limen {
			score >= 0.6
			score < 0.7
		}
		@cel expression limen_score() > 0.5 && limen_class() == 'sqli' && method('POST')
		@placeholder expression {http.limen.score} > 0.5
		header @high X-High 1
		header @low X-Low 1
		header @xss X-Xss 1
		header @mid X-Mid 1
		header @cel X-Cel 1
		limen {
			mode observe
		}
		handle @placeholder {
			respond "placeholder"
		}
		handle @high {
			respond "high"
		}
		respond "site"
	}
	`, nil)
	tests := []struct {
		name, method, target, body string
		want                       string // response headers
		text                       string
	}{
		{"harmless", "GET", "/?q=shoes", "", "X-Low", "site"},
		{"sqli", "GET", "/?q=evil-sqli", "", "X-High", "placeholder"},
		{"xss", "GET", "/?q=evil-xss", "", "X-High X-Xss", "placeholder"},
		{"maybe", "GET", "/?q=maybe-sqli", "", "X-High X-Mid", "placeholder"},
		{"body", "POST", "/", "a=evil-sqli", "X-High X-Cel", "placeholder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := engineCalls.Load()
			headers, body := form(tt.body)
			res := s.do(tt.method, tt.target, headers, body)
			s.expect(res, 200, tt.text)
			var got []string
			for _, name := range []string{"X-High", "X-Low", "X-Xss", "X-Mid", "X-Cel"} {
				if res.Header.Get(name) != "" {
					got = append(got, name)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("matched %v, expected %s", got, tt.want)
			}
			if n := engineCalls.Load() - before; n != 1 {
				t.Errorf("the request was scored %d times", n)
			}
		})
	}
	s.rows("", len(tests)) // the matchers record nothing
}

// Ensure that the matcher works without a handler, gives the body back, and
// records nothing.
func TestMatcherAlone(t *testing.T) {
	u := startUpstream(t)
	s := start(t, `$SITE {
		@bad limen score > 0.5
		respond @bad "caught" 418
		reverse_proxy $UPSTREAM
	}
	`, map[string]string{"$UPSTREAM": u.Addr})
	headers, body := form("a=evil-sqli")
	s.expect(s.do("POST", "/", headers, body), 418, "caught")
	headers, body = form("a=calm")
	s.expect(s.do("POST", "/", headers, body), 200, "")
	if got := u.last(t); string(got.Body) != "a=calm" {
		t.Errorf("%q reached the upstream", got.Body)
	}
	s.rows("", 0)
}

// Ensure that an expression in a configuration without Limen works, and that
// one that asks for Limen says what is missing.
func TestCELWithoutLimen(t *testing.T) {
	s := newServer(t, nil)
	s.run(`{
		admin off
		persist_config off
	}
	$SITE {
		@get expression method('GET')
		@score expression path('/score') && limen_score() > 0.5
		respond @score "score"
		respond @get "get"
	}
	`)
	s.expect(s.get("/"), 200, "get")
	s.expect(s.get("/score"), 500, "")
}
