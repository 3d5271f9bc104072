package corpus

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Files expands paths: a folder stands for the *.jsonl and *.jsonl.gz files in
// it, in name order. It is an error if nothing is left.
func Files(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("finding requests: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		var found []string
		for _, pattern := range []string{"*.jsonl", "*.jsonl.gz"} {
			matches, err := filepath.Glob(filepath.Join(path, pattern))
			if err != nil {
				return nil, fmt.Errorf("finding requests in %s: %w", path, err)
			}
			found = append(found, matches...)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("finding requests: %s holds no *.jsonl or *.jsonl.gz file", path)
		}
		sort.Strings(found)
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, errors.New("finding requests: name at least one JSON Lines file or folder")
	}
	return files, nil
}

// Read calls yield for every record of the file at path, in order, until yield
// returns false. A name that ends in .gz is decompressed. Errors name file and
// line.
func Read(path string, yield func(*Record) bool) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening requests: %w", err)
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("decompressing %s: %w", path, err)
		}
		defer unzipped.Close()
		in = unzipped
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(strings.TrimSpace(string(line))) > 0 {
			record := new(Record)
			if err := json.Unmarshal(line, record); err != nil {
				return fmt.Errorf("reading %s:%d: %w", path, n, err)
			}
			if !yield(record) {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s:%d: %w", path, n, err)
		}
	}
}
