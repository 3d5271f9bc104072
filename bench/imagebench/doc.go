// Package imagebench has what measuring image models takes: photos of the size
// that cameras make (photo.go), requests ready for the wire (request.go), loops
// over the same packages that Limen serves with and nothing around them, which
// are what its servers are held against (classifier.go, batched.go), and one
// connection that tells the time of a call from that of the model's run in it
// (beyond.go).
package imagebench
