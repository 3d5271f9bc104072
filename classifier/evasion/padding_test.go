package evasion_test

import (
	"encoding/json"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/evasion"
)

// Ensure that filler has exactly the length asked for, and is what it was with
// the same seed.
func TestFillerLength(t *testing.T) {
	for _, f := range evasion.Fillers() {
		for _, n := range []int{0, 1, 7, 1000, 8193, 65537} {
			a, b := f.Text(n, rand.New(rand.NewPCG(1, 2))), f.Text(n, rand.New(rand.NewPCG(1, 2)))
			if len(a) != n || a != b {
				t.Errorf("%v: %d bytes, want %d; same again: %v", f, len(a), n, a == b)
			}
		}
	}
}

// Ensure that each body type holds payload and filler where they should be:
// decoded, the value is the payload, or filler and payload and filler.
func TestPaddingPlaces(t *testing.T) {
	const payload = `1' or "a"<b&c=d\e -- +100%`
	for _, bodyType := range evasion.BodyTypes() {
		for _, where := range evasion.Wheres() {
			for _, inside := range []bool{false, true} {
				for _, f := range evasion.Fillers() {
					p := evasion.Pad(payload, bodyType, where, inside, f, 9001, 4)
					if got := len(p.Before) + len(p.After); got != 9001 {
						t.Fatalf("%d bytes of filler, want 9001", got)
					}
					if (p.Before == "") != (where == evasion.After) || (p.After == "") != (where == evasion.Before) {
						t.Fatalf("%v: %d bytes before, %d after", where, len(p.Before), len(p.After))
					}
					want := payload
					if inside || bodyType == evasion.TextBody {
						want = map[evasion.Where]string{
							evasion.Before: p.Before + " " + payload, evasion.After: payload + " " + p.After, evasion.Around: p.Before + " " + payload + " " + p.After,
						}[where]
					}
					fields := bodyFields(t, bodyType, string(p.Request().Body), p.Carrier.Boundary)
					if got := fields["comment"]; got != want {
						t.Fatalf("%v %v inside %v %v: value is %d bytes, want %d:\n%.200q\n%.200q", bodyType, where, inside, f, len(got), len(want), got, want)
					}
					if !p.Inside && fields["notes"]+fields["details"] != p.Before+p.After {
						t.Fatalf("%v %v: the neighbours are not the filler", bodyType, where)
					}
				}
			}
		}
	}
}

// bodyFields decodes a body.
func bodyFields(t *testing.T, bodyType evasion.BodyType, body, boundary string) map[string]string {
	t.Helper()
	fields := map[string]string{}
	switch bodyType {
	case evasion.FormBody:
		values, err := url.ParseQuery(body)
		if err != nil {
			t.Fatal(err)
		}
		for name := range values {
			fields[name] = values.Get(name)
		}
	case evasion.JSONBody:
		if err := json.Unmarshal([]byte(body), &fields); err != nil {
			t.Fatal(err)
		}
	case evasion.MultipartBody:
		for _, part := range strings.Split(body, "--"+boundary) {
			if head, value, ok := strings.Cut(part, "\r\n\r\n"); ok {
				_, name, _ := strings.Cut(head, `name="`)
				fields[strings.TrimSuffix(name, `"`)] = strings.TrimSuffix(value, "\r\n")
			}
		}
	case evasion.XMLBody:
		for _, name := range []string{"comment", "notes", "details"} {
			if _, after, ok := strings.Cut(body, "<"+name+">"); ok {
				value, _, _ := strings.Cut(after, "</"+name+">")
				fields[name] = html.UnescapeString(value)
			}
		}
	case evasion.GraphQLBody:
		var document struct{ Query string }
		if err := json.Unmarshal([]byte(body), &document); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"comment", "notes", "details"} {
			if _, after, ok := strings.Cut(document.Query, name+`: `); ok {
				var value string
				if err := json.NewDecoder(strings.NewReader(after)).Decode(&value); err != nil {
					t.Fatal(err)
				}
				fields[name] = value
			}
		}
	default:
		fields["comment"] = body
	}
	return fields
}

// Ensure that a request without filler is the same whatever was asked of it.
func TestPaddingTwin(t *testing.T) {
	for _, bodyType := range evasion.BodyTypes() {
		a := wire(evasion.Pad("x' or 1=1", bodyType, evasion.Before, false, evasion.Prose, 0, 6).Request())
		b := wire(evasion.Pad("x' or 1=1", bodyType, evasion.Around, true, evasion.Base64, 0, 6).Request())
		if a != b {
			t.Errorf("%v:\n%s\n%s", bodyType, a, b)
		}
	}
}
