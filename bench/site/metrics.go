//go:build linux

package site

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Facts are what a contestant with Limen says of itself: what it ran on, and
// whether it did its work. A proxy that fell back or dropped rows was cheaper
// than it should have been.
type Facts struct {
	// Model and Engine name what scored the requests.
	Model  string `json:"model"`
	Engine string `json:"engine"`
	// Counters are Limen's counters and gauges but for the histogram, by name
	// with labels, as the metrics endpoint writes them.
	Counters map[string]float64 `json:"counters"`
}

// Facts asks the admin endpoint for Limen's metrics.
func (c *Caddy) Facts(ctx context.Context) (*Facts, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Admin+"/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s for metrics: %w", c.Contestant.Name, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking %s for metrics: %w", c.Contestant.Name, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking %s for metrics: status %d", c.Contestant.Name, response.StatusCode)
	}
	return readFacts(response.Body)
}

var label = regexp.MustCompile(`(\w+)="([^"]*)"`)

// readFacts reads Prometheus' text format.
func readFacts(in io.Reader) (*Facts, error) {
	f := &Facts{Counters: map[string]float64{}}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "limen_") || strings.HasPrefix(line, "limen_inspect_seconds") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		if at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("reading metrics: %w", err)
		}
		if name := line[:at]; !strings.HasPrefix(name, "limen_model_info") {
			f.Counters[name] = value
			continue
		}
		labels := map[string]string{}
		for _, match := range label.FindAllStringSubmatch(line, -1) {
			labels[match[1]] = match[2]
		}
		f.Model = strings.TrimSpace(labels["name"] + " " + labels["version"] + " " + labels["digest"])
		f.Engine = strings.TrimSpace(labels["engine"] + " " + labels["device"])
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	return f, nil
}

// String says it in one line: model, engine, and the counters of work not done.
func (f *Facts) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(f.Counters)) {
		if (strings.Contains(name, "fallback") || strings.Contains(name, "drop") || strings.Contains(name, "error")) && f.Counters[name] > 0 {
			parts = append(parts, fmt.Sprintf("%s = %.0f", name, f.Counters[name]))
		}
	}
	trouble := "no fallback, nothing dropped"
	if len(parts) > 0 {
		trouble = strings.Join(parts, ", ")
	}
	return fmt.Sprintf("model %s on %s; %s", f.Model, f.Engine, trouble)
}
