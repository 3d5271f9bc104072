package webpage

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/limen-waf/limen/classifier/evaluate"
	"github.com/limen-waf/limen/classifier/explain"
)

// percent writes a share in percent, or a dash.
func percent(f evaluate.Figure, digits int) string {
	if !f.Known() {
		return "–"
	}
	return fmt.Sprintf("%.*f %%", digits, 100*float64(f))
}

// interval writes a rate's interval in percent.
func interval(r evaluate.Rate, digits int) string {
	if !r.Rate.Known() {
		return "–"
	}
	return fmt.Sprintf("%.*f to %.*f %%", digits, 100*float64(r.Low), digits, 100*float64(r.High))
}

// figure writes a figure between 0 and 1, or a dash.
func figure(f evaluate.Figure) string {
	if !f.Known() {
		return "–"
	}
	return fmt.Sprintf("%.4f", float64(f))
}

// number writes a number as short as it reads back.
func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// thousands writes n with commas.
func thousands(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// heat is the class of a cell of the confusion matrix: how much of its row it has, in
// steps from 0 to 5.
func heat(counts []int, i int) string {
	total := 0
	for _, n := range counts {
		total += n
	}
	if total == 0 || counts[i] == 0 {
		return "heat0"
	}
	return "heat" + strconv.Itoa(1+min(4, counts[i]*5/total))
}

// coordinate writes a place in a chart.
func coordinate(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

// word writes a short text where there may be no elements in it.
func word(s string) string {
	var b strings.Builder
	for _, p := range explain.Visible(cutText(s, nameLength)) {
		b.WriteString(p.Text)
	}
	return b.String()
}
