//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/limen-waf/limen/bench/report"
)

// imageReport is everything that limenbench image finds.
type imageReport struct {
	Setting setting `json:"setting"`
	// Threads and Runs are the session's options, 0 for Limen's defaults.
	Threads int `json:"threads"`
	Runs    int `json:"runs"`
	Photos  struct {
		Count  int `json:"count"`
		Width  int `json:"width"`
		Height int `json:"height"`
		Bytes  int `json:"bytes"` // of all
	} `json:"photos"`
	Classify      []*imageRow    `json:"classify,omitempty"`
	ClassifyTried []imageTried   `json:"classify_tried,omitempty"`
	Agree         map[string]int `json:"agree,omitempty"` // photos of which the most probable class is the bare loop's
	NoNode        string         `json:"no_node,omitempty"`
	Batch         []*imageRow    `json:"batch,omitempty"`
	BatchTried    []imageTried   `json:"batch_tried,omitempty"`
	Added         []*imageAdded  `json:"added,omitempty"`
}

// empty says that nothing was measured.
func (r *imageReport) empty() bool { return len(r.Classify)+len(r.Batch)+len(r.Added) == 0 }

// imageRow is what one contestant did. Relative is the first contestant's rate as a
// multiple of this one's, in the same round.
type imageRow struct {
	Name      string        `json:"name"`
	Settings  string        `json:"settings"`
	Rate      report.Spread `json:"rows_per_second"`
	Relative  report.Spread `json:"relative"`
	P50       report.Spread `json:"p50_ms"`
	P99       report.Spread `json:"p99_ms"`
	CPU       report.Spread `json:"cpu_ms"`
	Saved     report.Spread `json:"relative_cpu"` // this one's CPU time as a multiple of the first one's
	Generator report.Spread `json:"generator_cpu_ms"`
	Finished  int           `json:"finished"`
	Rounds    []imageRound  `json:"rounds"`
}

// imageTried is a setting that was tried before the rounds.
type imageTried struct {
	Name     string  `json:"name"`
	Settings string  `json:"settings"`
	Rate     float64 `json:"rows_per_second"`
	Taken    bool    `json:"taken"`
}

// imageAdded is what one connection adds, in ms; each spread is over rounds.
type imageAdded struct {
	Rows       int            `json:"rows"`
	Calls      int            `json:"calls"`
	HTTP       imageQuantiles `json:"http_ms"`
	Bare       imageQuantiles `json:"bare_ms"`
	Difference imageQuantiles `json:"difference_ms"`
	Beyond     imageQuantiles `json:"beyond_run_ms"`
}

type imageQuantiles struct {
	P50 report.Spread `json:"p50"`
	P99 report.Spread `json:"p99"`
}

// summarizeImage makes rows of contestants that took turns.
func summarizeImage(contestants []*imageContestant) []*imageRow {
	var rows []*imageRow
	for _, c := range contestants {
		row := &imageRow{Name: c.name, Settings: c.settings, Rounds: c.rounds}
		column := func(value func(i int) float64) report.Spread {
			values := make([]float64, len(c.rounds))
			for i := range values {
				values[i] = value(i)
			}
			return report.Summarize(values)
		}
		first := contestants[0].rounds
		row.Rate = column(func(i int) float64 { return c.rounds[i].Rate })
		row.P50 = column(func(i int) float64 { return c.rounds[i].P50 })
		row.P99 = column(func(i int) float64 { return c.rounds[i].P99 })
		row.CPU = column(func(i int) float64 { return c.rounds[i].CPU })
		row.Generator = column(func(i int) float64 { return c.rounds[i].Generator })
		row.Relative = column(func(i int) float64 { return quotient(first[i].Rate, c.rounds[i].Rate) })
		row.Saved = column(func(i int) float64 { return quotient(c.rounds[i].CPU, first[i].CPU) })
		for _, round := range c.rounds {
			row.Finished += round.Finished
		}
		rows = append(rows, row)
	}
	return rows
}

