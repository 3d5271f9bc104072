package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"github.com/limen-waf/limen/classifier/picture/internal/jpeg"
)

// Header is what the first bytes of an upload say.
type Header struct {
	// Format is as [Sniff] names it.
	Format string
	// Width and Height are in pixels, upright.
	Width, Height int
	// Orientation is EXIF's, 1 to 8; 1 where there is none.
	Orientation int
	// Memory is about how many bytes a Decode with the same Options takes while
	// it runs, its result included.
	Memory int64

	scale    int // of a JPEG, in eighths
	animated *webpFile
}

// Inspect reads the header of an upload and checks it against the limits
// without decoding it. Its errors are those of [Decode], as far as the header
// tells.
func Inspect(data []byte, o Options) (h Header, err error) {
	maxBytes, maxPixels := o.MaxBytes, o.MaxPixels
	if maxBytes == 0 {
		maxBytes = DefaultMaxBytes
	}
	if maxPixels == 0 {
		maxPixels = DefaultMaxPixels
	}
	if int64(len(data)) > maxBytes {
		return h, fmt.Errorf("%w: the file has %d bytes; the limit is %d", ErrTooLarge, len(data), maxBytes)
	}
	if h.Format = Sniff(data); h.Format == "" {
		return h, unknown(data)
	}
	defer recovered(h.Format, &err)

	var width, height int
	var perPixel int64
	h.Orientation, h.scale = 1, 8
	switch h.Format {
	case formatJPEG:
		j, err := jpeg.ReadHeader(data)
		if err != nil {
			return h, fault(h.Format, err)
		}
		width, height = j.Width, j.Height
		h.Orientation = exifOrientation(j.Exif)
		if j.Progressive {
			h.Memory = 2 * j.Coefficients
		}
	default:
		var config image.Config
		if h.Format == formatWebP {
			w := parseWebP(data)
			h.Orientation = exifOrientation(w.exif)
			if w.animated {
				h.animated = &w
				config.Width, config.Height = w.width, w.height
			}
		}
		if h.animated == nil {
			if config, err = configOf(h.Format, data); err != nil {
				return h, fault(h.Format, err)
			}
		}
		width, height = config.Width, config.Height
		switch h.Format {
		case formatPNG:
			h.Orientation = exifOrientation(pngExif(data))
		case formatTIFF:
			h.Orientation = exifOrientation(data)
		}
		perPixel = 8 // 16 bits a sample, or 4 bytes twice
	}
	if width <= 0 || height <= 0 {
		return h, fmt.Errorf("%w: the %s has %d by %d pixels", ErrCorrupt, title(h.Format), width, height)
	}
	if int64(width) > maxPixels/int64(height) {
		return h, fmt.Errorf("%w: the %s has %d by %d pixels, %d in all; the limit is %d",
			ErrTooLarge, title(h.Format), width, height, int64(width)*int64(height), maxPixels)
	}
	h.Width, h.Height = width, height
	if turned(h.Orientation) {
		h.Width, h.Height = height, width
	}
	outWidth, outHeight := width, height
	if h.Format == formatJPEG {
		if o.Need != nil {
			o.NeedWidth, o.NeedHeight = o.Need(h.Width, h.Height)
		}
		h.scale = scaleFor(h.Width, h.Height, o.NeedWidth, o.NeedHeight)
		outWidth, outHeight = jpeg.Size(width, height, h.scale)
	}
	h.Memory += int64(width) * int64(height) * perPixel
	if rgb := 3 * int64(outWidth) * int64(outHeight); h.Orientation > 1 {
		h.Memory += 2 * rgb
	} else {
		h.Memory += rgb
	}
	return h, nil
}

// scaleFor returns the least number of eighths at which a picture is as large
// as needed.
func scaleFor(width, height, needWidth, needHeight int) int {
	if needWidth <= 0 || needHeight <= 0 {
		return 8
	}
	needWidth, needHeight = min(needWidth, width), min(needHeight, height)
	for _, n := range [...]int{1, 2, 4} {
		if w, h := jpeg.Size(width, height, n); w >= needWidth && h >= needHeight {
			return n
		}
	}
	return 8
}

// Decode reads an upload: its format from its content, its size before
// anything else. The result is upright and opaque; see [Options] for when it is
// smaller than the upload. Every error wraps [ErrFormat], [ErrTruncated],
// [ErrCorrupt] or [ErrTooLarge]. Decode keeps nothing of data.
func Decode(data []byte, o Options) (p *Picture, err error) {
	h, err := Inspect(data, o)
	if err != nil {
		return nil, err
	}
	defer recovered(h.Format, &err)
	p = &Picture{
		Format:      h.Format,
		FullWidth:   h.Width,
		FullHeight:  h.Height,
		Orientation: h.Orientation,
	}
	if h.Format == formatJPEG {
		p.Pix, p.Width, p.Height, err = jpeg.Decode(data, h.scale, takeBuffer)
	} else {
		err = p.decodeOther(data, &h)
	}
	if err != nil {
		return nil, fault(h.Format, err)
	}
	if h.Orientation > 1 {
		p.turn()
	}
	pix := p.Pix
	p.release = func() { giveBuffer(pix) }
	return p, nil
}

