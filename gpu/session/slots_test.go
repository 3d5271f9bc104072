package session

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Ensure that the numbers of ONNX Runtime's functions are those of the header that the
// binding is compiled against.
func TestSlots(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yalue/onnxruntime_go").Output()
	if err != nil {
		t.Skip("no module cache to read the header from: ", err)
	}
	header, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "onnxruntime_c_api.h"))
	if err != nil {
		t.Fatal(err)
	}
	slots := members(t, string(header))
	source, err := os.ReadFile("runtime.go")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`(?m)^\t([A-Z]\w+) = (\d+),$`).FindAllStringSubmatch(string(source), -1)
	if len(used) < 30 {
		t.Fatalf("found %d numbers in runtime.go", len(used))
	}
	for _, u := range used {
		if n, _ := strconv.Atoi(u[2]); slots[u[1]] != n {
			t.Errorf("%s is %d in runtime.go and %d in the header", u[1], n, slots[u[1]])
		}
	}
}

// members numbers the members of struct OrtApi.
func members(t *testing.T, header string) map[string]int {
	header = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|(?m)^#[^\n]*$`).ReplaceAllString(header, "")
	_, body, ok := strings.Cut(header, "struct OrtApi {")
	body, _, ok2 := strings.Cut(body, "\n};")
	if !ok || !ok2 {
		t.Fatal("no struct OrtApi in the header")
	}
	// Four forms: a function pointer as it is, and three macros.
	name := regexp.MustCompile(`^(?:ORT_API2_STATUS\((\w+)|ORT_API_T\([^,]+,\s*(\w+)|ORT_CLASS_RELEASE\((\w+)\)|[^(]*\(\s*(?:ORT_API_CALL)?\s*\*\s*(\w+)\))`)
	slots, n := map[string]int{}, 0
	for member := range strings.SplitSeq(body, ";") {
		member = strings.TrimSpace(member)
		if member == "" {
			continue
		}
		m := name.FindStringSubmatch(member)
		switch {
		case m == nil:
			t.Fatalf("member %d of OrtApi is not understood: %s", n, member)
		case m[3] != "":
			slots["Release"+m[3]] = n
		default:
			slots[m[1]+m[2]+m[4]] = n
		}
		n++
	}
	if n < 300 {
		t.Fatalf("found %d members", n)
	}
	return slots
}
