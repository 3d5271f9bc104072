package store

import (
	"encoding/binary"
	"math"

	"github.com/oklog/ulid/v2"
	"go.etcd.io/bbolt"
)

// bucketActs, in a segment, has the rows of acts under their IDs. It is made with the
// first of them, and raises the segment's schema to actSchema: an older Limen would
// miss the rows that links of the hash chain name.
var bucketActs = []byte("acts")

// actSchema is the version of a segment with acts.
const actSchema = 3

// A row of an act is built as one of a verdict is (row.go), under numbers of its own;
// client and principal have the same ones, so that Forget looks at both alike. Its
// first byte has the highest bit set: no row passes for one of the other kind.
const (
	actBit     = 0x80
	actVersion = 1
)

const (
	actProcedure    = 1
	actProcVersion  = 2
	actModel        = 3
	actModelDigest  = 4
	actClientIP     = fieldClientIP
	actPresetDigest = 6
	actPrincipal    = fieldPrincipal
	actInputDigest  = 8
	actInputBytes   = 9
	actFormat       = 10
	actWidth        = 11
	actHeight       = 12
	actDevice       = 13
	actBatch        = 14
	actFallback     = 15
	actDecode       = 16
	actPreprocess   = 17
	actQueue        = 18
	actInfer        = 19
	actPost         = 20
	actFound        = 21
	actDecision     = 22
	actReason       = 23
	actStatus       = 24
	actError        = 25
	actMethod       = 26
	actHost         = 27
	actPath         = 28
	actServer       = 29
	actKey          = 30
	actCallDigest   = 31
	actOutputType   = 32
	actResult       = 33 // one each
	actThumbnail    = 62
	actOutput       = 63
)

// isAct reports whether a row is one of an act.
func isAct(row []byte) bool { return len(row) > 0 && row[0]&actBit != 0 }

// appendActDraft appends the row of a as it came; the writer redacts the path and
// adds the check sum.
func appendActDraft(dst []byte, a *Act) ([]byte, draft) {
	start := len(dst)
	b := append(dst, actBit|actVersion)
	b = appendText(b, actProcedure, a.Procedure)
	b = appendInt(b, actProcVersion, int64(a.Version))
	b = appendText(b, actModel, a.Model)
	b = appendDigest(b, actModelDigest, a.ModelDigest)
	b = appendText(b, actClientIP, a.ClientIP)
	b = appendDigest(b, actPresetDigest, a.PresetDigest)
	b = appendText(b, actPrincipal, a.Principal)
	b = appendDigest(b, actInputDigest, a.InputDigest)
	b = appendInt(b, actInputBytes, a.InputBytes)
	b = appendText(b, actFormat, a.Format)
	b = appendInt(b, actWidth, int64(a.Width))
	b = appendInt(b, actHeight, int64(a.Height))
	b = appendText(b, actDevice, a.Device)
	b = appendInt(b, actBatch, int64(a.Batch))
	b = appendText(b, actFallback, a.Fallback)
	b = appendInt(b, actDecode, a.DecodeMicros)
	b = appendInt(b, actPreprocess, a.PreprocessMicros)
	b = appendInt(b, actQueue, a.QueueMicros)
	b = appendInt(b, actInfer, a.InferMicros)
	b = appendInt(b, actPost, a.PostMicros)
	b = appendInt(b, actFound, int64(a.Found))
	b = appendText(b, actDecision, a.Decision)
	b = appendText(b, actReason, a.Reason)
	b = appendInt(b, actStatus, int64(a.Status))
	b = appendText(b, actError, a.Error)
	b = appendText(b, actMethod, a.Method)
	b = appendText(b, actHost, a.Host)
	b = appendText(b, actPath, a.Path)
	var d draft
	if wordOf(a.Path) == 0 {
		d.pathLen = uint32(min(len(a.Path), maxText))
	}
	d.path = uint32(len(b)-start) - d.pathLen
	b = appendText(b, actServer, a.Server)
	b = appendText(b, actKey, a.Key)
	b = appendDigest(b, actCallDigest, a.CallDigest)
	b = appendText(b, actOutputType, a.OutputType)
	for i := range a.Results[:min(len(a.Results), MaxActResults)] {
		b = appendActResult(b, &a.Results[i])
	}
	if len(a.Thumbnail) > 0 && len(a.Thumbnail) <= MaxActThumbnail {
		b = appendBytes(b, actThumbnail, a.Thumbnail)
	}
	if a.Output != nil {
		b = appendBytes(b, actOutput, a.Output)
	}
	return append(b, 0, 0, 0, 0), d
}

// appendActResult appends a result: its label as a word, varint index, 4 bytes
// score, and 16 bytes box if it has one.
func appendActResult(b []byte, r *ActResult) []byte {
	var buf [maxText + 64]byte
	v := binary.AppendVarint(appendWord(buf[:0], r.Label), int64(r.Index))
	v = binary.LittleEndian.AppendUint32(v, math.Float32bits(r.Score))
	if r.Box != nil {
		for _, x := range r.Box {
			v = binary.LittleEndian.AppendUint32(v, math.Float32bits(x))
		}
	}
	return appendBytes(b, actResult, v)
}

