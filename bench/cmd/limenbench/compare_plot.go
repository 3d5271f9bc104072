//go:build linux

package main

import (
	"fmt"

	"gonum.org/v1/plot"

	"github.com/limen-waf/limen/bench/chart"
	"github.com/limen-waf/limen/bench/report"
)

// draw writes the plots to the folder, if one is named. Rates are drawn where the
// files have both labels.
func (r *compareReport) draw(folder string) error {
	if folder == "" {
		return nil
	}
	var points []chart.Point
	for _, a := range r.Accuracy[1:] {
		if a.Pooled.TPR != nil && a.Pooled.FPR != nil {
			points = append(points, chart.Point{Name: a.Name, TPR: rangeOf(a.Pooled.TPR), FPR: rangeOf(a.Pooled.FPR)})
		}
	}
	if len(points) > 0 {
		p, err := chart.Operating(fmt.Sprintf("Blocked attacks against blocked normal requests, %d requests, 95 %% intervals", r.Requests), points, 1)
		if err := save(p, err, 620, 400, folder, "accuracy"); err != nil {
			return err
		}
	}
	var cpu, latency []chart.Group
	for i, row := range r.Cost.CPU {
		cpu = append(cpu, chart.Group{Name: row.Name, Values: []chart.Range{spread(row.CPU)}})
		open := r.Cost.Latency[i]
		latency = append(latency, chart.Group{Name: row.Name, Values: []chart.Range{spread(open.P50), spread(open.P99)}})
	}
	of := "requests"
	if r.CostLabel != "all" {
		of = r.CostLabel + " requests"
	}
	p, err := chart.Bars(fmt.Sprintf("Processor time a request, %s of %.0f bytes", of, r.CostBytes), "µs of the server process, median and range of rounds", "%.0f", []string{"CPU"}, cpu)
	if err := save(p, err, 620, float64(90+40*len(cpu)), folder, "cpu"); err != nil {
		return err
	}
	p, err = chart.Bars(fmt.Sprintf("Latency at %.0f requests a second, %s", r.Cost.Rate, of), "ms from the intended start, median and range of rounds", "%.2f", []string{"p50", "p99"}, latency)
	return save(p, err, 620, float64(90+50*len(latency)), folder, "latency")
}

// save saves the plot that err did not prevent.
func save(p *plot.Plot, err error, width, height float64, folder, name string) error {
	if err != nil {
		return err
	}
	return chart.Save(p, width, height, folder, name)
}

func rangeOf(r *report.Rate) chart.Range {
	return chart.Range{Value: r.Value, Low: r.Low, High: r.High}
}

func spread(s report.Spread) chart.Range {
	return chart.Range{Value: s.Median, Low: s.Min, High: s.Max}
}
