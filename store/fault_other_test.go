//go:build unix && !linux

package store_test

func onReadOnlyDisk(string) {}
