package classifier

import "bytes"

// graphQL says whether the string that is the value of "query" is a GraphQL
// document.
func graphQL(s []byte) bool {
	for len(s) > 1 {
		switch {
		case s[0] == ' ' || s[0] == '\t' || s[0] == '\n':
			s = s[1:]
		case s[0] == '\\' && (s[1] == 'n' || s[1] == 'r' || s[1] == 't'):
			s = s[2:]
		default:
			if s[0] == '{' {
				return true
			}
			for _, w := range graphQLWords {
				if bytes.HasPrefix(s, w) && len(s) > len(w) && !alphanumeric(s[len(w)]) {
					return true
				}
			}
			return false
		}
	}
	return false
}

var graphQLWords = [][]byte{[]byte("query"), []byte("mutation"), []byte("subscription"), []byte("fragment")}
