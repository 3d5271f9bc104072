package inference

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"

	"github.com/limen-waf/limen/gpu/session"
)

// InputDigest is Digest of the call's inputs. With Options.Digest it has been taken, else
// it takes a read of all of them.
func (c *Call) InputDigest() string {
	if c.inputDigest == "" {
		c.inputDigest = Digest(c.Inputs)
	}
	return c.inputDigest
}

// digestBeside takes the digest of the inputs on another goroutine until wait is
// called, which may not be left out: the inputs' memory is used again after the call.
// Hashing reads as fast as memory is copied at best, and a run seldom has work for all
// cores all of the time.
func (c *Call) digestBeside() (wait func()) {
	sum := make(chan string, 1)
	go func(inputs []session.Tensor) { sum <- Digest(inputs) }(c.Inputs)
	return func() { c.inputDigest = <-sum }
}

// Digest identifies tensors by their names, types, shapes and values, in whatever
// order and form, JSON or binary, they were sent: sha256 in hexadecimal over the
// tensors by name, each length before what it measures, as eight bytes, the least
// significant first.
func Digest(tensors []session.Tensor) string {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b session.Tensor) int { return cmp.Compare(a.Name, b.Name) })
	d := digester{Hash: sha256.New()}
	d.length(len(sorted))
	for _, t := range sorted {
		d.bytes([]byte(t.Name))
		d.bytes([]byte(t.Type))
		d.length(len(t.Shape))
		for _, size := range t.Shape {
			d.length(int(size))
		}
		d.bytes(t.Data)
		d.length(len(t.Strings))
		for _, s := range t.Strings {
			d.bytes(s)
		}
	}
	return hex.EncodeToString(d.Sum(nil))
}

type digester struct{ hash.Hash }

func (d digester) length(n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	d.Write(b[:])
}

func (d digester) bytes(b []byte) {
	d.length(len(b))
	d.Write(b)
}
