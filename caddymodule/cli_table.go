package caddymodule

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/limen-waf/limen/classifier/evaluate"
)

// table is text in columns: the first one flush left, the others flush right.
type table [][]string

func (t *table) row(cells ...string) { *t = append(*t, cells) }

func (t table) write(w io.Writer) error { return t.align(w, false) }

// writeLeft writes all columns flush left.
func (t table) writeLeft(w io.Writer) error { return t.align(w, true) }

func (t table) align(w io.Writer, left bool) error {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	for _, row := range t {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if i == 0 || left {
				line.WriteString(cell + pad)
			} else {
				line.WriteString(pad + cell)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// percent writes a share as a percentage, or a dash.
func percent(f evaluate.Figure, digits int) string {
	if !f.Known() {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, 100*float64(f))
}

// interval writes a rate's interval in percent, or nothing where there is no
// rate.
func interval(r evaluate.Rate, digits int) string {
	if !r.Rate.Known() {
		return ""
	}
	return "[" + percent(r.Low, digits) + ", " + percent(r.High, digits) + "]"
}

// fraction writes a figure between 0 and 1, or a dash.
func fraction(f evaluate.Figure) string {
	if !f.Known() {
		return "–"
	}
	return fmt.Sprintf("%.4f", float64(f))
}

// count writes a number, or nothing for none.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return thousands(n)
}