// turn makes the pixels upright.
func (p *Picture) turn() {
	out := RGB{Pix: takeBuffer(len(p.Pix)), Width: p.Width, Height: p.Height}
	if turned(p.Orientation) {
		out.Width, out.Height = p.Height, p.Width
	}
	upright(&out, &p.RGB, p.Orientation)
	giveBuffer(p.Pix)
	p.RGB = out
}

func configOf(format string, data []byte) (image.Config, error) {
	r := bytes.NewReader(data)
	switch format {
	case formatPNG:
		return png.DecodeConfig(r)
	case formatGIF:
		return gif.DecodeConfig(r)
	case formatWebP:
		return webp.DecodeConfig(r)
	case formatBMP:
		return bmp.DecodeConfig(r)
	}
	return tiff.DecodeConfig(r)
}

// decodeOther decodes what is not a JPEG, at full size.
func (p *Picture) decodeOther(data []byte, h *Header) (err error) {
	var img image.Image
	var place image.Point
	part := false
	r := bytes.NewReader(data)
	switch {
	case h.animated != nil:
		if h.animated.frame == nil {
			return io.ErrUnexpectedEOF
		}
		r = bytes.NewReader(h.animated.frame)
		var frame image.Config
		if frame, err = webp.DecodeConfig(r); err != nil {
			return err
		}
		place = h.animated.place
		if place.X+frame.Width > h.animated.width || place.Y+frame.Height > h.animated.height {
			return errors.New("the first frame lies outside the canvas")
		}
		r.Reset(h.animated.frame)
		part = true
		img, err = webp.Decode(r)
	case h.Format == formatPNG:
		img, err = png.Decode(r)
	case h.Format == formatGIF:
		if img, err = gif.Decode(r); err == nil {
			place, part = img.Bounds().Min, true
		}
	case h.Format == formatWebP:
		img, err = webp.Decode(r)
	case h.Format == formatBMP:
		img, err = bmp.Decode(r)
	default:
		img, err = tiff.Decode(r)
	}
	if err != nil {
		return err
	}
	p.Width, p.Height = p.FullWidth, p.FullHeight
	if turned(p.Orientation) {
		p.Width, p.Height = p.FullHeight, p.FullWidth
	}
	if size := img.Bounds().Size(); !part && size != image.Pt(p.Width, p.Height) {
		return fmt.Errorf("it holds %d by %d pixels, and its header says %d by %d", size.X, size.Y, p.Width, p.Height)
	}
	p.Pix = takeBuffer(3 * p.Width * p.Height)
	if part {
		for i := range p.Pix {
			p.Pix[i] = 255
		}
	}
	copyImage(&p.RGB, img, place, h.Format == formatWebP)
	return nil
}

// title is how the errors name a format.
func title(format string) string {
	if format == formatWebP {
		return "WebP"
	}
	return strings.ToUpper(format)
}

// readable lists the formats for errors.
const readable = "JPEG, PNG, GIF, WebP, BMP and TIFF are read"

// readableTIFF is what golang.org/x/image/tiff reads of the many kinds of TIFF.
const readableTIFF = "of TIFF the classic form (up to 4 GiB) without compression or with LZW, Deflate, PackBits or fax compression (Group 3, 4), " +
	"of 1, 8 or 16 bits a sample, grey, palette or RGB"

func unknown(data []byte) error {
	if len(data) == 0 {
		return fmt.Errorf("%w: there are no bytes; %s", ErrFormat, readable)
	}
	if name := foreign(data); name != "" {
		if name == bigTIFF {
			return fmt.Errorf("%w: this is %s; %s: %s", ErrFormat, name, readable, readableTIFF)
		}
		return fmt.Errorf("%w: this is %s; %s", ErrFormat, name, readable)
	}
	return fmt.Errorf("%w: it begins with % x; %s", ErrFormat, data[:min(len(data), 8)], readable)
}

// fault makes one of this package's errors of a decoder's.
func fault(format string, err error) error {
	kind := ErrCorrupt
	text := err.Error()
	var pngUnsupported png.UnsupportedError
	var tiffUnsupported tiff.UnsupportedError
	switch {
	case errors.Is(err, jpeg.ErrTruncated), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		strings.Contains(text, "unexpected EOF"), strings.Contains(text, "not enough image data"), strings.Contains(text, "not enough pixel data"):
		kind = ErrTruncated
	case errors.Is(err, jpeg.ErrUnsupported), errors.Is(err, bmp.ErrUnsupported),
		errors.As(err, &pngUnsupported), errors.As(err, &tiffUnsupported), strings.Contains(text, "unimplemented"):
		kind = ErrFormat
	}
	if tiffUnsupported != "" { // such as JPEG compression, which most often comes with another colour model
		return fmt.Errorf("%w: TIFF: %w; %s", kind, err, readableTIFF)
	}
	if format == formatJPEG {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return fmt.Errorf("%w: %s: %w", kind, title(format), err)
}

// recovered turns a panic of a decoder into an error: a picture must not end
// the server.
func recovered(format string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: the %s decoder failed: %v", ErrCorrupt, title(format), r)
	}
}
