package picture

import (
	"bytes"
	"encoding/binary"
)

// Formats as [Sniff] names them.
const (
	formatJPEG = "jpeg"
	formatPNG  = "png"
	formatGIF  = "gif"
	formatWebP = "webp"
	formatBMP  = "bmp"
	formatTIFF = "tiff"
)

// Sniff names the format by the first bytes: "jpeg", "png", "gif", "webp",
// "bmp", "tiff", or "" for what [Decode] does not read.
func Sniff(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return formatJPEG
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return formatPNG
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		return formatGIF
	case len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return formatWebP
	case bytes.HasPrefix(data, []byte("II*\x00")), bytes.HasPrefix(data, []byte("MM\x00*")):
		return formatTIFF
	case len(data) >= 18 && string(data[:2]) == "BM" && isDIB(binary.LittleEndian.Uint32(data[14:])):
		return formatBMP
	}
	return ""
}

// isDIB tells a BMP from text that begins with "BM": the size of its second
// header is one of a few.
func isDIB(size uint32) bool {
	switch size {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// bigTIFF is TIFF with offsets of 64 bits.
const bigTIFF = "BigTIFF"

// foreign names some content that users send and [Decode] does not read, for
// the error; "" where nothing is known of it.
func foreign(data []byte) string {
	head := bytes.TrimLeft(data[:min(len(data), 512)], "\xef\xbb\xbf \t\r\n")
	lower := bytes.ToLower(head[:min(len(head), 256)])
	switch {
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		switch string(data[8:11]) {
		case "avi":
			return "AVIF"
		case "hei", "hev", "mif", "msf":
			return "HEIC"
		}
		return "a video or another ISO media file"
	case bytes.HasPrefix(data, []byte("\xff\x0a")), bytes.HasPrefix(data, []byte("\x00\x00\x00\x0cJXL ")):
		return "JPEG XL"
	case bytes.HasPrefix(data, []byte("\x00\x00\x00\x0cjP  ")), bytes.HasPrefix(data, []byte("\xff\x4f\xff\x51")):
		return "JPEG 2000"
	case bytes.HasPrefix(data, []byte("II+\x00")), bytes.HasPrefix(data, []byte("MM\x00+")):
		return bigTIFF
	case bytes.HasPrefix(data, []byte("\x00\x00\x01\x00")):
		return "an icon (ICO)"
	case bytes.HasPrefix(data, []byte("8BPS")):
		return "a Photoshop file"
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return "PDF"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return "a ZIP archive"
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return "gzip"
	case bytes.HasPrefix(lower, []byte("<svg")), bytes.HasPrefix(lower, []byte("<?xml")) && bytes.Contains(lower, []byte("<svg")):
		return "SVG"
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		return "HTML"
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")):
		return "JSON"
	}
	return ""
}
