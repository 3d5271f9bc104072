package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limen-waf/limen/classifier/picture"
)

// pngOf makes a PNG that says it is width by height and holds next to nothing.
func pngOf(width, height uint32) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		start := len(out)
		out = append(append(out, name...), data...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
	}
	head := binary.BigEndian.AppendUint32(nil, width)
	head = binary.BigEndian.AppendUint32(head, height)
	chunk("IHDR", append(head, 8, 6, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 0x03, 0, 0, 0, 0, 1})
	chunk("IEND", nil)
	return out
}

// patched returns data with other bytes at an offset.
func patched(data []byte, at int, with ...byte) []byte {
	out := bytes.Clone(data)
	copy(out[at:], with)
	return out
}

// sof returns where the frame header of a JPEG has its height.
func sof(t testing.TB, data []byte) int {
	t.Helper()
	for _, marker := range []string{"\xff\xc0", "\xff\xc2"} {
		if i := bytes.Index(data, []byte(marker)); i > 0 {
			return i + 5
		}
	}
	t.Fatal("no frame header")
	return 0
}

// entry returns where the value of a tag stands in a little-endian TIFF.
func entry(t testing.TB, data []byte, tag uint16) int {
	t.Helper()
	at := int(binary.LittleEndian.Uint32(data[4:]))
	for i := range int(binary.LittleEndian.Uint16(data[at:])) {
		if e := at + 2 + 12*i; binary.LittleEndian.Uint16(data[e:]) == tag {
			return e + 8
		}
	}
	t.Fatalf("no tag %d", tag)
	return 0
}

// Ensure that each kind of bad input gives its error, which says what and why.
func TestDecodeErrors(t *testing.T) {
	jpg, gif, tif := file(t, "sample-2x2.jpg"), file(t, "drawing.gif"), file(t, "plain.tif")
	tests := []struct {
		name string
		data []byte
		o    picture.Options
		want error
		says string
	}{
		{"empty", nil, picture.Options{}, picture.ErrFormat, "no bytes"},
		{"text", []byte("hello, world"), picture.Options{}, picture.ErrFormat, "68 65 6c 6c 6f"},
		{"text like BMP", []byte("BM stands for bitmap, as everyone knows"), picture.Options{}, picture.ErrFormat, "JPEG, PNG, GIF"},
		{"svg", []byte("<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>"), picture.Options{}, picture.ErrFormat, "SVG"},
		{"heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), picture.Options{}, picture.ErrFormat, "HEIC"},
		{"avif", []byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1"), picture.Options{}, picture.ErrFormat, "AVIF"},
		{"pdf", []byte("%PDF-1.7\n%..."), picture.Options{}, picture.ErrFormat, "PDF"},
		{"json", []byte(`{"image":"…"}`), picture.Options{}, picture.ErrFormat, "JSON"},
		{"arithmetic JPEG", file(t, "arithmetic.jpg"), picture.Options{}, picture.ErrFormat, "arithmetic"},
		{"12-bit JPEG", patched(jpg, sof(t, jpg)-1, 12), picture.Options{}, picture.ErrFormat, "12 bits"},
		{"BigTIFF", []byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), picture.Options{}, picture.ErrFormat, "BigTIFF; JPEG, PNG, GIF, WebP, BMP and TIFF are read: of TIFF the classic form"},
		{"JPEG in TIFF", patched(tif, entry(t, tif, 259), 7, 0), picture.Options{}, picture.ErrFormat, "compression value 7; of TIFF the classic form"},
		{"YCbCr in TIFF", patched(tif, entry(t, tif, 262), 6, 0), picture.Options{}, picture.ErrFormat, "color model; of TIFF the classic form"},
		{"lossless JPEG", patched(jpg, sof(t, jpg)-4, 0xc3), picture.Options{}, picture.ErrFormat, "lossless"},

		{"too many bytes", jpg, picture.Options{MaxBytes: 100}, picture.ErrTooLarge, fmt.Sprintf("%d bytes; the limit is 100", len(jpg))},
		{"too many pixels", jpg, picture.Options{MaxPixels: 1000}, picture.ErrTooLarge, "61 by 47 pixels, 2867 in all; the limit is 1000"},
		{"PNG bomb", pngOf(60000, 60000), picture.Options{}, picture.ErrTooLarge, "60000 by 60000"},
		{"PNG past any integer", pngOf(0x7fffffff, 0x7fffffff), picture.Options{}, picture.ErrFormat, "overflow"},
		{"JPEG bomb", patched(jpg, sof(t, jpg), 0xff, 0xff, 0xff, 0xff), picture.Options{}, picture.ErrTooLarge, "65535 by 65535"},
		{"GIF bomb", patched(gif, 6, 0xff, 0xff, 0xff, 0xff), picture.Options{}, picture.ErrTooLarge, "65535 by 65535"},
		{"BMP bomb", patched(file(t, "drawing.bmp"), 18, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0), picture.Options{}, picture.ErrTooLarge, "65535 by 65535"},

		{"JPEG without a width", patched(jpg, sof(t, jpg), 0, 47, 0, 0), picture.Options{}, picture.ErrCorrupt, "width is 0"},
		{"JPEG header only", jpg[:200], picture.Options{}, picture.ErrTruncated, "JPEG"},
		{"PNG of no data", pngOf(100, 100), picture.Options{}, picture.ErrTruncated, "PNG"},
		{"PNG checksum", patched(file(t, "drawing.png"), 40, 1, 2, 3), picture.Options{}, picture.ErrCorrupt, "PNG"},
		{"WebP larger than its canvas", patched(file(t, "alpha.webp"), 24, 1, 0, 0, 1, 0, 0), picture.Options{}, picture.ErrCorrupt, "WebP"},
		{"WebP frame off its canvas", patched(file(t, "offset.webp"), 24, 60, 0, 0, 50, 0, 0), picture.Options{}, picture.ErrCorrupt, "outside the canvas"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := picture.Decode(test.data, test.o)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if p != nil {
				t.Error("a picture came with the error")
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
		})
	}
}

// Ensure that a file cut anywhere gives one of the errors or, where only what
// follows the pixels is gone, the picture; and never a panic.
func TestDecodeTruncated(t *testing.T) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if filepath.Ext(name) == ".py" {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(data); n += 1 + n/40 {
			p, err := picture.Decode(data[:n], picture.Options{})
			if err == nil {
				if p.Release(); n < len(data)/2 {
					t.Errorf("%s: %d of %d bytes gave a picture", name, n, len(data))
				}
				continue
			}
			if !known(err) {
				t.Fatalf("%s cut at %d: %v wraps none of the errors", name, n, err)
			}
			// The file's own words: no decoder may have panicked.
			if strings.Contains(err.Error(), "decoder failed") {
				t.Errorf("%s cut at %d: %v", name, n, err)
			}
		}
	}
}

