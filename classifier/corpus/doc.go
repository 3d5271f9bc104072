// Package corpus reads and writes HTTP requests as files: labelled requests to
// train on and to be judged by, and raw messages to look at.
//
// The tour: a [Record] is one request with its label and its origin, and knows
// its JSON form. A [Reader] goes through files, compressed or not, JSON Lines
// or raw HTTP messages, and yields records in order. [Map] does the same on
// several cores and still hands the results over in input order; it is what
// the commands use. [ParseMessage] and [Record.WriteMessage] are the raw HTTP
// form, [FromHTTP] takes a request from net/http. [WriteTokens] exports what
// the classifier's tokenizer makes of a corpus; training reads that, so there
// is one tokenizer.
//
// # JSON Lines form
//
// One JSON object a line, UTF-8, at most [MaxLine] bytes, plain or gzip:
//
//	{"id":"…","dataset":"…","label":"normal|attack|anomaly",
//	 "class":"none|sqli|xss|traversal|cmdi|log4shell|shellshock|xxe|other",
//	 "method":"POST","target":"/path?query","headers":[["Name","value"]],
//	 "body":"…"}
//
// method and target are required and are the request line as on the wire,
// nothing decoded. body_b64 holds the body instead of body when its bytes are
// not valid UTF-8. Other fields are ignored.
package corpus
