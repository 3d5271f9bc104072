// Package vision is what lies on both sides of an image model: from a decoded
// picture to the model's input tensor, and from its output tensors to labels
// and boxes. It is pure: no Caddy, no store, no cgo, and it runs no model.
//
// A [Spec] says how a family of models wants its pictures and how its outputs
// are read; [Preset] has those of well-known families and every field can be
// set by hand. One call then goes
//
//	w, h := spec.Need(0, 0)                          // what the decoder must give
//	p, err := picture.Decode(upload, …)              // package picture
//	placement := spec.Fill(input, p)                 // 3*Height*Width float32
//	outputs := …                                     // the session's run
//	labels, err := spec.Classify(outputs, names, 5)
//	boxes, err := spec.Detect(outputs, names, placement, 0)
//
// A [Placement] leads from the model's pixels back to those of the upload, so
// that boxes are in pixels of the upright picture as it was uploaded, whatever
// it was scaled, cropped or padded to. [Draw] paints them.
package vision
