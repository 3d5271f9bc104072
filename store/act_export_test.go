package store

import (
	"encoding/binary"

	"github.com/oklog/ulid/v2"
)

// ActRow is the row of an act under the zero ID.
func ActRow(a *Act) []byte {
	row, _ := appendActDraft(nil, a)
	end := len(row) - 4
	binary.LittleEndian.PutUint32(row[end:], rowCheck(ulid.ULID{}, row[:end]))
	return row
}

// DecodeActRow decodes a row under the zero ID, whatever its check sum is.
func DecodeActRow(row []byte) (*Act, error) {
	row = append([]byte{}, row...)
	if end := len(row) - 4; end >= 0 {
		binary.LittleEndian.PutUint32(row[end:], rowCheck(ulid.ULID{}, row[:end]))
	}
	return decodeAct(ulid.ULID{}, row)
}