func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// write renders the report as Markdown.
func (r *imageReport) write(w io.Writer) {
	fmt.Fprintf(w, "%s- session: threads %s, runs %s, of Limen and of the bare loops\n\n", &r.Setting, orDefault(r.Threads), orDefault(r.Runs))
	if len(r.Classify) > 0 {
		fmt.Fprintf(w, "Classification with mobilenetv2_int8, %d JPEG photos of %dx%d, %d bytes each on average; medians of rounds (least–most):\n\n%s\n",
			r.Photos.Count, r.Photos.Width, r.Photos.Height, r.Photos.Bytes/max(r.Photos.Count, 1), imageTable(r.Classify, "photo"))
		writeTried(w, r.ClassifyTried)
		if r.NoNode != "" {
			fmt.Fprintf(w, "Without the Node server: %s.\n\n", r.NoNode)
		}
		for _, row := range r.Classify {
			if n, ok := r.Agree[row.Name]; ok {
				fmt.Fprintf(w, "%s has the bare loop's most probable class on %d of %d photos.\n", row.Name, n, r.Photos.Count)
			}
		}
		fmt.Fprintln(w)
	}
	if len(r.Batch) > 0 {
		fmt.Fprintf(w, "light_resnet50_dynbatch, tensors of one row over HTTP beside the runtime's own batches:\n\n%s\n", imageTable(r.Batch, "row"))
		writeTried(w, r.BatchTried)
	}
	if len(r.Added) > 0 {
		t := report.Table{Titles: []string{"rows", "calls", "", "over HTTP, ms", "bare session call, ms", "difference, ms", "beyond the run, ms"}}
		t.Titles[2] = " quantile"
		for _, row := range r.Added {
			t.Row(row.Rows, row.Calls, "p50", row.HTTP.P50.Format("%.2f"), row.Bare.P50.Format("%.2f"), row.Difference.P50.Format("%.2f"), row.Beyond.P50.Format("%.2f"))
			t.Row(row.Rows, row.Calls, "p99", row.HTTP.P99.Format("%.2f"), row.Bare.P99.Format("%.2f"), row.Difference.P99.Format("%.2f"), row.Beyond.P99.Format("%.2f"))
		}
		fmt.Fprintf(w, "mobilenetv2_int8, binary tensors of rows of 224x224 over one connection, in turns with calls of a session in the benchmark's process; beyond the run is each request's time less what the server says the model ran for it:\n\n%s", &t)
	}
}

func orDefault(n int) string {
	if n == 0 {
		return "by default"
	}
	return fmt.Sprint(n)
}

func imageTable(rows []*imageRow, one string) string {
	t := report.Table{Titles: []string{" contestant", " settings", one + "s/s", rows[0].Name + "'s rate over its", "p50 ms", "p99 ms", "CPU ms a " + one, "its CPU over " + rows[0].Name + "'s", "generator's CPU ms", one + "s"}}
	for _, row := range rows {
		generator := row.Generator.Format("%.2f")
		if row.Generator.Max == 0 {
			generator = "–"
		}
		t.Row(row.Name, row.Settings, row.Rate.Format("%.1f"), row.Relative.Format("%.2f"), row.P50.Format("%.1f"), row.P99.Format("%.1f"),
			row.CPU.Format("%.2f"), row.Saved.Format("%.2f"), generator, row.Finished)
	}
	return t.String()
}

// writeTried says which settings were tried before the rounds.
func writeTried(w io.Writer, tried []imageTried) {
	var parts []string
	for _, one := range tried {
		taken := ""
		if one.Taken {
			taken = " (taken)"
		}
		parts = append(parts, fmt.Sprintf("%s, %s: %.1f/s%s", one.Name, one.Settings, one.Rate, taken))
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "Tried before the rounds: %s.\n\n", strings.Join(parts, "; "))
	}
}