// Ensure that damage anywhere gives an error of one of the kinds or a picture,
// in any format.
func TestDecodeDamaged(t *testing.T) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	errs := 0
	for _, name := range names {
		data := file(t, filepath.Base(name))
		r := rand.New(rand.NewPCG(uint64(len(data)), 3))
		for range rounds {
			bad := bytes.Clone(data)
			for range 1 + r.IntN(3) {
				bad[r.IntN(len(bad))] = byte(r.Uint32())
			}
			if r.IntN(3) == 0 {
				at := r.IntN(len(bad))
				bad = append(bad[:at], bad[min(len(bad), at+r.IntN(30)):]...)
			}
			p, err := picture.Decode(bad, picture.Options{MaxPixels: 1 << 16, NeedWidth: 16, NeedHeight: 12})
			if err == nil {
				p.Release()
				continue
			}
			if errs++; !known(err) || strings.Contains(err.Error(), "JPEG decoder failed") {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if errs == 0 {
		t.Error("no damage gave an error")
	}
}

func known(err error) bool {
	return errors.Is(err, picture.ErrFormat) || errors.Is(err, picture.ErrTruncated) ||
		errors.Is(err, picture.ErrCorrupt) || errors.Is(err, picture.ErrTooLarge)
}

// Ensure that a JPEG cut inside its pixels is called truncated, and says where.
func TestDecodeTruncatedJPEG(t *testing.T) {
	for _, name := range []string{"sample-1x1.jpg", "sample-2x2.jpg", "restart.jpg", "progressive.jpg", "separate-scans.jpg", "cmyk.jpg"} {
		data := file(t, name)
		start := bytes.Index(data, []byte("\xff\xda"))
		for n := start + 20; n < len(data)-12; n += 13 {
			_, err := picture.Decode(data[:n], picture.Options{})
			if !errors.Is(err, picture.ErrTruncated) {
				t.Errorf("%s cut at %d of %d: %v", name, n, len(data), err)
			}
		}
	}
}

// Ensure that a JPEG that lacks nothing but its end marker is read where all of its
// pixels are known to be there, and refused where a scan may be missing.
func TestNoEndMarker(t *testing.T) {
	for name, want := range map[string]error{"sample-2x2.jpg": nil, "restart.jpg": nil, "progressive.jpg": picture.ErrTruncated, "separate-scans.jpg": picture.ErrTruncated} {
		data, ended := bytes.CutSuffix(file(t, name), []byte("\xff\xd9"))
		if !ended {
			t.Fatalf("%s does not end with the marker", name)
		}
		for _, o := range []picture.Options{{}, {NeedWidth: 8, NeedHeight: 8}} {
			p, err := picture.Decode(data, o)
			if !errors.Is(err, want) {
				t.Errorf("%s, %+v: got %v, want %v", name, o, err, want)
			}
			if want != nil && (p != nil || !strings.Contains(err.Error(), "end marker")) {
				t.Errorf("%s: %v does not say what is missing", name, err)
			}
		}
	}
}
