package e2e_test

import (
	"strings"
	"testing"
)

// strictCaddyfile is a site whose blocked requests are on disk before their 403.
const strictCaddyfile = `{` + globals + `
	limen {
		data {home}/limen
	}
}
http://:{site} {
	bind 127.0.0.1
	limen {
		mode block
		deadline 5s
		durability strict
	}
	handle_errors 403 {
		respond "blocked {http.limen.id}" 403
	}
	respond "ordinary"
}
`

// Ensure that with "durability strict" every 403 that a client got has its row in the
// store, though the server is killed (SIGKILL) the moment the first one arrives while
// others are under way; and that the hash chain holds afterwards. What a failing
// power supply adds to that, the fsync before, it cannot show.
func TestStrictKilled(t *testing.T) {
	home := t.TempDir()
	const together = 8
	answered := map[string]bool{}
	attack := get("/item?id=1" + encode(union))
	wire := attack.wire("strict")
	for round := range 4 {
		p := freePorts(t, 2)
		config := strings.NewReplacer("{admin}", p[0], "{home}", home, "{site}", p.port(1)).Replace(strictCaddyfile)
		s := start(t, home, p[0], config, p[1])
		replies := make(chan reply, together)
		for range together {
			go func() {
				r, err := exchange(p[1], wire, "GET")
				if err != nil {
					r = reply{} // killed before its answer
				}
				replies <- r
			}()
		}
		killed := false
		for range together {
			r := <-replies
			if id, ok := strings.CutPrefix(r.body, "blocked "); ok && r.status == 403 {
				answered[id] = true
				if !killed {
					s.kill()
					killed = true
				}
			} else if r.status != 0 {
				t.Errorf("round %d: status %d, %q", round, r.status, r.body)
			}
		}
		if !killed {
			t.Fatalf("round %d: no 403 came:\n%s", round, s.log)
		}
		rows := storedVerdicts(t, home, "--data", home+"/limen", "--address", p[0], "--decision", "block")
		for id := range answered {
			if v, ok := rows[id]; !ok || v.Status != 403 || v.Class != "sqli" {
				t.Errorf("round %d: the client had its 403, and of row %s of %d there is %+v", round, id, len(rows), v)
			}
		}
		if r := run(t, home, "limen", "verify", "--data", home+"/limen", "--address", p[0]); r.code != 0 {
			t.Errorf("round %d: verify ended with %d:\n%s%s", round, r.code, r.out, r.err)
		}
	}
}
