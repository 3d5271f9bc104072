package corpus_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/limen-waf/limen/classifier/corpus"
)

// sharedData returns the files of the project's data pack that match the
// pattern, and skips the test where the pack is not there.
func sharedData(t testing.TB, pattern string) []string {
	root := os.Getenv("LIMEN_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(root, "data", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no data at %s; set LIMEN_SHARED to the folder that holds data/", filepath.Join(root, "data", pattern))
	}
	return files
}

// BenchmarkMap reads the public test split on all cores; bytes are JSON after
// decompression.
func BenchmarkMap(b *testing.B) {
	files := sharedData(b, "public/test/*.jsonl.gz")
	for b.Loop() {
		var records, size int64
		err := corpus.Map(context.Background(), corpus.NewReader(nil, files...), 2,
			func() func(*corpus.Record) (int, error) {
				return func(rec *corpus.Record) (int, error) { return len(rec.Source) + 1, nil }
			},
			func(n int) error { records++; size += int64(n); return nil })
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
		b.ReportMetric(float64(records), "records")
	}
}
