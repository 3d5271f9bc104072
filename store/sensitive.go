package store

// sensitiveParts are the names, in lower case and without separators, that make a
// field sensitive wherever they occur in its name.
var sensitiveParts = []string{
	"password", "passwd", "passwort", "passphrase", "passcode", "passwrd", "userpass", "dbpass", "pwd",
	"contrase", "motdepasse", "secret", "token", "apikey", "accesskey", "privatekey", "authkey",
	"encryptionkey", "signingkey", "masterkey", "licensekey", "credential", "session", "sessid",
	"creditcard", "cardnum", "cardno", "cardcode", "ccnum", "ccnumber", "cvv", "securitycode", "authcode",
	"accesscode", "verificationcode", "verifycode", "authorization", "oauth", "bearer", "signature", "jwt",
	"csrf", "xsrf", "saml", "socialsecurity", "onetime", "recoverycode", "clave",
}

// sensitiveWords are sensitive only as a word of the name of their own: inside
// other words they mean nothing (classname, author, pinned, compass).
var sensitiveWords = map[string]bool{
	"pass": true, "pw": true, "pin": true, "auth": true, "sid": true, "ssn": true, "cvc": true, "csc": true,
	"card": true, "cc": true, "pan": true, "otp": true, "totp": true, "mfa": true, "sig": true, "hmac": true,
	"cookie": true, "cookies": true, "iban": true, "sess": true,
}

// maxName bounds the work on one name: of longer ones both ends are looked at.
const maxName = 128

// partsByFirst groups sensitiveParts by first letter.
var partsByFirst = func() (by [26][]string) {
	for _, p := range sensitiveParts {
		by[p[0]-'a'] = append(by[p[0]-'a'], p)
	}
	return by
}()

// sensitiveName reports whether a field called name holds a secret. The name may
// be percent-encoded up to three times, JSON-escaped, in camel case, or have
// any separators: user[password], X-Api-Key, accessToken, user.pass%77ord.
func sensitiveName(name []byte) bool {
	if len(name) > maxName {
		return sensitiveName(name[:maxName]) || sensitiveName(name[len(name)-maxName:])
	}
	var buf [maxName]byte
	name = unescapeName(buf[:0], name)

	// squashed is the name in lower case without separators; word is the part of
	// it since the last separator or change of case.
	var squashed [maxName]byte
	n, word := 0, 0
	for i, c := range name {
		lower := toLower(c)
		alnum := lower-'a' < 26 || lower-'0' < 10 || c >= 0x80
		if !alnum || lower != c && i > 0 && name[i-1]-'a' < 26 {
			if sensitiveWord(squashed[word:n]) {
				return true
			}
			word = n
		}
		if alnum {
			squashed[n] = lower
			n++
		}
	}
	return sensitiveWord(squashed[word:n]) || sensitivePart(squashed[:n])
}

func sensitiveWord(w []byte) bool {
	for len(w) > 0 && w[len(w)-1]-'0' < 10 {
		w = w[:len(w)-1]
	}
	return len(w) >= 2 && len(w) <= 7 && sensitiveWords[string(w)]
}

func sensitivePart(s []byte) bool {
	for i, c := range s {
		if c-'a' >= 26 {
			continue
		}
		for _, p := range partsByFirst[c-'a'] {
			if len(s)-i >= len(p) && string(s[i:i+len(p)]) == p {
				return true
			}
		}
	}
	return false
}

// unescapeName appends name to dst with its escapes resolved. dst has room for
// it: the result is never longer.
func unescapeName(dst, name []byte) []byte {
	dst = append(dst, name...)
	for range 3 {
		out, changed := dst[:0], false
		for i := 0; i < len(dst); i++ {
			c := dst[i]
			switch {
			case c == '%' && i+2 < len(dst) && isHex(dst[i+1]) && isHex(dst[i+2]):
				c = unhex(dst[i+1])<<4 | unhex(dst[i+2])
				i += 2
				changed = true
			case c == '\\' && i+5 < len(dst) && dst[i+1] == 'u' && dst[i+2] == '0' && dst[i+3] == '0' &&
				isHex(dst[i+4]) && isHex(dst[i+5]):
				c = unhex(dst[i+4])<<4 | unhex(dst[i+5])
				i += 5
				changed = true
			}
			out = append(out, c)
		}
		dst = out
		if !changed {
			break
		}
	}
	return dst
}
