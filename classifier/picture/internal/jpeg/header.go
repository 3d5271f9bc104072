package jpeg

import (
	"bytes"
	"encoding/binary"
)

// Markers (T.81, table B.1).
const (
	markSOF0  = 0xc0
	markSOF1  = 0xc1
	markSOF2  = 0xc2
	markDHT   = 0xc4
	markJPG   = 0xc8
	markDAC   = 0xcc
	markSOF15 = 0xcf
	markRST0  = 0xd0
	markRST7  = 0xd7
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markAPP1  = 0xe1
	markAPP14 = 0xee
	markTEM   = 0x01
)

// Header is what a file says of itself before its first scan.
type Header struct {
	// Width and Height are in pixels, as stored.
	Width, Height int
	// Components is 1, 3 or 4.
	Components int
	// Progressive files need two bytes for each coefficient while they are
	// decoded.
	Progressive bool
	// Coefficients is how many a progressive file has.
	Coefficients int64
	// Exif is the TIFF structure of the EXIF segment, nil where there is none.
	Exif []byte
}

// ReadHeader reads the segments before the first scan. Nothing is allocated for
// the picture.
func ReadHeader(data []byte) (Header, error) {
	var h Header
	r := reader{data: data}
	if err := r.start(); err != nil {
		return h, err
	}
	var f *frame
	for {
		marker, body, err := r.next()
		if err != nil {
			return h, err
		}
		switch {
		case isFrame(marker):
			if f, err = parseFrame(marker, body); err != nil {
				return h, err
			}
		case marker == markAPP1 && h.Exif == nil:
			h.Exif, _ = bytes.CutPrefix(body, exifPrefix)
			if len(h.Exif) == len(body) {
				h.Exif = nil
			}
		case marker == markSOS:
			if f == nil {
				return h, corrupt("a scan begins before the frame header")
			}
			h.Width, h.Height = f.width, f.height
			h.Components = len(f.components)
			h.Progressive = f.progressive
			for i := range f.components {
				h.Coefficients += int64(f.components[i].blocksX) * int64(f.components[i].blocksY) * 64
			}
			return h, nil
		case marker == markEOI:
			return h, truncated("the file has no scan")
		}
	}
}

var exifPrefix = []byte("Exif\x00\x00")

func isFrame(marker byte) bool {
	return marker >= markSOF0 && marker <= markSOF15 && marker != markDHT && marker != markJPG && marker != markDAC
}

// reader walks the segments of a file.
type reader struct {
	data []byte
	pos  int
}

func (r *reader) start() error {
	if len(r.data) < 2 || r.data[0] != 0xff || r.data[1] != markSOI {
		return corrupt("it does not begin with FF D8")
	}
	r.pos = 2
	return nil
}

// next returns the next marker and its segment's content, without the length.
// Bytes that belong to no segment are passed over, as other decoders do.
func (r *reader) next() (marker byte, body []byte, err error) {
	for {
		i := bytes.IndexByte(r.data[r.pos:], 0xff)
		if i < 0 {
			return 0, nil, truncated("%d bytes hold no end marker", len(r.data))
		}
		r.pos += i + 1
		for r.pos < len(r.data) && r.data[r.pos] == 0xff {
			r.pos++
		}
		if r.pos == len(r.data) {
			return 0, nil, truncated("%d bytes hold no end marker", len(r.data))
		}
		marker = r.data[r.pos]
		r.pos++
		switch {
		case marker == 0 || marker == markTEM || marker == markSOI || marker >= markRST0 && marker <= markRST7:
			continue
		case marker == markEOI:
			return marker, nil, nil
		}
		rest := r.data[r.pos:]
		if len(rest) < 2 {
			return 0, nil, truncated("segment %X has no length", marker)
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n < 2 {
			return 0, nil, corrupt("segment %X gives its length as %d; 2 is the least", marker, n)
		}
		if n > len(rest) {
			return 0, nil, truncated("segment %X has %d of %d bytes", marker, len(rest), n)
		}
		r.pos += n
		return marker, rest[2:n], nil
	}
}
