package picture

import (
	"bytes"
	"encoding/binary"
)

// tagOrientation is the TIFF and EXIF tag of how the picture was held (EXIF
// 2.32, 4.6.4).
const tagOrientation = 0x0112

// exifOrientation reads the orientation from the first directory of a TIFF
// structure; 1, upright, where there is none or it makes no sense.
func exifOrientation(b []byte) int {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 1
	}
	if len(b) < 8 {
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	entries := int(order.Uint16(b[at:]))
	dir := b[at+2:]
	for range entries {
		if len(dir) < 12 {
			return 1
		}
		if order.Uint16(dir) == tagOrientation {
			if v := int(order.Uint16(dir[8:])); order.Uint16(dir[2:]) == 3 && v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		dir = dir[12:]
	}
	return 1
}

// pngExif returns the content of a PNG's eXIf chunk (PNG 3rd edition, 11.3.4.5).
func pngExif(b []byte) []byte {
	for at := 8; at+12 <= len(b); {
		n := int64(binary.BigEndian.Uint32(b[at:]))
		if n > int64(len(b)-at-12) {
			return nil
		}
		if string(b[at+4:at+8]) == "eXIf" {
			return b[at+8 : at+8+int(n)]
		}
		at += 12 + int(n)
	}
	return nil
}

// turned says that an orientation swaps width and height.
func turned(orientation int) bool { return orientation >= 5 }

// upright writes to dst what src shows after its orientation, 2 to 8, is undone.
// dst has src's size, turned where the orientation turns it.
func upright(dst, src *RGB, orientation int) {
	// The pixel of src that comes to (x, y) is origin + x*right + y*down, in
	// bytes.
	const px = 3
	row := px * src.Width
	lastX, lastY := px*(src.Width-1), row*(src.Height-1)
	var origin, right, down int
	switch orientation {
	case 2: // mirrored left to right
		origin, right, down = lastX, -px, row
	case 3: // upside down
		origin, right, down = lastX+lastY, -px, -row
	case 4: // mirrored top to bottom
		origin, right, down = lastY, px, -row
	case 5: // mirrored along the falling diagonal
		origin, right, down = 0, row, px
	case 6: // to be turned clockwise
		origin, right, down = lastY, -row, px
	case 7: // mirrored along the rising diagonal
		origin, right, down = lastX+lastY, -row, -px
	case 8: // to be turned anticlockwise
		origin, right, down = lastX, row, -px
	default:
		origin, right, down = 0, px, row
	}
	// In squares, so that a turn stays within the cache.
	const side = 32
	for top := 0; top < dst.Height; top += side {
		for left := 0; left < dst.Width; left += side {
			end := min(left+side, dst.Width)
			for y := top; y < min(top+side, dst.Height); y++ {
				from := origin + left*right + y*down
				out := dst.Pix[px*(y*dst.Width+left) : px*(y*dst.Width+end)]
				for len(out) >= px {
					in := src.Pix[from : from+px : from+px]
					out[0], out[1], out[2] = in[0], in[1], in[2]
					out = out[px:]
					from += right
				}
			}
		}
	}
}
