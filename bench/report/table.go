package report

import (
	"fmt"
	"strings"
)

// Table is a Markdown table. Columns whose title begins with a space are set to
// the left, all others to the right.
type Table struct {
	Titles []string
	Rows   [][]string
}

// Row adds a row of values, each formatted as fmt.Sprint does.
func (t *Table) Row(values ...any) {
	row := make([]string, len(values))
	for i, value := range values {
		row[i] = strings.ReplaceAll(fmt.Sprint(value), "|", `\|`)
	}
	t.Rows = append(t.Rows, row)
}

// String returns the table as Markdown.
func (t *Table) String() string {
	var b strings.Builder
	rule := make([]string, len(t.Titles))
	titles := make([]string, len(t.Titles))
	for i, title := range t.Titles {
		titles[i], rule[i] = title, "---:"
		if strings.HasPrefix(title, " ") {
			titles[i], rule[i] = title[1:], "---"
		}
	}
	for _, row := range append([][]string{titles, rule}, t.Rows...) {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}

// Percent formats k of n as a percentage, "–" for nothing.
func Percent(k, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*float64(k)/float64(n))
}

// PercentInterval formats the 95 % confidence interval of k of n.
func PercentInterval(k, n int) string {
	if n == 0 {
		return "–"
	}
	low, high := Interval(k, n)
	return fmt.Sprintf("%.2f–%.2f %%", 100*low, 100*high)
}

// Format formats a spread as "median (min–max)" with the given verb.
func (s Spread) Format(verb string) string {
	if s.N == 0 {
		return "–"
	}
	return fmt.Sprintf(verb+" ("+verb+"–"+verb+")", s.Median, s.Min, s.Max)
}
