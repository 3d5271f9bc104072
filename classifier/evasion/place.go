package evasion

// Place is the part of a request that holds a payload.
type Place uint8

// The places. Body is a body that is the payload and nothing else.
const (
	Query Place = iota
	Form
	JSON
	Multipart
	XML
	Cookie
	Header
	Path
	Body
	places
)

var placeNames = [places]string{"query", "form", "json", "multipart", "xml", "cookie", "header", "path", "body"}

func (p Place) String() string { return placeNames[p] }

// body says whether the place is in the body.
func (p Place) body() bool {
	return p == Form || p == JSON || p == Multipart || p == XML || p == Body
}

// parameter says whether frameworks that bind parameters look in this place
// without regard to where else a parameter may stand.
func (p Place) parameter() bool {
	return p == Query || p == Form || p == JSON || p == Multipart
}

// percent says whether values are percent-encoded there.
func (p Place) percent() bool {
	return p == Query || p == Form || p == Path || p == Cookie
}

// coded says whether the place has an encoding of its own, which counts as one
// level of decoding.
func (p Place) coded() bool { return p.percent() || p == JSON || p == XML }
