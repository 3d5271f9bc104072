package inference

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// scanner reads JSON text (RFC 8259) value by value, straight into what the caller
// makes of it: a tensor of numbers is the larger part of a request, and encoding/json
// takes several times as long to find its end as it takes to read the numbers. Its
// errors are worded as those of Triton's parser.
type scanner struct {
	data  []byte
	at    int
	depth int
}

// maxDepth is how deep arrays and objects may be nested: no tensor has as many
// dimensions.
const maxDepth = 64

// syntaxError is text that is no JSON.
type syntaxError struct {
	what string
	at   int
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("failed to parse the request JSON buffer: %s at %d", e.what, e.at)
}

func (s *scanner) fail(what string) error { return &syntaxError{what, s.at} }

// kindError is a JSON value of another kind than is wanted.
type kindError string

func (e kindError) Error() string {
	return fmt.Sprintf("attempt to access JSON non-%s as %s", string(e), string(e))
}

// document reads one value with read, and nothing may follow.
func (s *scanner) document(read func() error) error {
	if s.peek() == 0 && s.at == len(s.data) {
		return s.fail("The document is empty.")
	}
	if err := read(); err != nil {
		return err
	}
	if s.peek(); s.at < len(s.data) {
		return s.fail("The document root must not be followed by other values.")
	}
	return nil
}

// peek gives the first byte of what comes next, 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// object reads an object, calling member with each name to read its value.
func (s *scanner) object(member func(name []byte) error) error {
	if s.peek() != '{' {
		return s.kind("object")
	}
	if err := s.open(); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.close()
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.fail("Missing a name for object member.")
		}
		name, err := s.quoted()
		if err != nil {
			return err
		}
		if s.peek() != ':' {
			return s.fail("Missing a colon after a name of object member.")
		}
		s.at++
		if err := member(name); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.at++
		case '}':
			s.close()
			return nil
		default:
			return s.fail("Missing a comma or } after an object member.")
		}
	}
}

// array reads an array, calling element to read each.
func (s *scanner) array(element func() error) error {
	if s.peek() != '[' {
		return s.kind("array")
	}
	if err := s.open(); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.close()
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.at++
		case ']':
			s.close()
			return nil
		default:
			return s.fail("Missing a comma or ] after an array element.")
		}
	}
}

func (s *scanner) open() error {
	if s.depth++; s.depth > maxDepth {
		return s.fail(fmt.Sprintf("Values are nested more than %d deep.", maxDepth))
	}
	s.at++
	return nil
}

func (s *scanner) close() {
	s.depth--
	s.at++
}

// text reads a string. What it returns may be a part of the scanner's data.
func (s *scanner) text() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.kind("string")
	}
	return s.quoted()
}

// bool reads true or false.
func (s *scanner) bool() (bool, error) {
	switch s.peek() {
	case 't':
		return true, s.literal("true")
	case 'f':
		return false, s.literal("false")
	}
	return false, s.kind("boolean")
}

// uint reads a number that is an integer of the bits given, 0 or larger.
func (s *scanner) uint(bits int) (uint64, error) {
	text, integer, err := s.number("unsigned-integer")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(view(text), 10, bits)
	if !integer || err != nil {
		return 0, kindError("unsigned-integer")
	}
	return v, nil
}

// int reads a number that is an integer of the bits given.
func (s *scanner) int(bits int) (int64, error) {
	text, integer, err := s.number("signed-integer")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(view(text), 10, bits)
	if !integer || err != nil {
		return 0, kindError("signed-integer")
	}
	return v, nil
}

// float reads a number that is finite in the bits given.
func (s *scanner) float(bits int) (float64, error) {
	text, _, err := s.number("number")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(view(text), bits)
	if err != nil {
		return 0, fmt.Errorf("%s does not fit FP%d", text, bits)
	}
	return v, nil
}

// view is b as a string without a copy, for a call that does not keep it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// number reads a number's text and says whether it has neither fraction nor exponent.
func (s *scanner) number(want string) (text []byte, integer bool, err error) {
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		return nil, false, s.kind(want)
	}
	start, at, data := s.at, s.at, s.data
	if data[at] == '-' {
		at++
	}
	first := at
	at = digits(data, first)
	if at == first || data[first] == '0' && at > first+1 {
		s.at = first
		return nil, false, s.fail("Invalid value.")
	}
	integer = true
	if at < len(data) && data[at] == '.' {
		integer, first = false, at+1
		if at = digits(data, first); at == first {
			s.at = at
			return nil, false, s.fail("Miss fraction part in number.")
		}
	}
	if at < len(data) && (data[at] == 'e' || data[at] == 'E') {
		integer, first = false, at+1
		if first < len(data) && (data[first] == '+' || data[first] == '-') {
			first++
		}
		if at = digits(data, first); at == first {
			s.at = at
			return nil, false, s.fail("Miss exponent in number.")
		}
	}
	s.at = at
	return data[start:at], integer, nil
}

// digits gives the end of the digits that stand at at.
func digits(data []byte, at int) int {
	for at < len(data) && data[at]-'0' <= 9 {
		at++
	}
	return at
}

// skip reads a value of any kind.
func (s *scanner) skip() error {
	switch s.peek() {
	case '{':
		return s.object(func([]byte) error { return s.skip() })
	case '[':
		return s.array(s.skip)
	case '"':
		_, err := s.quoted()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	_, _, err := s.number("")
	return err
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.data[s.at:], []byte(word)) {
		return s.fail("Invalid value.")
	}
	s.at += len(word)
	return nil
}

// kind is the error for a value that is not what is wanted, or none at all.
func (s *scanner) kind(want string) error {
	switch c := s.peek(); {
	case c == '{', c == '[', c == '"', c == '-', '0' <= c && c <= '9':
		return kindError(want)
	case c == 't', c == 'f', c == 'n':
		if err := s.skip(); err != nil {
			return err
		}
		return kindError(want)
	}
	return s.fail("Invalid value.")
}

// quoted reads a string whose quotation mark comes next.
func (s *scanner) quoted() ([]byte, error) {
	start := s.at + 1
	for at := start; at < len(s.data); at++ {
		switch c := s.data[at]; {
		case c == '"':
			s.at = at + 1
			return s.data[start:at], nil
		case c == '\\':
			s.at = at
			return s.escaped(bytes.Clone(s.data[start:at]))
		case c < ' ':
			s.at = at
			return nil, s.fail("Invalid encoding in string.")
		}
	}
	s.at = len(s.data)
	return nil, s.fail("Missing a closing quotation mark in string.")
}

// escaped reads on from the first backslash of a string.
func (s *scanner) escaped(text []byte) ([]byte, error) {
	for s.at < len(s.data) {
		c := s.data[s.at]
		switch {
		case c == '"':
			s.at++
			return text, nil
		case c < ' ':
			return nil, s.fail("Invalid encoding in string.")
		case c != '\\':
			text = append(text, c)
			s.at++
			continue
		}
		if s.at+1 == len(s.data) {
			break
		}
		c = s.data[s.at+1]
		if c == 'u' {
			r, err := s.unicode()
			if err != nil {
				return nil, err
			}
			text = utf8.AppendRune(text, r)
			continue
		}
		i := bytes.IndexByte([]byte(`"\/bfnrt`), c)
		if i < 0 {
			return nil, s.fail("Invalid escape character in string.")
		}
		text = append(text, "\"\\/\b\f\n\r\t"[i])
		s.at += 2
	}
	s.at = len(s.data)
	return nil, s.fail("Missing a closing quotation mark in string.")
}

// unicode reads \uXXXX, or two of them that are a surrogate pair. Half a pair is
// U+FFFD, as in encoding/json.
func (s *scanner) unicode() (rune, error) {
	r, ok := hex4(s.data[s.at:])
	if !ok {
		return 0, s.fail("Incorrect hex digit after \\u escape in string.")
	}
	s.at += 6
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if low, ok := hex4(s.data[s.at:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			s.at += 6
			return pair, nil
		}
	}
	return utf8.RuneError, nil
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
