package picture

import (
	"encoding/binary"
	"image"
)

// webpFile is what the chunks of a WebP file say (RFC 9649, section 2).
type webpFile struct {
	exif []byte
	// Of an animation: the canvas, and the first frame as a file of its own
	// with its place on the canvas.
	animated      bool
	width, height int
	frame         []byte
	place         image.Point
}

// riffChunk is one chunk, its content without the padding.
type riffChunk struct {
	id   string
	data []byte
}

// riffChunks splits the chunks in b. One that runs past the end is left out.
func riffChunks(b []byte) (chunks []riffChunk) {
	for len(b) >= 8 {
		n := int64(binary.LittleEndian.Uint32(b[4:]))
		if n > int64(len(b)-8) {
			return chunks
		}
		chunks = append(chunks, riffChunk{string(b[:4]), b[8 : 8+n]})
		b = b[min(int64(len(b)), 8+n+n&1):]
	}
	return chunks
}

// webpHeader is "RIFF", the size, and "WEBP".
const webpHeader = 12

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func parseWebP(data []byte) (w webpFile) {
	for _, c := range riffChunks(data[webpHeader:]) {
		switch {
		case c.id == "VP8X" && len(c.data) >= 10:
			w.animated = c.data[0]&2 != 0
			w.width, w.height = uint24(c.data[4:])+1, uint24(c.data[7:])+1
		case c.id == "EXIF" && w.exif == nil:
			w.exif = c.data
			if len(w.exif) > 6 && string(w.exif[:6]) == "Exif\x00\x00" {
				w.exif = w.exif[6:]
			}
		case c.id == "ANMF" && len(c.data) >= 16 && w.frame == nil:
			w.place = image.Pt(2*uint24(c.data), 2*uint24(c.data[3:]))
			w.frame = stillWebP(c.data[6:12], riffChunks(c.data[16:]))
		}
	}
	return w
}

// stillWebP makes a file of one frame of an animation. size is its width and
// height as ANMF and VP8X alike write them.
func stillWebP(size []byte, chunks []riffChunk) []byte {
	var body []byte
	add := func(id string, data []byte) {
		body = append(body, id...)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(data)))
		body = append(body, data...)
		if len(data)%2 != 0 {
			body = append(body, 0)
		}
	}
	alpha := byte(0)
	for _, c := range chunks {
		if c.id == "ALPH" {
			alpha = 1 << 4
		}
	}
	add("VP8X", append([]byte{alpha, 0, 0, 0}, size...))
	for _, c := range chunks {
		if c.id == "ALPH" || c.id == "VP8 " || c.id == "VP8L" {
			add(c.id, c.data)
		}
	}
	out := []byte("RIFF")
	out = binary.LittleEndian.AppendUint32(out, uint32(4+len(body)))
	return append(append(out, "WEBP"...), body...)
}
