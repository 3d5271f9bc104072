package classifier

// Token is one input symbol of the network: padding, a byte, or a mark. The
// numbering is part of the tokenizer version: a model is only valid with the
// version it was trained on.
type Token = uint16

// TokenizerVersion is the version of the mapping from requests to tokens that
// this package implements. A manifest names the version its model was trained
// on, and a model with another version is refused. Raise it with every change
// that gives any request other tokens.
const TokenizerVersion = 1

// Tokens 1 to 256 are the bytes 0 to 255. Marks follow. Vocabulary is the size
// of the alphabet with room for marks to come.
const (
	Pad        Token = 0
	byteBase   Token = 1
	markBase   Token = 257
	Vocabulary       = 320
)

// ByteToken returns the token of the byte b.
func ByteToken(b byte) Token { return byteBase + Token(b) }

// Marks say what the bytes after them are. A field mark opens a field; a view
// mark (Depth1 to View…) opens another reading of the field that was opened
// last.
const (
	MarkMethod Token = markBase + iota
	MarkPath         // path of the target
	MarkQueryName
	MarkQueryValue
	MarkFragment // absolute form, authority or "#…" in the target: not path, not query
	MarkHost
	MarkUserAgent
	MarkReferer
	MarkContentType
	MarkCookieName
	MarkCookieValue
	MarkAuthorization
	MarkHeaderName // a header without a mark of its own; its value follows under MarkHeaderValue
	MarkHeaderValue
	MarkFormName // application/x-www-form-urlencoded
	MarkFormValue
	MarkPartName // multipart/form-data
	MarkPartFile
	MarkPartType
	MarkPartText
	MarkJSONKey
	MarkJSONString
	MarkJSONLiteral
	MarkXML
	MarkGraphQL
	MarkText   // a body, or what is left of one, that no parser claims
	MarkBinary // the first bytes of a binary body or part

	MarkDepth1 // the field percent-, entity- or escape-decoded once
	MarkDepth2
	MarkDepth3
	MarkBase64
	MarkHex
	MarkInflated // decompressed: gzip, deflate, br
	MarkUTF7
	MarkUTF16
	MarkOdd // the last decoding met an ill-formed or overlong escape or a null byte
	MarkCut // bytes after this place were not read (body limit, decompression limit)

	markEnd
)

// Static check that the marks fit in the alphabet.
var _ [Vocabulary - markEnd]struct{}
