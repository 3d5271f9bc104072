package vision

// Output is one output tensor of a model for one picture: its first dimension
// is 1, or is left out.
type Output struct {
	Name  string
	Shape []int64
	Data  []float32
}

// Label is one class of a picture.
type Label struct {
	// Label is the class's name; its number where no names are known.
	Label string `json:"label"`
	// Index is the line of the labels file, counted from 0, and without
	// one the class's place in the model's output.
	Index int `json:"index"`
	// Probability is 0 to 1.
	Probability float64 `json:"probability"`
}

// Box is one thing found in a picture.
type Box struct {
	Label string `json:"label"` // as in [Label]
	Index int    `json:"index"` // as in [Label]
	// Score is 0 to 1.
	Score float64 `json:"score"`
	// Box is x1, y1, x2, y2 in pixels of the upright upload, within it.
	Box [4]float64 `json:"box"`
}
