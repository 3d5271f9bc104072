package classifier

import (
	"bytes"
	"strings"
)

// format is what a content type says a body is.
type format byte

const (
	formatUnknown format = iota
	formatForm
	formatMultipart
	formatJSON
	formatXML
	formatGraphQL
)

// formatOf reads a Content-Type value.
func formatOf(contentType string) format {
	name, _, _ := strings.Cut(contentType, ";")
	name = trim(name)
	if len(name) > 80 {
		return formatUnknown
	}
	var buf [80]byte
	n := buf[:len(name)]
	for i := range n {
		n[i] = lower(name[i])
	}
	switch {
	case string(n) == "application/x-www-form-urlencoded":
		return formatForm
	case bytes.HasPrefix(n, []byte("multipart/")):
		return formatMultipart
	case string(n) == "application/graphql":
		return formatGraphQL
	case bytes.HasSuffix(n, []byte("json")), string(n) == "application/x-ndjson", string(n) == "application/json-lines",
		string(n) == "application/jsonl", bytes.HasPrefix(n, []byte("application/json")):
		return formatJSON
	case bytes.HasSuffix(n, []byte("xml")):
		return formatXML
	}
	return formatUnknown
}

// charsetOf returns the charset parameter of a Content-Type value.
func charsetOf(contentType string) string {
	_, params, _ := strings.Cut(contentType, ";")
	for params != "" {
		var p string
		p, params, _ = strings.Cut(params, ";")
		name, value, _ := strings.Cut(p, "=")
		if equalFold(trim(name), "charset") {
			return strings.Trim(value, " \t\"'")
		}
	}
	return ""
}

// declaredUTF16 returns the byte order that the content type declares, 0 when
// it declares another charset or none.
func declaredUTF16(contentType string) byteOrder {
	c := charsetOf(contentType)
	switch {
	case len(c) < 6 || !equalFold(c[:6], "utf-16"):
		return 0
	case equalFold(c, "utf-16le"):
		return littleEndian
	}
	return bigEndian
}
