package evasion

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

func appendInt(dst []byte, v int) []byte { return strconv.AppendInt(dst, int64(v), 10) }

// pick draws one of the choices.
func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// mixCase draws a letter case for all ASCII letters of a text or for each.
func mixCase(text string, r *rand.Rand) string {
	how := r.IntN(4)
	out := []byte(text)
	for i, c := range out {
		switch {
		case !letter(c):
		case how == 0:
			out[i] = c &^ 0x20
		case how == 1:
			out[i] = c | 0x20
		case r.IntN(2) == 0:
			out[i] = c ^ 0x20
		}
	}
	return string(out)
}

// within draws a place inside a word: not before its first character and not
// after its last. The word has two bytes at least.
func within(word string, r *rand.Rand) int { return 1 + r.IntN(len(word)-1) }

// words are for comments, names and prose of our own making. They hold
// letters alone, so that they mean nothing to any interpreter.
var words = strings.Fields(`garden spring order blue window table paper coffee letter winter market small green story yellow
 house river music number light simple report office summer bread mountain travel ticket friend morning design school early train
 kitchen orange answer quiet picture season planet village corner engine weather second basket reason member pocket minute page
 the the the a a of of to to and in in is for on with that it was as at be this by from are have not we you they which one all would there their
 what so up out if about who get when make can like time no just him know take people into year your good some could them see other than then now
 look only come its over think also back after use two how our work first well way even new want because any these give day most us between need
 large often hand high place hold turn begin seem help talk run move live believe bring happen write provide sit stand lose pay meet include continue
 set learn change lead understand watch follow stop create speak read allow add spend grow open walk win offer remember love consider appear buy wait
 serve die send expect build stay fall cut reach kill remain suggest raise pass sell require decide pull week company system program question government
 night point home water room mother area money month lot right study book eye job word business issue side kind head service father power hour game line end
 among city community name president team idea body information nothing ago social whether face others level door health person art war history party result
 ready street image itself phone data cover quality pressure wonder answer argue whose across despite although toward language policy animal factor decade article
 Anna Berlin Monday July Lisbon Peter Marta Chicago Tuesday London invoice delivery shipping account customer warranty discount battery leather
 cotton wooden kitchenware bicycle jacket lamp printer cable mirror carpet shelf guitar recipe butter sugar pepper onion tomato cheese breakfast dinner holiday hotel
 flight station airport museum theatre concert forest island valley bridge castle harbour desert storm thunder snow sunshine cloud rain und der mit para como les une dans`)

// prose draws n words.
func prose(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[r.IntN(len(words))])
	}
	return b.String()
}

// name draws a name of three to eight small letters.
func name(r *rand.Rand) string {
	out := make([]byte, 3+r.IntN(6))
	for i := range out {
		out[i] = 'a' + byte(r.IntN(26))
	}
	return string(out)
}

// replaceSome calls change for the spans of text, each of them with
// probability p but at least for one, and returns the text with what change
// returned in their place. It is false when nothing came of it.
func replaceSome(text string, spans [][]int, r *rand.Rand, p float64, change func(string) string) (string, bool) {
	if len(spans) == 0 {
		return text, false
	}
	must := r.IntN(len(spans))
	var b strings.Builder
	last := 0
	for i, s := range spans {
		b.WriteString(text[last:s[0]])
		if old := text[s[0]:s[1]]; i == must || chance(r, p) {
			b.WriteString(change(old))
		} else {
			b.WriteString(old)
		}
		last = s[1]
	}
	b.WriteString(text[last:])
	out := b.String()
	return out, out != text
}
