package vision_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/limen-waf/limen/classifier/vision"
)

func TestReadLabels(t *testing.T) {
	long := strings.Repeat("x", vision.MaxLabelLength)
	for name, tc := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"plain":               {"cat\ndog\n", []string{"cat", "dog"}, ""},
		"no last line end":    {"cat\ndog", []string{"cat", "dog"}, ""},
		"CRLF":                {"cat\r\ndog\r\n", []string{"cat", "dog"}, ""},
		"byte order mark":     {"\ufeffcat\n", []string{"cat"}, ""},
		"white space":         {"  tench, Tinca tinca\t\n", []string{"tench, Tinca tinca"}, ""},
		"empty lines last":    {"cat\n\n \n", []string{"cat"}, ""},
		"the same twice":      {"crane\ncrane\n", []string{"crane", "crane"}, ""},
		"hash is a name":      {"#1\n", []string{"#1"}, ""},
		"longest":             {long, []string{long}, ""},
		"empty":               {"", nil, "no names"},
		"only white space":    {"\n \n", nil, "no names"},
		"empty line between":  {"cat\n\ndog\n", nil, "line 2 is empty"},
		"binary":              {"cat\n\xff\xfe\n", nil, "line 2 is not UTF-8"},
		"long line":           {"cat\n" + long + "x\n", nil, "line 2 is longer than 1024 bytes"},
		"endless line":        {"cat\n" + strings.Repeat(long, 9), nil, "line 2 is longer than 1024 bytes"},
		"more than there are": {strings.Repeat("x\n", vision.MaxLabels+1), nil, "more than 100000 lines"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.ReadLabels(strings.NewReader(tc.text))
			if tc.err != "" {
				if !errors.Is(err, vision.ErrLabels) || !strings.Contains(err.Error(), tc.err) || got != nil {
					t.Fatalf("got %d names, %v, expected an ErrLabels with %q", len(got), err, tc.err)
				}
				return
			}
			if err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("got %q, %v, expected %q", got, err, tc.want)
			}
		})
	}
	broken := errors.New("disk on fire")
	if _, err := vision.ReadLabels(iotest.ErrReader(broken)); !errors.Is(err, broken) || !errors.Is(err, vision.ErrLabels) {
		t.Errorf("got %v, expected the reader's error", err)
	}
}

// FuzzReadLabels ensures that whatever is read as labels is clean text, one
// name a line.
func FuzzReadLabels(f *testing.F) {
	for _, seed := range []string{"", "cat\ndog\n", "\ufeffa\r\nb", "a\n\nb", "\xff", strings.Repeat("y", 1100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := vision.ReadLabels(strings.NewReader(text))
		if err != nil {
			if names != nil || !errors.Is(err, vision.ErrLabels) {
				t.Fatalf("%q with %v", names, err)
			}
			return
		}
		for i, n := range names {
			if n == "" || len(n) > vision.MaxLabelLength || !utf8.ValidString(n) || n != strings.TrimSpace(n) {
				t.Fatalf("name %d is %q", i, n)
			}
		}
		again, err := vision.ReadLabels(strings.NewReader(strings.Join(names, "\n")))
		if err != nil || !slices.Equal(names, again) {
			t.Fatalf("%q read again is %q, %v", names, again, err)
		}
	})
}
