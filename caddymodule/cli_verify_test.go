package caddymodule_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/limen-waf/limen/store"
)

// Ensure that verify and forget work on a running server and on its folder, that a
// forgotten client is gone, and that tampering is named.
func TestCLIVerifyForget(t *testing.T) {
	s, stop := stoppable(t, "$SITE {\n limen\n respond ok\n}")
	for range 20 {
		s.get("/?a=evil-sqli")
	}
	s.rows("", 20)
	nobody := freeAddr(t)
	check := func(want string, args ...string) string {
		t.Helper()
		out, _, err := limen(t, "", args...)
		if err != nil {
			out += err.Error()
		}
		if !strings.Contains(out, want) {
			t.Errorf("%q: got %q, expected %q", args, out, want)
		}
		return out
	}
	out := check("20 decisions in 1 segments, 0 forgotten", "verify", "--address", s.admin())
	_, head, _ := strings.Cut(strings.TrimSpace(out), "head ")
	var r store.VerifyReport
	if err := json.Unmarshal([]byte(check(`"head"`, "verify", "--json", "--address", s.admin())), &r); err != nil || r.Head != head || r.Rows != 20 {
		t.Errorf("%+v, %v", r, err)
	}
	check("want one that verify printed", "verify", "--head", "nonsense", "--address", s.admin())
	check("0 decisions were removed", "forget", "--client-ip", "192.0.2.1", "--address", s.admin())
	check("at least one of the flags", "forget", "--address", s.admin())
	check("20 decisions were removed from 1 segments (event ", "forget", "--client-ip", "127.0.0.1", "--as", "privacy", "--address", s.admin())
	if got := s.rows("", 0); len(got) != 0 {
		t.Errorf("%d rows are left", len(got))
	}
	check("0 decisions in 1 segments, 20 forgotten", "verify", "--head", head, "--address", s.admin())
	for range 3 {
		s.get("/?a=evil-sqli")
	}
	rows := s.rows("", 3)
	stop()

	offline := []string{"--address", nobody, "--data", s.Data}
	check("3 decisions in 1 segments, 20 forgotten", append([]string{"verify"}, offline...)...)
	check("0 decisions were removed", append([]string{"forget", "--principal", "nobody"}, offline...)...)
	check("there is no store to change", "forget", "--principal", "nobody", "--address", nobody, "--data", t.TempDir())

	id, err := store.ParseID(rows[1]["id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(s.Data, "verdicts", "*.db"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	db, err := bbolt.Open(names[0], 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("rows")).Delete(id[:]) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	out = check("1 problems found", append([]string{"verify"}, offline...)...)
	if !strings.Contains(out, "removed: decision "+id.String()) {
		t.Errorf("the row is not named: %s", out)
	}
}

// Ensure that retain, max_size and client_ip take effect at a reload, and that rows of
// both forms of an address are found by it.
func TestReloadStoreOptions(t *testing.T) {
	global := func(options string) string {
		return strings.Replace(`{
	admin ADMIN
	persist_config off
	log {
		output discard
	}
	limen {
		data $DATA
		device native
		model http $MODEL
		OPTIONS
	}
}
$SITE {
	limen
	respond ok
}
`, "OPTIONS", options, 1)
	}
	s := newServer(t, nil)
	s.run(global("retain 30d"))
	s.get("/one")
	s.rows("", 1)
	s.reload(global("retain 7d\n max_size 64MiB\n client_ip hash"))
	s.get("/two")
	rows := s.rows("", 2)
	if ip := rows[0]["client_ip"].(string); !strings.HasPrefix(ip, "ip4:") {
		t.Errorf("the address is stored as %s", ip)
	}
	if digest, _ := rows[0]["request_digest"].(string); !strings.HasPrefix(digest, "hmac-sha256:") {
		t.Errorf("request digest %q", digest)
	}
	if got := s.rows("client_ip=127.0.0.1", 2); len(got) != 2 {
		t.Errorf("%d rows by address", len(got))
	}
	if err := s.load(global("client_ip sometimes")); err == nil || !strings.Contains(err.Error(), "client_ip") {
		t.Errorf("%v", err)
	}
}
