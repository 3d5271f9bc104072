// Package classifier turns an HTTP request into a verdict: request to fields,
// fields to decoded views, views to tokens, tokens to windows, windows to a
// score, score to a decision. It is pure: it knows neither Caddy nor bbolt nor
// cgo, and the same code serves live traffic, training and evaluation.
//
// Begin with [New], which joins a model to an [Engine], and
// [Classifier.Classify], which scores one [Request]. A [Policy] makes a
// [Decision] of the [Result].
//
// One layer down, a [Tokenizer] makes the [Sequence] of tokens that the
// network reads. Every byte of target and body that was handed over shows in
// it: as it came or, where a decoding is canonical and loses nothing, decoded,
// and again wherever a decoder reads something else in it (percent-encoding,
// entities, escapes, Base64, compression …). Left out is what carries nothing
// for the network: the punctuation of JSON, what a request repeats word for
// word, and, in binary files, what is not text. Marks, which are tokens too, say
// which field a byte belongs to and how deep it was decoded. The mapping is
// versioned by [TokenizerVersion], and a model is refused when it was trained
// with another version.
//
// [Engine] is the contract with package gpu, which holds the implementations.
// The subpackages corpus and evaluate read labelled requests and measure a
// classifier on them.
package classifier
