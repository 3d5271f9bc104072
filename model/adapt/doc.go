// Package adapt fits a network's last layer to what people said of a site's requests,
// in the running program and without touching what lies before that layer.
//
// [ReadHead] reads the last layer of an ONNX file, [WriteHead] puts another in its
// place, and [Adapt] fits one: multinomial logistic regression on the features of
// labelled requests, pulled towards the base (L2-SP) and held, by distillation, to what the
// base says of the site's other requests and of a rehearsal of known ones
// (objective.go has the formula and the papers). [NewModel] makes a model of the
// outcome, with a manifest that says what it comes from.
//
// A request is scored by its highest window, so it is windows that are fitted: of an
// attack the highest, of an ordinary request each that comes near its threshold.
//
// What a fit may change besides the labels is bounded twice: by the penalties, and by
// [Limits] on what they left, counted on decisions. The same input gives the same
// bits on one kind of processor: nothing is random, sums have a fixed order.
//
// The package is pure: it computes on features, and knows no engine and no store.
package adapt
