package evasion

import (
	"encoding/base64"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Filler is a kind of ordinary text to bury payloads in.
type Filler uint8

// The kinds of filler.
const (
	Prose   Filler = iota // sentences
	Records               // JSON objects
	Base64                // bytes of a file
	Numbers               // measurements
	Markup                // HTML text
	fillers
)

var fillerNames = [fillers]string{"prose", "records", "base64", "numbers", "html"}

func (f Filler) String() string { return fillerNames[f] }

// Fillers are all kinds.
func Fillers() []Filler { return []Filler{Prose, Records, Base64, Numbers, Markup} }

// Text is exactly n bytes of filler.
func (f Filler) Text(n int, r *rand.Rand) string {
	var b strings.Builder
	b.Grow(n + 256)
	for b.Len() < n {
		switch f {
		case Prose:
			sentence := prose(r, 5+r.IntN(12))
			b.WriteString(strings.ToUpper(sentence[:1]) + sentence[1:] + pick(r, ". ", ". ", ", and so on. ", "! ", ".\n\n", "; don't worry. ", " (the neighbour's). ", ": \"fine\". ", " – für später. "))
		case Records:
			b.WriteString(`{"id":` + strconv.Itoa(r.IntN(1e6)) + `,"name":"` + prose(r, 2) + `","price":` + strconv.Itoa(r.IntN(999)) + `.99,"tags":["` + name(r) + `","` + name(r) + `"],"active":true},`)
		case Base64:
			raw := make([]byte, 768)
			for i := range raw {
				raw[i] = byte(r.Uint32())
			}
			b.WriteString(base64.StdEncoding.EncodeToString(raw))
		case Numbers:
			b.WriteString(strconv.FormatFloat(r.NormFloat64()*100, 'f', 1+r.IntN(5), 64) + pick(r, ", ", ", ", " ", "\n"))
		case Markup:
			b.WriteString(pick(r, "<p>"+prose(r, 20)+"</p>\n", "<h2>"+prose(r, 4)+"</h2>\n", "<ul><li>"+prose(r, 3)+"</li><li>"+prose(r, 3)+"</li></ul>\n", `<p class="note"><b>`+prose(r, 2)+"</b> "+prose(r, 9)+"</p>\n", "<td>"+prose(r, 1)+"</td>"))
		}
	}
	text := b.String()[:n]
	for i := 1; i <= 3 && i <= n; i++ { // no half characters at the end
		if utf8.RuneStart(text[n-i]) {
			if !utf8.FullRuneInString(text[n-i:]) {
				text = text[:n-i] + "..."[:i]
			}
			break
		}
	}
	return text
}
