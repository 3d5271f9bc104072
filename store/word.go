package store

// words are the strings that most rows repeat; a row holds their number. The
// list is part of row version 1: it may not be reordered, and a longer list
// needs a new row version, because an older Limen could not name the new words.
var words = [...]string{
	1:  Allow,
	2:  Tag,
	3:  Block,
	4:  "observe",
	5:  "none",
	6:  "sqli",
	7:  "xss",
	8:  "traversal",
	9:  "cmdi",
	10: "log4shell",
	11: "shellshock",
	12: "xxe",
	13: "other",
	14: "GET",
	15: "HEAD",
	16: "POST",
	17: "PUT",
	18: "PATCH",
	19: "DELETE",
	20: "OPTIONS",
	21: "CONNECT",
	22: "TRACE",
	23: "native",
	24: "onnxruntime",
	25: "cpu",
	26: "cpu/avx2",
	27: "cpu/avx512",
	28: "cuda:0",
}

// wordOf returns the number of s, or 0. A switch on strings is several times
// faster here than a map, and a row asks seven times and more.
func wordOf(s string) uint64 {
	switch s {
	case "allow":
		return 1
	case "tag":
		return 2
	case "block":
		return 3
	case "observe":
		return 4
	case "none":
		return 5
	case "sqli":
		return 6
	case "xss":
		return 7
	case "traversal":
		return 8
	case "cmdi":
		return 9
	case "log4shell":
		return 10
	case "shellshock":
		return 11
	case "xxe":
		return 12
	case "other":
		return 13
	case "GET":
		return 14
	case "HEAD":
		return 15
	case "POST":
		return 16
	case "PUT":
		return 17
	case "PATCH":
		return 18
	case "DELETE":
		return 19
	case "OPTIONS":
		return 20
	case "CONNECT":
		return 21
	case "TRACE":
		return 22
	case "native":
		return 23
	case "onnxruntime":
		return 24
	case "cpu":
		return 25
	case "cpu/avx2":
		return 26
	case "cpu/avx512":
		return 27
	case "cuda:0":
		return 28
	}
	return 0
}

// word returns the string with number n, and whether there is one.
func word(n uint64) (string, bool) {
	if n == 0 || n >= uint64(len(words)) {
		return "", false
	}
	return words[n], true
}
