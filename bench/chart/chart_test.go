package chart_test

import (
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot"

	"github.com/limen-waf/limen/bench/chart"
)

func rate(value, low, high float64) chart.Range {
	return chart.Range{Value: value, Low: low, High: high}
}

// Ensure that plots are well-formed SVG with their words as text, and PNG that
// decodes and is not blank.
func TestSave(t *testing.T) {
	operating, err := chart.Operating("rates", []chart.Point{
		{"one", rate(0.99, 0.98, 0.995), rate(0, 0, 0.004)},
		{"two & more", rate(0.8, 0.75, 0.84), rate(0.12, 0.1, 0.14)},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	bars, err := chart.Bars("cost", "ms", "%.2f", []string{"p50", "p99"}, []chart.Group{
		{"one", []chart.Range{rate(1, 0.9, 1.2), rate(3, 2, 5)}},
		{"two & more", []chart.Range{rate(2, 1.5, 2.5), rate(7, 6, 9.25)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		plot  *plot.Plot
		words []string
	}{
		"operating": {operating, []string{"rates", "false positive rate (logarithmic)", "two & more: 80 % of attacks, 12 % of normal requests", "≤ 0.1 %", "100 %", "0 % of normal"}},
		"bars":      {bars, []string{"cost", "ms", "p50", "p99", "two & more", "7.00"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "new")
			if err := chart.Save(test.plot, 500, 300, folder, name); err != nil {
				t.Fatal(err)
			}
			text := svgText(t, filepath.Join(folder, name+".svg"))
			for _, word := range test.words {
				if !strings.Contains(text, word) {
					t.Errorf("no %q in the text of the SVG:\n%s", word, text)
				}
			}
			if colours := pngColours(t, filepath.Join(folder, name+".png")); colours < 4 {
				t.Errorf("the PNG has %d colours", colours)
			}
		})
	}
}

// svgText returns the text of an SVG file, which must be well-formed.
func svgText(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var text strings.Builder
	root := ""
	for decoder := xml.NewDecoder(file); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s is not well-formed: %v", path, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if root == "" {
				root = token.Name.Local
			}
		case xml.CharData:
			text.Write(token)
			text.WriteByte('\n')
		}
	}
	if root != "svg" {
		t.Errorf("%s has the root %q", path, root)
	}
	return text.String()
}

// pngColours returns the number of colours in a PNG file.
func pngColours(t *testing.T, path string) int {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	image, err := png.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	colours := map[[4]uint32]bool{}
	bounds := image.Bounds()
	for x := bounds.Min.X; x < bounds.Max.X; x++ {
		for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
			r, g, b, a := image.At(x, y).RGBA()
			colours[[4]uint32{r, g, b, a}] = true
		}
	}
	return len(colours)
}

// Ensure that what cannot be drawn is an error.
func TestNothingToDraw(t *testing.T) {
	if _, err := chart.Operating("x", nil, 0); err == nil {
		t.Error("no points: no error")
	}
	if _, err := chart.Bars("x", "ms", "%.1f", []string{"a", "b"}, []chart.Group{{"one", []chart.Range{{}}}}); err == nil || !strings.Contains(err.Error(), "one has 1 values, want 2") {
		t.Errorf("a value is missing: error %v", err)
	}
	if _, err := chart.Bars("x", "ms", "%.1f", nil, nil); err == nil {
		t.Error("no groups: no error")
	}
	p, err := chart.Bars("x", "ms", "%.1f", []string{"a"}, []chart.Group{{"one", []chart.Range{{Value: 1, Low: 1, High: 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := chart.Save(p, 100, 100, file, "x"); err == nil || !strings.Contains(err.Error(), "saving plots") {
		t.Errorf("a folder that is a file: error %v", err)
	}
}
