package imagebench

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/limen-waf/limen/classifier/picture"
)

// quality is that of the JPEGs: what cameras and phones write is 85 to 95.
const quality = 85

// most is the strongest grain, in levels of an 8-bit sample (standard deviation).
const most = 64.0

// ErrPhoto means that a photo of the size asked for cannot be made.
var ErrPhoto = errors.New("the photo cannot be made")

// Photo makes a baseline JPEG (4:2:0) of about size bytes, within 3 percent, and
// width by height pixels out of a smaller picture: the largest part of it that has
// the shape, enlarged, with as much grain as makes the file that large. The same
// arguments make the same bytes. The error wraps ErrPhoto.
func Photo(src *picture.RGB, width, height, size int, seed uint64) ([]byte, error) {
	if width < 16 || height < 16 || len(src.Pix) == 0 {
		return nil, fmt.Errorf("%w: %d by %d pixels out of %d by %d", ErrPhoto, width, height, src.Width, src.Height)
	}
	large := picture.NewRGB(width, height)
	w, h := float64(src.Width), float64(src.Height)
	if shape := float64(width) / float64(height); w > h*shape {
		w = h * shape
	} else {
		h = w / shape
	}
	src.Resize(large, (float64(src.Width)-w)/2, (float64(src.Height)-h)/2, w, h)
	noise := grain(width, height, seed)
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	var out bytes.Buffer
	encode := func(strength float64) error {
		for i := range noise {
			add := int(math.Round(strength * float64(noise[i])))
			for c := range 3 {
				img.Pix[4*i+c] = uint8(min(max(int(large.Pix[3*i+c])+add, 0), 255))
			}
			img.Pix[4*i+3] = 255
		}
		out.Reset()
		return jpeg.Encode(&out, img, &jpeg.Options{Quality: quality})
	}
	low, high := 0.0, most
	for strength := 4.0; ; strength = (low + high) / 2 {
		if err := encode(strength); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPhoto, err)
		}
		n := out.Len()
		switch {
		case math.Abs(float64(n-size)) <= 0.03*float64(size):
			return out.Bytes(), nil
		case high-low < 1e-3:
			return nil, fmt.Errorf("%w: with %d by %d pixels it has %d bytes, expected %d: ask for more bytes, or more pixels", ErrPhoto, width, height, n, size)
		case n < size:
			low = strength
		default:
			high = strength
		}
	}
}

// grain is noise of three scales, the coarse stronger than the fine as in photos,
// with a standard deviation of about 1.
func grain(width, height int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 2))
	out := make([]float32, width*height)
	weight := float32(1 / math.Sqrt(1+2+4))
	for _, scale := range []int{1, 2, 4} {
		columns := (width + scale - 1) / scale
		row := make([]float32, columns)
		for y := range height {
			if y%scale == 0 {
				for i := range row {
					row[i] = weight * float32(random.NormFloat64())
				}
			}
			for x := range width {
				out[y*width+x] += row[x/scale]
			}
		}
		weight *= math.Sqrt2
	}
	return out
}

// Photos makes a photo out of each picture of a folder, in the order of their
// names. The error wraps ErrPhoto, or says that there is no picture.
func Photos(folder string, width, height, size int, seed uint64) ([][]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("reading pictures: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if ext := filepath.Ext(entry.Name()); entry.Type().IsRegular() && slices.Contains([]string{".jpg", ".jpeg", ".png"}, ext) {
			names = append(names, entry.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("reading pictures: there is no .jpg or .png in %s", folder)
	}
	var photos [][]byte
	for i, name := range names {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("reading pictures: %w", err)
		}
		p, err := picture.Decode(raw, picture.Options{})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		photo, err := Photo(&p.RGB, width, height, size, seed+uint64(i))
		p.Release()
		if err != nil {
			return nil, fmt.Errorf("making a photo of %s: %w", name, err)
		}
		photos = append(photos, photo)
	}
	return photos, nil
}
