package site

import (
	"strings"
	"testing"
)

// Ensure that model, engine and trouble are read from metrics.
func TestFacts(t *testing.T) {
	const text = `# HELP limen_model_info The model.
# TYPE limen_model_info gauge
limen_model_info{device="cpu/avx2",digest="sha256:ab",engine="native",name="limen-http",version="1.0"} 1
go_goroutines 12
limen_inspect_seconds_bucket{le="0.1"} 7
limen_fallbacks_total{reason="deadline"} 3
limen_fallbacks_total{reason="engine"} 0
limen_requests_total{class="none",decision="allow",server="srv0"} 1e+06
`
	f, err := readFacts(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if f.Model != "limen-http 1.0 sha256:ab" || f.Engine != "native cpu/avx2" || len(f.Counters) != 3 {
		t.Errorf("%+v", f)
	}
	if got, want := f.String(), `model limen-http 1.0 sha256:ab on native cpu/avx2; limen_fallbacks_total{reason="deadline"} = 3`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	clear(f.Counters)
	if got := f.String(); !strings.HasSuffix(got, "no fallback, nothing dropped") {
		t.Errorf("got %s", got)
	}
	if _, err := readFacts(strings.NewReader("limen_x y\n")); err == nil {
		t.Error("a bad number gave no error")
	}
}
