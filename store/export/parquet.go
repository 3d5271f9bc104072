package export

import (
	"io"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/limen-waf/limen/store"
)

// parquetRow is the schema. Optional columns are null where a verdict does not know
// the value. Timestamps are UTC in microseconds, digests and other texts of few
// values have dictionaries. The request is binary: it need not be UTF-8.
type parquetRow struct {
	ID               string             `parquet:"id"`
	Time             time.Time          `parquet:"time,timestamp(microsecond)"`
	RequestDigest    string             `parquet:"request_digest,optional"`
	Method           string             `parquet:"method,optional,dict"`
	Host             string             `parquet:"host,optional,dict"`
	Path             string             `parquet:"path,optional"`
	ClientIP         string             `parquet:"client_ip,optional,dict"`
	Principal        string             `parquet:"principal,optional,dict"`
	Server           string             `parquet:"server,optional,dict"`
	Route            string             `parquet:"route,optional,dict"`
	Score            float64            `parquet:"score"`
	Class            string             `parquet:"class,dict"`
	ClassScores      map[string]float32 `parquet:"class_scores,optional" parquet-key:",dict"`
	Decision         string             `parquet:"decision,dict"`
	Mode             string             `parquet:"mode,optional,dict"`
	Threshold        float64            `parquet:"threshold,optional"`
	Exception        string             `parquet:"exception,optional,dict"`
	Fallback         string             `parquet:"fallback,optional,dict"`
	CacheHit         bool               `parquet:"cache_hit"`
	Sampled          bool               `parquet:"sampled"`
	PolicyDigest     string             `parquet:"policy_digest,optional,dict"`
	ModelDigest      string             `parquet:"model_digest,optional,dict"`
	TokenizerVersion int32              `parquet:"tokenizer_version,optional"`
	Engine           string             `parquet:"engine,optional,dict"`
	Device           string             `parquet:"device,optional,dict"`
	BatchSize        int32              `parquet:"batch_size,optional"`
	QueueMicros      int64              `parquet:"queue_us,optional"`
	TokenizeMicros   int64              `parquet:"tokenize_us,optional"`
	InferMicros      int64              `parquet:"infer_us,optional"`
	BytesInspected   int64              `parquet:"bytes_inspected"`
	BytesSent        int64              `parquet:"bytes_sent"`
	DecodeDepth      int32              `parquet:"decode_depth,optional"`
	Windows          int32              `parquet:"windows,optional"`
	Status           int32              `parquet:"status,optional"`
	UpstreamMicros   int64              `parquet:"upstream_us,optional"`
	Request          []byte             `parquet:"request,optional"`
	RequestCut       int64              `parquet:"request_cut,optional"`
}

// A row group is in memory until it is written: it ends at this many rows, or bytes
// of texts and requests.
const (
	groupRows  = 64 << 10
	groupBytes = 16 << 20
)

// parquetWriter writes Parquet with Zstandard pages.
type parquetWriter struct {
	out   *parquet.GenericWriter[parquetRow]
	rows  [1]parquetRow
	count int // rows of the group
	size  int // bytes of the group's texts
}

func newParquetWriter(w io.Writer) *parquetWriter {
	return &parquetWriter{out: parquet.NewGenericWriter[parquetRow](w,
		parquet.Compression(&zstd.Codec{}),
		parquet.CreatedBy("limen", "", ""),
		// They would be whole requests, four times each.
		parquet.SkipPageBounds("request"), parquet.SkipPageStatistics("request"),
	)}
}

func (w *parquetWriter) Write(v *store.Verdict) error {
	r := &w.rows[0]
	*r = parquetRow{
		ID: v.ID.String(), Time: v.Time.UTC(), RequestDigest: text(v.RequestDigest),
		Method: text(v.Method), Host: text(v.Host), Path: text(v.Path), ClientIP: text(v.ClientIP),
		Principal: text(v.Principal), Server: text(v.Server), Route: text(v.Route),
		Score: v.Score, Class: text(v.Class), Decision: text(v.Decision), Mode: text(v.Mode), Threshold: v.Threshold,
		Exception: text(v.Exception), Fallback: text(v.Fallback), CacheHit: v.CacheHit, Sampled: v.Sampled,
		PolicyDigest: text(v.PolicyDigest), ModelDigest: text(v.ModelDigest),
		TokenizerVersion: int32(v.TokenizerVersion), Engine: text(v.Engine), Device: text(v.Device), BatchSize: int32(v.BatchSize),
		QueueMicros: v.QueueMicros, TokenizeMicros: v.TokenizeMicros, InferMicros: v.InferMicros,
		BytesInspected: v.BytesInspected, BytesSent: v.BytesSent, DecodeDepth: int32(v.DecodeDepth), Windows: int32(v.Windows),
		Status: int32(v.Status), UpstreamMicros: v.UpstreamMicros, Request: v.Request, RequestCut: v.RequestCut,
	}
	if len(v.ClassScores) > 0 {
		r.ClassScores = make(map[string]float32, len(v.ClassScores))
		for _, c := range v.ClassScores {
			r.ClassScores[text(c.Class)] = c.Score
		}
	}
	if _, err := w.out.Write(w.rows[:]); err != nil {
		return err
	}
	w.count++
	w.size += len(r.Path) + len(r.Host) + len(r.Request) + 256
	if w.count < groupRows && w.size < groupBytes {
		return nil
	}
	w.count, w.size = 0, 0
	return w.out.Flush()
}

func (w *parquetWriter) Close() error { return w.out.Close() }

// text is s in UTF-8, which readers insist on.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
