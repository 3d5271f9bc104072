package e2e_test

import (
	"strings"
	"testing"
)

// site is a demo site behind Limen in block mode, and beside it, in the same
// process and with the same upstream, one in observe mode and one without Limen.
type site struct {
	*server
	upstream              *upstream
	limen, observed, bare string // addresses
}

// globals are options of every test's Caddyfile: no TLS, nothing written
// elsewhere, errors in plain text.
const globals = `
	admin {admin}
	auto_https off
	persist_config off
	log {
		format console
	}
`

// siteCaddyfile shows the decision's id in the answer, so that a test can find
// its row, and through Caddy's error handling where the request was blocked. The
// deadline is for machines that are busy with other tests.
const siteCaddyfile = `{` + globals + `
	limen {
		data {home}/limen
	}
}
http://:{limen} {
	bind 127.0.0.1
	limen {
		mode block
		deadline 5s
	}
	header >X-Verdict {http.limen.id}
	header >X-Score {http.limen.score}
	header >X-Class {http.limen.class}
	handle_errors 403 {
		respond "blocked {http.limen.id}" 403
	}
	reverse_proxy {upstream}
}
http://:{observed} {
	bind 127.0.0.1
	limen {
		mode observe
		deadline 5s
	}
	reverse_proxy {upstream}
}
http://:{bare} {
	bind 127.0.0.1
	reverse_proxy {upstream}
}
`

func startSite(t *testing.T) *site {
	t.Helper()
	home := t.TempDir()
	p := freePorts(t, 4)
	s := &site{upstream: startUpstream(t), limen: p[1], observed: p[2], bare: p[3]}
	config := strings.NewReplacer("{admin}", p[0], "{home}", home, "{upstream}", s.upstream.Address,
		"{limen}", p.port(1), "{observed}", p.port(2), "{bare}", p.port(3)).Replace(siteCaddyfile)
	s.server = start(t, home, p[0], config, s.limen)
	return s
}
