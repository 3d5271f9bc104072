//go:build !linux

package storebench

import "errors"

func dropCache(string) error { return errors.New("dropping files from the cache needs Linux") }
