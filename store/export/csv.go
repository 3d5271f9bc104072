package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/limen-waf/limen/store"
)

// csvColumn is one column of CSV.
type csvColumn struct {
	name string
	cell func(*store.Verdict) string
}

// csvColumns are those of the other formats, but for the request. What is not known
// is an empty cell.
var csvColumns = []csvColumn{
	{"id", func(v *store.Verdict) string { return v.ID.String() }},
	{"time", func(v *store.Verdict) string { return v.Time.UTC().Format(time.RFC3339Nano) }},
	{"request_digest", func(v *store.Verdict) string { return safe(v.RequestDigest) }},
	{"method", func(v *store.Verdict) string { return safe(v.Method) }},
	{"host", func(v *store.Verdict) string { return safe(v.Host) }},
	{"path", func(v *store.Verdict) string { return safe(v.Path) }},
	{"client_ip", func(v *store.Verdict) string { return safe(v.ClientIP) }},
	{"principal", func(v *store.Verdict) string { return safe(v.Principal) }},
	{"server", func(v *store.Verdict) string { return safe(v.Server) }},
	{"route", func(v *store.Verdict) string { return safe(v.Route) }},
	{"score", func(v *store.Verdict) string { return float(v.Score) }},
	{"class", func(v *store.Verdict) string { return safe(v.Class) }},
	{"class_scores", classScores},
	{"decision", func(v *store.Verdict) string { return safe(v.Decision) }},
	{"mode", func(v *store.Verdict) string { return safe(v.Mode) }},
	{"threshold", func(v *store.Verdict) string { return known(v.Threshold != 0, float(v.Threshold)) }},
	{"exception", func(v *store.Verdict) string { return safe(v.Exception) }},
	{"fallback", func(v *store.Verdict) string { return safe(v.Fallback) }},
	{"cache_hit", func(v *store.Verdict) string { return strconv.FormatBool(v.CacheHit) }},
	{"sampled", func(v *store.Verdict) string { return strconv.FormatBool(v.Sampled) }},
	{"policy_digest", func(v *store.Verdict) string { return safe(v.PolicyDigest) }},
	{"model_digest", func(v *store.Verdict) string { return safe(v.ModelDigest) }},
	{"tokenizer_version", func(v *store.Verdict) string { return whole(int64(v.TokenizerVersion)) }},
	{"engine", func(v *store.Verdict) string { return safe(v.Engine) }},
	{"device", func(v *store.Verdict) string { return safe(v.Device) }},
	{"batch_size", func(v *store.Verdict) string { return whole(int64(v.BatchSize)) }},
	{"queue_us", func(v *store.Verdict) string { return whole(v.QueueMicros) }},
	{"tokenize_us", func(v *store.Verdict) string { return whole(v.TokenizeMicros) }},
	{"infer_us", func(v *store.Verdict) string { return whole(v.InferMicros) }},
	{"bytes_inspected", func(v *store.Verdict) string { return strconv.FormatInt(v.BytesInspected, 10) }},
	{"bytes_sent", func(v *store.Verdict) string { return strconv.FormatInt(v.BytesSent, 10) }},
	{"decode_depth", func(v *store.Verdict) string { return whole(int64(v.DecodeDepth)) }},
	{"windows", func(v *store.Verdict) string { return whole(int64(v.Windows)) }},
	{"status", func(v *store.Verdict) string { return whole(int64(v.Status)) }},
	{"upstream_us", func(v *store.Verdict) string { return whole(v.UpstreamMicros) }},
	{"request_cut", func(v *store.Verdict) string { return whole(v.RequestCut) }},
}

// csvWriter writes RFC 4180 with a header line.
type csvWriter struct {
	buf   *bufio.Writer
	out   *csv.Writer
	cells []string
	begun bool
}

func newCSVWriter(w io.Writer) *csvWriter {
	buf := bufio.NewWriterSize(w, 64<<10)
	return &csvWriter{buf: buf, out: csv.NewWriter(buf)}
}

func (w *csvWriter) head() error {
	if w.begun {
		return nil
	}
	w.begun = true
	for _, c := range csvColumns {
		w.cells = append(w.cells, c.name)
	}
	return w.out.Write(w.cells)
}

func (w *csvWriter) Write(v *store.Verdict) error {
	if err := w.head(); err != nil {
		return err
	}
	for i, c := range csvColumns {
		w.cells[i] = c.cell(v)
	}
	return w.out.Write(w.cells)
}

func (w *csvWriter) Close() error {
	if err := w.head(); err != nil {
		return err
	}
	w.out.Flush()
	if err := w.out.Error(); err != nil {
		return err
	}
	return w.buf.Flush()
}

func float(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// whole writes n, or nothing for 0, which means not known.
func whole(n int64) string { return known(n != 0, strconv.FormatInt(n, 10)) }

func known(yes bool, text string) string {
	if yes {
		return text
	}
	return ""
}

func classScores(v *store.Verdict) string {
	if len(v.ClassScores) == 0 {
		return ""
	}
	b, err := json.Marshal(v.ClassScores)
	if err != nil {
		return ""
	}
	return string(b)
}

// safe makes text that a stranger sent harmless: characters that a terminal would
// obey are escaped, and what a spreadsheet would compute gets an apostrophe in
// front.
func safe(s string) string {
	for _, c := range s {
		if !strconv.IsPrint(c) || c == '\uFFFD' {
			quoted := strconv.Quote(s)
			s = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
			break
		}
	}
	if s != "" && strings.IndexByte("=+-@", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
