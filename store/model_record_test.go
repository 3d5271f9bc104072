package store

import (
	"encoding/json"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// Ensure that a manifest comes back as the bytes that its digest is over, and that an
// entry of an earlier version, which lost its white space, is mended when the model is
// met again, with the time when it was first seen.
func TestManifestBytes(t *testing.T) {
	const name = "m"
	for _, tt := range []struct{ what, manifest string }{
		{"compact", `{"name":"m","run":{"code":"c0de"}}`},
		{"indented", "{\n  \"name\": \"m\",\n  \"run\": {\"code\": \"c0de\"}\n}\n"},
		{"signs", `{"name":"m","description":"a<b&c>d"}`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s, err := Open(Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			first := time.Unix(1e9, 0).UTC()
			fresh, old := "sha256:fresh", "sha256:old"
			if err := s.PutModel(fresh, name, []byte(tt.manifest), first); err != nil {
				t.Fatal(err)
			}
			err = s.permanent.update(func(tx *bbolt.Tx) error {
				value, err := json.Marshal(&ModelRecord{old, name, json.RawMessage(tt.manifest), first})
				if err != nil {
					return err
				}
				return tx.Bucket(bucketModels).Put([]byte(old), value)
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.PutModelFile(old, name, []byte(tt.manifest), []byte("onnx"), first.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			for _, digest := range []string{fresh, old} {
				m, err := s.At(time.Time{}).Model(digest)
				if err != nil || m == nil {
					t.Fatalf("%s: %v, %v", digest, m, err)
				}
				if string(m.Manifest) != tt.manifest || !m.FirstSeen.Equal(first) {
					t.Errorf("%s: manifest %q first seen %s, expected %q and %s", digest, m.Manifest, m.FirstSeen, tt.manifest, first)
				}
			}
			all, err := s.Models()
			if err != nil || len(all) != 2 || string(all[0].Manifest) != tt.manifest || string(all[1].Manifest) != tt.manifest {
				t.Errorf("models are %v, %v", all, err)
			}
		})
	}
}
