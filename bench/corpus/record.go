// Package corpus reads labelled HTTP requests (JSON Lines, one request a line,
// gzip or plain) and turns them into the bytes a client would send.
package corpus

// Record is one labelled request. The fields are those of the JSON Lines form
// that `caddy limen score` and `caddy limen eval` read; others are ignored.
type Record struct {
	ID      string `json:"id"`
	Dataset string `json:"dataset"`
	// Label is normal, attack or anomaly.
	Label string `json:"label"`
	// Class is none, sqli, xss, traversal, cmdi, log4shell, shellshock, xxe or
	// other.
	Class  string `json:"class"`
	Method string `json:"method"`
	// Target is path and query as on the wire, nothing decoded.
	Target string `json:"target"`
	// Headers are name and value pairs in wire order.
	Headers [][2]string `json:"headers"`
	// Body is the body where it is valid UTF-8, else BodyB64 has its bytes.
	Body    string `json:"body"`
	BodyB64 []byte `json:"body_b64"`
}

// Content returns the body's bytes.
func (r *Record) Content() []byte {
	if len(r.BodyB64) > 0 {
		return r.BodyB64
	}
	return []byte(r.Body)
}
