package classifier

// Header is one header field line as the client sent it. Repeated fields are
// repeated entries.
type Header struct {
	Name  string
	Value string
}

// Request is one HTTP request as the classifier sees it: the wire form, with
// nothing decoded. Live traffic, training data and evaluation all come through
// this type, so there is one tokenizer for the three.
type Request struct {
	// Method is the request method (RFC 9110 section 9), case kept.
	Method string
	// Target is the request target, path and query, as on the wire.
	Target string
	// Headers holds every header field, Host included.
	Headers []Header
	// Body is the part of the body that was read: at most the body limit.
	Body []byte
	// BodySize is the number of body bytes the client sent or declared. It is
	// larger than len(Body) when the body limit cut the body; 0 means len(Body).
	BodySize int64
}

// Header returns the first value of the header field called name, compared
// without regard to case, or "".
func (r *Request) Header(name string) string {
	for i := range r.Headers {
		if equalFold(r.Headers[i].Name, name) {
			return r.Headers[i].Value
		}
	}
	return ""
}

// equalFold is strings.EqualFold for ASCII field names.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c-'A' < 26 {
		c += 'a' - 'A'
	}
	return c
}
