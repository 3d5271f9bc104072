package corpus

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/limen-waf/limen/classifier"
)

// TokenLine is one line of WriteTokens' output.
type TokenLine struct {
	ID      string `json:"id"`
	Dataset string `json:"dataset"`
	Label   string `json:"label"`
	Class   string `json:"class"`
	// Tokens is the whole token sequence, not cut into windows: uint16, little
	// endian. In JSON it is base64.
	Tokens []byte `json:"tokens"`
}

// WriteTokens writes the tokens of every record of r to w, one TokenLine as
// JSON a line, in input order. Training reads this.
func WriteTokens(ctx context.Context, w io.Writer, r *Reader, workers int, limits classifier.Limits) error {
	return mapTokens(ctx, w, r, workers, limits, tokenLine)
}

// WriteTokenText writes the same in a form for people: a line with the id,
// label, class and number of tokens after "#", and the tokens on the next line
// as Sequence.String shows them.
func WriteTokenText(ctx context.Context, w io.Writer, r *Reader, workers int, limits classifier.Limits) error {
	return mapTokens(ctx, w, r, workers, limits, func(rec *Record, s *classifier.Sequence) []byte {
		words := []string{"#", rec.ID, rec.Label, rec.Class}
		words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
		return fmt.Appendf(nil, "%s, %d tokens\n%s\n", strings.Join(words, " "), len(s.Tokens), s)
	})
}

func mapTokens(ctx context.Context, w io.Writer, r *Reader, workers int, limits classifier.Limits,
	format func(rec *Record, s *classifier.Sequence) []byte) error {
	out := bufio.NewWriterSize(w, 1<<20)
	err := Map(ctx, r, workers,
		func() func(*Record) ([]byte, error) {
			t := classifier.NewTokenizer(limits)
			return func(rec *Record) ([]byte, error) {
				return format(rec, t.Tokenize(rec.Request())), nil
			}
		},
		func(line []byte) error {
			_, err := out.Write(line)
			return err
		})
	if flushErr := out.Flush(); err == nil {
		err = flushErr
	}
	return err
}

func tokenLine(rec *Record, s *classifier.Sequence) []byte {
	raw := make([]byte, 2*len(s.Tokens))
	for i, t := range s.Tokens {
		binary.LittleEndian.PutUint16(raw[2*i:], t)
	}
	dst := make([]byte, 0, base64.StdEncoding.EncodedLen(len(raw))+len(rec.ID)+len(rec.Dataset)+100)
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, rec.ID)
	dst = append(dst, `,"dataset":`...)
	dst = appendString(dst, rec.Dataset)
	dst = append(dst, `,"label":`...)
	dst = appendString(dst, rec.Label)
	dst = append(dst, `,"class":`...)
	dst = appendString(dst, rec.Class)
	dst = append(dst, `,"tokens":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, raw)
	return append(dst, "\"}\n"...)
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', byte(c))
		case c < ' ':
			const hex = "0123456789abcdef"
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		default:
			dst = utf8.AppendRune(dst, c)
		}
	}
	return append(dst, '"')
}
