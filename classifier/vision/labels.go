package vision

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a labels file.
const (
	MaxLabels      = 100_000
	MaxLabelLength = 1024 // bytes
)

// ReadLabels reads the names of a model's classes: UTF-8, one a line, the first
// line for class 0. White space around a name and empty lines at the end are
// left out. The error wraps [ErrLabels] and names the line.
func ReadLabels(r io.Reader) ([]string, error) {
	var names []string
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, MaxLabelLength+64)
	for sc.Scan() {
		name := strings.TrimFunc(sc.Text(), blank)
		switch {
		case len(names) == MaxLabels:
			return nil, fmt.Errorf("%w: more than %d lines", ErrLabels, MaxLabels)
		case len(name) > MaxLabelLength:
			return nil, fmt.Errorf("%w: line %d is longer than %d bytes", ErrLabels, len(names)+1, MaxLabelLength)
		case !utf8.ValidString(name):
			return nil, fmt.Errorf("%w: line %d is not UTF-8: is it a text file, one name a line?", ErrLabels, len(names)+1)
		}
		names = append(names, name)
	}
	if err := sc.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("%w: line %d is longer than %d bytes", ErrLabels, len(names)+1, MaxLabelLength)
	} else if err != nil {
		return nil, fmt.Errorf("%w: after line %d: %w", ErrLabels, len(names), err)
	}
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: no names, expected one a line", ErrLabels)
	}
	for i, n := range names {
		if n == "" {
			return nil, fmt.Errorf("%w: line %d is empty, expected the name of class %d", ErrLabels, i+1, i)
		}
	}
	return names, nil
}

// blank are white space and the byte order mark that some editors begin a file
// with.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }
