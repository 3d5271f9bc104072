package inference

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// writeJSON sends a value.
func writeJSON(w http.ResponseWriter, status int, value any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		status = http.StatusInternalServerError
		text.Reset()
		text.WriteString(`{"error":"failed to write the response"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes())
}

// maxMessage is the most bytes of an error's text, in which the client's own names may
// stand.
const maxMessage = 1024

// writeError sends $inference_error_response.
func writeError(w http.ResponseWriter, f *failure) {
	message := f.message
	if len(message) > maxMessage {
		message = message[:maxMessage] + "…"
	}
	if f.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, f.status, map[string]string{"error": strings.ToValidUTF8(message, "\ufffd")})
}
