package store

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	gohash "hash"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// keyName is the file with the data folder's key: 32 random bytes, readable by its
// owner alone. Without it, digests cannot be made again and hashed addresses cannot
// be looked up; rows stay readable.
const keyName = "limen.key"

const keyLen = 32

// keys are made of the data folder's key, one for each use.
type keys struct {
	digest, client []byte
}

// openKeys reads the key, and makes it when it is not there. A reader of a folder
// without one gets nil.
func openKeys(o *Options) (*keys, error) {
	path := filepath.Join(o.Dir, keyName)
	key, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.ReadOnly:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		key = make([]byte, keyLen)
		_, _ = rand.Read(key) // it ends the process rather than fail
		if err := writeKey(path, key); err != nil {
			return nil, fail(ErrFolder, "key file %s cannot be written: %w", path, err)
		}
	case err != nil && o.ReadOnly:
		return nil, nil // of another user: queries by hashed address find nothing
	case err != nil:
		return nil, fail(ErrFolder, "key file %s cannot be read: %w", path, err)
	case len(key) != keyLen:
		return nil, fail(ErrFolder, "key file %s has %d bytes, not %d: restore it, or remove it to begin with a new one "+
			"(addresses hashed so far are then not found any more)", path, len(key), keyLen)
	}
	if !o.ReadOnly {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
			if err := os.Chmod(path, 0o600); err != nil {
				return nil, fail(ErrFolder, "key file %s is readable by others and that cannot be changed: %w", path, err)
			}
			o.Logger.Warn().Str("file", path).Msg("the key file was readable by others; it is not any more")
		}
	}
	derive := func(use string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("limen " + use))
		return mac.Sum(nil)
	}
	return &keys{digest: derive("request digest"), client: derive("client ip")}, nil
}

// writeKey writes the key under another name first: a file that is there is whole.
func writeKey(path string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes renames in a folder durable, where the system can.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

func (k *keys) newDigest() gohash.Hash {
	if k == nil {
		return sha256.New() // a reader makes no rows
	}
	return hmac.New(sha256.New, k.digest)
}

// Forms of a hashed address. One of IPv6 has two parts, its /64 network and itself,
// so that addresses of one network can still be told to be that.
const (
	hashedIPv4  = "ip4:"
	hashedIPv6  = "ip6:"
	hashedOther = "ip:"
)

// pseudonym returns the keyed hash that stands for a client's address: 64 bits of
// HMAC-SHA-256 in hex. A pseudonym stands for itself.
func (k *keys) pseudonym(ip string) string {
	if k == nil || ip == "" || isPseudonym(ip) {
		return ip
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return hashedOther + k.short(ip)
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return hashedIPv4 + k.short(addr.String())
	}
	network, _ := addr.Prefix(64)
	return hashedIPv6 + k.short(network.String()) + ":" + k.short(addr.String())
}

func (k *keys) short(s string) string {
	mac := hmac.New(sha256.New, k.client)
	mac.Write([]byte(s))
	return hexOf(mac.Sum(nil)[:8])
}

func isPseudonym(ip string) bool {
	return strings.HasPrefix(ip, hashedIPv4) || strings.HasPrefix(ip, hashedIPv6) || strings.HasPrefix(ip, hashedOther)
}

// ClientNetwork returns the part of a hashed address that stands for its network, or
// the argument when it is none of IPv6.
func ClientNetwork(ip []byte) []byte {
	const part = len(hashedIPv6) + 16
	if len(ip) > part && string(ip[:len(hashedIPv6)]) == hashedIPv6 {
		return ip[:part]
	}
	return ip
}

// SetHashClientIPs changes Options.HashClientIPs of an open store.
func (s *Store) SetHashClientIPs(hash bool) { s.hashClients.Store(hash) }

// clientForms returns the forms under which rows may have a client's address.
func (s *Store) clientForms(ip string) []string {
	if hashed := s.keys.pseudonym(ip); hashed != ip {
		return []string{ip, hashed}
	}
	return []string{ip}
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
