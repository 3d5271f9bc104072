package picture

// RGB is a raster of 8-bit red, green and blue samples: 3*Width*Height bytes,
// row by row from the top, without padding between rows.
type RGB struct {
	Pix           []byte
	Width, Height int
}

// NewRGB returns a black raster of width by height pixels.
func NewRGB(width, height int) *RGB {
	return &RGB{Pix: make([]byte, 3*width*height), Width: width, Height: height}
}

// Picture is an upload after [Decode]: upright, opaque and perhaps at a
// reduced scale.
type Picture struct {
	RGB
	// Format is what the content is, as [Sniff] names it.
	Format string
	// FullWidth and FullHeight are the size of the upload in pixels after the
	// rotation that its EXIF orientation asks for.
	FullWidth, FullHeight int
	// Orientation is the EXIF orientation found, 1 to 8; 1 where there was none.
	// It has been applied already.
	Orientation int

	release func()
}

// Release gives the pixels back to the pool they came from. The picture and
// its Pix must not be used afterwards. A second call does nothing; a picture
// that is never released is left to the garbage collector.
func (p *Picture) Release() {
	if p.release != nil {
		p.release()
		p.release = nil
	}
	p.Pix = nil
}

// Defaults of [Options].
const (
	DefaultMaxBytes  = 32 << 20 // 32 MiB of file
	DefaultMaxPixels = 64 << 20 // 64 Mi pixels: 8192 x 8192
)

// Options bound one [Decode]. The zero value has the defaults and decodes at
// full size.
type Options struct {
	// MaxBytes is the longest file accepted, in bytes; 0 is DefaultMaxBytes.
	MaxBytes int64
	// MaxPixels is the largest width times height accepted, read from the
	// header before anything is decoded; 0 is DefaultMaxPixels.
	MaxPixels int64
	// NeedWidth and NeedHeight let the decoder shrink: the upright result is at
	// least that large in both directions, or as large as the upload where that
	// is smaller. 0 for either asks for full size.
	NeedWidth, NeedHeight int
	// Need, where set, is asked for NeedWidth and NeedHeight once the header has
	// told the upload's upright size.
	Need func(fullWidth, fullHeight int) (width, height int)
}
