package picture

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"sync"
)

// encoderBuffers keeps the encoder's own buffers.
type encoderBuffers struct{ pool sync.Pool }

func (b *encoderBuffers) Get() *png.EncoderBuffer {
	e, _ := b.pool.Get().(*png.EncoderBuffer)
	return e
}

func (b *encoderBuffers) Put(e *png.EncoderBuffer) { b.pool.Put(e) }

var encoder = png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: new(encoderBuffers)}

// EncodePNG writes p as a PNG of 8-bit RGB, compressed quickly.
func EncodePNG(w io.Writer, p *RGB) error {
	if p.Width <= 0 || p.Height <= 0 || len(p.Pix) != 3*p.Width*p.Height {
		return fmt.Errorf("encoding PNG: %d bytes are not %d by %d pixels", len(p.Pix), p.Width, p.Height)
	}
	pix := takeBuffer(4 * p.Width * p.Height)
	defer giveBuffer(pix)
	for i, j := 0, 0; i < len(p.Pix); i, j = i+3, j+4 {
		in, out := p.Pix[i:i+3:i+3], pix[j:j+4:j+4]
		out[0], out[1], out[2], out[3] = in[0], in[1], in[2], 255
	}
	img := &image.RGBA{Pix: pix, Stride: 4 * p.Width, Rect: image.Rect(0, 0, p.Width, p.Height)}
	if err := encoder.Encode(w, img); err != nil {
		return fmt.Errorf("encoding PNG: %w", err)
	}
	return nil
}
