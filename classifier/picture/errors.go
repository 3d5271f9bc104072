package picture

import "errors"

// Every error of [Decode] wraps one of these and says what was found, and
// which limit was passed.
var (
	// ErrFormat is content that is no picture of a known format.
	ErrFormat = errors.New("not a picture of a known format")
	// ErrTruncated is a picture that ends early.
	ErrTruncated = errors.New("the picture ends early")
	// ErrCorrupt is a picture that breaks its format's rules.
	ErrCorrupt = errors.New("the picture is damaged")
	// ErrTooLarge is a picture past a limit of [Options].
	ErrTooLarge = errors.New("the picture is too large")
)
