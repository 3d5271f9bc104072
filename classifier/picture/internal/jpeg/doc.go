// Package jpeg decodes JPEG (ITU-T T.81) straight to a reduced size.
//
// A picture that will be shrunk for a model is not worth decoding whole. At the
// scale n/8 every block of 8 by 8 samples becomes n by n by an inverse
// transform of its lowest frequencies alone, and the rest of the block's
// symbols are skipped by a table that takes several at a time; at 1/4 that
// leaves little more than the reading of the bits. The standard library's
// decoder has no such scale, and no maintained library of pure Go that has one
// was found.
//
// Begin with [ReadHeader], which says what a file is before anything is
// allocated for it, and [Decode].
//
// Baseline, extended sequential and progressive files are read, with 8-bit
// samples, Huffman coding, one (grey), three (YCbCr or RGB) or four components
// (CMYK or YCCK), any sampling factors, and restart intervals. Arithmetic
// coding, lossless, hierarchical and 12-bit files are [ErrUnsupported].
package jpeg