func (f *field) actResult() (r ActResult, ok bool) {
	if f.kind != kindBytes {
		return r, false
	}
	label, b, ok := nextWord(f.b)
	if !ok {
		return r, false
	}
	index, n := binary.Varint(b)
	if n <= 0 || len(b)-n != 4 && len(b)-n != 4+16 {
		return r, false
	}
	float := func(b []byte) float32 {
		x := math.Float32frombits(binary.LittleEndian.Uint32(b))
		if x != x || x-x != 0 {
			return 0 // JSON has no such number
		}
		return x
	}
	b = b[n:]
	r = ActResult{Label: label, Index: int(index), Score: float(b)}
	if b = b[4:]; len(b) > 0 {
		r.Box = new([4]float32)
		for i := range r.Box {
			r.Box[i] = float(b[4*i:])
		}
	}
	return r, true
}

// decodeAct reads the row stored under id. The act shares no memory with row.
func decodeAct(id ulid.ULID, row []byte) (*Act, error) {
	if len(row) < 5 || !isAct(row) {
		return nil, fail(ErrCorrupt, "row %s of a call is cut short or of another kind (%d bytes)", id, len(row))
	}
	if v := row[0] &^ actBit; v > actVersion {
		return nil, fail(ErrSchema, "row %s of a call has version %d, this Limen reads up to %d: update Limen", id, v, actVersion)
	}
	body := row[:len(row)-4]
	if rowCheck(id, body) != binary.LittleEndian.Uint32(row[len(body):]) {
		return nil, fail(ErrCorrupt, "row %s of a call does not match its check sum", id)
	}
	a := &Act{ID: id, Time: idTime(id)}
	for b := body[1:]; len(b) > 0; {
		f, rest, ok := nextField(b)
		if !ok || !a.setField(&f) {
			return nil, fail(ErrCorrupt, "row %s of a call cannot be decoded", id)
		}
		b = rest
	}
	return a, nil
}

func (a *Act) setField(f *field) bool {
	ok := true
	switch f.number {
	case actProcedure:
		a.Procedure, ok = f.text()
	case actProcVersion:
		a.Version = int(f.int())
	case actModel:
		a.Model, ok = f.text()
	case actModelDigest:
		a.ModelDigest, ok = f.digest()
	case actClientIP:
		a.ClientIP, ok = f.text()
	case actPresetDigest:
		a.PresetDigest, ok = f.digest()
	case actPrincipal:
		a.Principal, ok = f.text()
	case actInputDigest:
		a.InputDigest, ok = f.digest()
	case actInputBytes:
		a.InputBytes = f.int()
	case actFormat:
		a.Format, ok = f.text()
	case actWidth:
		a.Width = int(f.int())
	case actHeight:
		a.Height = int(f.int())
	case actDevice:
		a.Device, ok = f.text()
	case actBatch:
		a.Batch = int(f.int())
	case actFallback:
		a.Fallback, ok = f.text()
	case actDecode:
		a.DecodeMicros = f.int()
	case actPreprocess:
		a.PreprocessMicros = f.int()
	case actQueue:
		a.QueueMicros = f.int()
	case actInfer:
		a.InferMicros = f.int()
	case actPost:
		a.PostMicros = f.int()
	case actFound:
		a.Found = int(f.int())
	case actDecision:
		a.Decision, ok = f.text()
	case actReason:
		a.Reason, ok = f.text()
	case actStatus:
		a.Status = int(f.int())
	case actError:
		a.Error, ok = f.text()
	case actMethod:
		a.Method, ok = f.text()
	case actHost:
		a.Host, ok = f.text()
	case actPath:
		a.Path, ok = f.text()
	case actServer:
		a.Server, ok = f.text()
	case actKey:
		a.Key, ok = f.text()
	case actCallDigest:
		a.CallDigest, ok = f.digest()
	case actOutputType:
		a.OutputType, ok = f.text()
	case actResult:
		var r ActResult
		r, ok = f.actResult()
		a.Results = append(a.Results, r)
	case actThumbnail:
		a.Thumbnail, ok = append([]byte{}, f.b...), f.kind == kindBytes && len(f.b) > 0
	case actOutput:
		a.Output, ok = append([]byte{}, f.b...), f.kind == kindBytes
	}
	return ok
}

// actsBucket returns the bucket of acts for writing, made if need be.
func actsBucket(tx *bbolt.Tx) (*bbolt.Bucket, error) {
	if b := tx.Bucket(bucketActs); b != nil {
		return b, nil
	}
	if err := tx.Bucket(bucketMeta).Put(keySchema, binary.AppendUvarint(nil, actSchema)); err != nil {
		return nil, err
	}
	return tx.CreateBucket(bucketActs)
}
