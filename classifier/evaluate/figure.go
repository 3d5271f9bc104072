package evaluate

import (
	"math"
	"strconv"
)

// Figure is a number that may not exist, such as the rate of nothing in
// nothing. It is then NaN, and null in JSON.
type Figure float64

// None is the figure that does not exist.
var None = Figure(math.NaN())

// Known reports whether the figure exists.
func (f Figure) Known() bool { return !math.IsNaN(float64(f)) }

// MarshalJSON writes the shortest number that reads back the same, or null.
func (f Figure) MarshalJSON() ([]byte, error) {
	if !f.Known() || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(f), 'g', -1, 64), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Figure) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*f = None
		return nil
	}
	v, err := strconv.ParseFloat(string(data), 64)
	*f = Figure(v)
	return err
}

// Rate is a proportion with its interval at Confidence.
type Rate struct {
	Hits int    `json:"hits"`
	Of   int    `json:"of"`
	Rate Figure `json:"rate"` // Hits / Of; None when Of is 0
	Low  Figure `json:"low"`
	High Figure `json:"high"`
}

func rate(hits, of int) Rate {
	r := Rate{Hits: hits, Of: of, Rate: ratio(hits, of)}
	low, high := ClopperPearson(hits, of, Confidence)
	r.Low, r.High = Figure(low), Figure(high)
	return r
}

func ratio(a, b int) Figure {
	if b == 0 {
		return None
	}
	return Figure(float64(a) / float64(b))
}
