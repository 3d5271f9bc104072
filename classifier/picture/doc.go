// Package picture turns an uploaded file into pixels: bounded, upright, and no
// larger than needed.
//
// [Decode] reads JPEG, PNG, GIF (the first frame), WebP (of an animation the
// first frame), BMP and TIFF (the first picture), going by content, never by
// name or declared type. It looks at the size before it decodes anything, turns
// the picture upright by its EXIF orientation, lays transparent pixels over
// white, and gives 8-bit RGB. A JPEG is decoded straight to an eighth, a
// quarter or half of its size where that is enough for [Options.NeedWidth] by
// NeedHeight, which is several times faster. [RGB.Resize]
// then brings it to the exact size a model asks for.
//
// [Inspect] reads only the header: format, size, and how much memory a decode
// would take, for a caller that admits several at a time.
//
// Colour profiles are not applied: samples are taken as sRGB, as the models
// were trained. CMYK is turned into RGB without a profile.
//
// The package needs neither cgo nor a shared library. JPEG has a decoder of its
// own in internal/jpeg; the other formats are the standard library's and
// golang.org/x/image's. Any number of goroutines may decode and resize at once;
// buffers come from pools.
package picture
