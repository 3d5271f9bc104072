package store

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"

	"github.com/oklog/ulid/v2"
)

// A row is the value under a verdict's ID in the bucket "rows" of a segment:
//
//	version  1 byte, rowVersion
//	fields   any number of
//	           tag    uvarint, field number << 2 | kind
//	           value  by kind: varint (uvarint), fixed64, fixed32 (little endian),
//	                  bytes (uvarint length, bytes)
//	check    CRC-32C over ID, version and fields, 4 bytes little endian
//
// Fields stand in ascending order, those that queries ask for first, so that a
// scan stops early. A zero value is left out. A reader skips numbers that it
// does not know: fields are added without a new version, and a file from a newer
// minor version opens. The version is raised when a reader that skips would be
// wrong.
//
// A text is kind bytes, or kind varint with the number of a word (word.go). A
// digest is kind bytes: 1 and 32 raw bytes for "sha256:<hex>", 2 and as many for
// "hmac-sha256:<hex>", else 0 and the text. Time is the difference to the ID's milliseconds in zigzag microseconds.
const rowVersion = 1

// Field numbers. Up to fieldPath they are the ones that queries and zones read.
const (
	fieldDecision    = 1
	fieldClass       = 2
	fieldScore       = 3
	fieldHost        = 4
	fieldClientIP    = 5
	fieldModel       = 6
	fieldPrincipal   = 7
	fieldPath        = 8
	fieldMode        = 9
	fieldTime        = 10
	fieldDigest      = 11
	fieldMethod      = 12
	fieldClassScores = 13
	fieldThreshold   = 14
	fieldPolicy      = 15
	fieldTokenizer   = 16
	fieldEngine      = 17
	fieldDevice      = 18
	fieldBatchSize   = 19
	fieldQueue       = 20
	fieldTokenize    = 21
	fieldInfer       = 22
	fieldInspected   = 23
	fieldSent        = 24
	fieldDepth       = 25
	fieldWindows     = 26
	fieldException   = 27
	fieldFallback    = 28
	fieldCacheHit    = 29
	fieldStatus      = 30
	fieldUpstream    = 31
	fieldServer      = 32
	fieldRoute       = 33
	fieldRequestCut  = 34
	fieldSampled     = 35
	fieldRequest     = 63
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRow appends the row of v to dst. v.ID must be set.
func appendRow(dst []byte, v *Verdict, request []byte) []byte {
	start := len(dst)
	b, _ := appendFields(append(dst, rowVersion), v, changes{v.ClientIP, v.RequestCut, false})
	if request != nil {
		b = appendBytes(b, fieldRequest, request)
	}
	return binary.LittleEndian.AppendUint32(b, rowCheck(v.ID, b[start:]))
}

// appendDraft appends the row of v as it came: target and request are not redacted,
// room is left for the digest, and the check sum is missing. The writer does all of
// that (finisher.finish), so that a request does not wait for it. client stands in
// place of v's, and of the request limit bytes are kept.
func appendDraft(dst []byte, v *Verdict, client string, limit int) ([]byte, draft) {
	start := len(dst)
	size := len(v.Request)
	if v.Source != nil {
		size = requestLen(v.Source)
	}
	over := max(0, size-limit)
	size -= over
	c := changes{client, v.RequestCut + int64(over), v.Source != nil && v.RequestDigest == ""}
	b, d := appendFields(append(dst, rowVersion), v, c)
	d.path, d.digest = d.path-uint32(start), d.digest-uint32(start)
	switch {
	case v.Source != nil:
		b = binary.AppendUvarint(appendTag(b, fieldRequest, kindBytes), uint64(size))
		d.request = uint32(len(b) - start)
		d.cut = c.cut > 0
		b = appendRequest(b, v.Source)
		b = b[:len(b)-over]
	case v.Request != nil:
		b = appendBytes(b, fieldRequest, v.Request[:size])
	}
	return append(b, 0, 0, 0, 0), d
}

// changes are what a row says in place of its verdict. A Verdict is too large to be
// copied for them.
type changes struct {
	client string
	cut    int64
	keyed  bool // the writer makes the digest
}

// appendFields appends all fields but the request. It says where those are that the
// writer has to work on.
func appendFields(b []byte, v *Verdict, c changes) ([]byte, draft) {
	var d draft
	b = appendText(b, fieldDecision, v.Decision)
	b = appendText(b, fieldClass, v.Class)
	b = appendFloat(b, fieldScore, v.Score)
	b = appendText(b, fieldHost, v.Host)
	b = appendText(b, fieldClientIP, c.client)
	b = appendDigest(b, fieldModel, v.ModelDigest)
	b = appendText(b, fieldPrincipal, v.Principal)
	b = appendText(b, fieldPath, v.Path)
	d.path, d.pathLen = uint32(len(b)), uint32(min(len(v.Path), maxText))
	if wordOf(v.Path) != 0 {
		d.pathLen = 0
	}
	d.path -= d.pathLen
	b = appendText(b, fieldMode, v.Mode)
	if !v.Time.IsZero() {
		b = appendUint(b, fieldTime, zigzag(v.Time.UnixMicro()-int64(v.ID.Time())*1000))
	}
	if c.keyed {
		b = append(appendTag(b, fieldDigest, kindBytes), digestToCome[:]...)
		d.digest, d.keyed = uint32(len(b)-32), true
	} else {
		b = appendDigest(b, fieldDigest, v.RequestDigest)
	}
	b = appendText(b, fieldMethod, v.Method)
	b = appendClassScores(b, v.ClassScores)
	b = appendFloat(b, fieldThreshold, v.Threshold)
	b = appendDigest(b, fieldPolicy, v.PolicyDigest)
	b = appendInt(b, fieldTokenizer, int64(v.TokenizerVersion))
	b = appendText(b, fieldEngine, v.Engine)
	b = appendText(b, fieldDevice, v.Device)
	b = appendInt(b, fieldBatchSize, int64(v.BatchSize))
	b = appendInt(b, fieldQueue, v.QueueMicros)
	b = appendInt(b, fieldTokenize, v.TokenizeMicros)
	b = appendInt(b, fieldInfer, v.InferMicros)
	b = appendInt(b, fieldInspected, v.BytesInspected)
	b = appendInt(b, fieldSent, v.BytesSent)
	b = appendInt(b, fieldDepth, int64(v.DecodeDepth))
	b = appendInt(b, fieldWindows, int64(v.Windows))
	b = appendText(b, fieldException, v.Exception)
	b = appendText(b, fieldFallback, v.Fallback)
	if v.CacheHit {
		b = appendUint(b, fieldCacheHit, 1)
	}
	b = appendInt(b, fieldStatus, int64(v.Status))
	b = appendInt(b, fieldUpstream, v.UpstreamMicros)
	b = appendText(b, fieldServer, v.Server)
	b = appendText(b, fieldRoute, v.Route)
	b = appendInt(b, fieldRequestCut, c.cut)
	if v.Sampled {
		b = appendUint(b, fieldSampled, 1)
	}
	return b, d
}

// rowCheck is the check sum over id and row. The ID's part is spelled out because
// crc32 takes a slice, for which the ID would have to move to the heap.
func rowCheck(id ulid.ULID, row []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range id {
		crc = castagnoli[byte(crc)^c] ^ crc>>8
	}
	return crc32.Update(^crc, castagnoli, row)
}

// rowFields returns the fields of a row without looking at its check sum.
func rowFields(id ulid.ULID, row []byte) ([]byte, error) {
	if len(row) < 5 {
		return nil, fail(ErrCorrupt, "row %s is cut short (%d bytes)", id, len(row))
	}
	if row[0] > rowVersion {
		return nil, fail(ErrSchema, "row %s has version %d, this Limen reads up to %d: update Limen", id, row[0], rowVersion)
	}
	return row[1 : len(row)-4], nil
}

// decodeRow reads the row stored under id. The verdict shares no memory with
// row.
func decodeRow(id ulid.ULID, row []byte) (*Verdict, error) {
	fields, err := rowFields(id, row)
	if err != nil {
		return nil, err
	}
	body, check := row[:len(row)-4], row[len(row)-4:]
	if rowCheck(id, body) != binary.LittleEndian.Uint32(check) {
		return nil, fail(ErrCorrupt, "row %s does not match its check sum", id)
	}
	v := &Verdict{ID: id}
	if !v.decodeFields(fields) {
		return nil, fail(ErrCorrupt, "row %s cannot be decoded", id)
	}
	return v, nil
}

// decodeFields reads the fields of a row into v, whose ID is set. It reports
// whether they are well-formed.
func (v *Verdict) decodeFields(b []byte) bool {
	v.Time = time.UnixMilli(int64(v.ID.Time())).UTC()
	for len(b) > 0 {
		f, rest, ok := nextField(b)
		if !ok || !v.setField(f) {
			return false
		}
		b = rest
	}
	return true
}

func (v *Verdict) setField(f field) bool {
	ok := true
	switch f.number {
	case fieldDecision:
		v.Decision, ok = f.text()
	case fieldClass:
		v.Class, ok = f.text()
	case fieldScore:
		v.Score = math.Float64frombits(f.u)
	case fieldHost:
		v.Host, ok = f.text()
	case fieldClientIP:
		v.ClientIP, ok = f.text()
	case fieldModel:
		v.ModelDigest, ok = f.digest()
	case fieldPrincipal:
		v.Principal, ok = f.text()
	case fieldPath:
		v.Path, ok = f.text()
	case fieldMode:
		v.Mode, ok = f.text()
	case fieldTime:
		v.Time = time.UnixMicro(int64(v.ID.Time())*1000 + unzigzag(f.u)).UTC()
	case fieldDigest:
		v.RequestDigest, ok = f.digest()
	case fieldMethod:
		v.Method, ok = f.text()
	case fieldClassScores:
		v.ClassScores, ok = f.classScores()
	case fieldThreshold:
		v.Threshold = math.Float64frombits(f.u)
	case fieldPolicy:
		v.PolicyDigest, ok = f.digest()
	case fieldTokenizer:
		v.TokenizerVersion = int(f.int())
	case fieldEngine:
		v.Engine, ok = f.text()
	case fieldDevice:
		v.Device, ok = f.text()
	case fieldBatchSize:
		v.BatchSize = int(f.int())
	case fieldQueue:
		v.QueueMicros = f.int()
	case fieldTokenize:
		v.TokenizeMicros = f.int()
	case fieldInfer:
		v.InferMicros = f.int()
	case fieldInspected:
		v.BytesInspected = f.int()
	case fieldSent:
		v.BytesSent = f.int()
	case fieldDepth:
		v.DecodeDepth = int(f.int())
	case fieldWindows:
		v.Windows = int(f.int())
	case fieldException:
		v.Exception, ok = f.text()
	case fieldFallback:
		v.Fallback, ok = f.text()
	case fieldCacheHit:
		v.CacheHit = f.u != 0
	case fieldStatus:
		v.Status = int(f.int())
	case fieldUpstream:
		v.UpstreamMicros = f.int()
	case fieldServer:
		v.Server, ok = f.text()
	case fieldRoute:
		v.Route, ok = f.text()
	case fieldRequestCut:
		v.RequestCut = f.int()
	case fieldSampled:
		v.Sampled = f.u != 0
	case fieldRequest:
		v.Request = append(make([]byte, 0, len(f.b)), f.b...)
	}
	return ok
}
