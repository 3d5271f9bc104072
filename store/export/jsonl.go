package export

import (
	"bufio"
	"encoding/json"
	"io"

	"github.com/limen-waf/limen/store"
)

// jsonlWriter writes one JSON object a line, with everything that is stored.
type jsonlWriter struct {
	out *bufio.Writer
	enc *json.Encoder
}

func newJSONLWriter(w io.Writer) *jsonlWriter {
	out := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &jsonlWriter{out, enc}
}

func (w *jsonlWriter) Write(v *store.Verdict) error { return w.enc.Encode(v) }

func (w *jsonlWriter) Close() error { return w.out.Flush() }
