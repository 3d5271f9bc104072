package caddymodule

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logBridge carries zerolog lines of the project's packages into Caddy's logger,
// so that a user's `log` configuration governs them. What writes through it may
// outlive a config (the store is shared over reloads), so the logger behind it
// can be exchanged.
type logBridge struct {
	mu      sync.Mutex
	loggers []*zap.Logger // of the running configs, the newest last
	current atomic.Pointer[zap.Logger]
}

// bridge is the process's bridge.
var bridge logBridge

// use sends lines to log from now on.
func (b *logBridge) use(log *zap.Logger) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loggers = append(b.loggers, log)
	b.current.Store(log)
}

// drop ends what use began: lines go to the newest logger that is left.
func (b *logBridge) drop(log *zap.Logger) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.loggers, log); i >= 0 {
		b.loggers = slices.Delete(b.loggers, i, i+1)
	}
	var newest *zap.Logger
	if n := len(b.loggers); n > 0 {
		newest = b.loggers[n-1]
	}
	b.current.Store(newest)
}

// logger returns a zerolog logger that writes into the bridge under a name, the
// name of the package.
func (b *logBridge) logger(name string) zerolog.Logger {
	return zerolog.New(bridgeWriter{b, name})
}

type bridgeWriter struct {
	bridge *logBridge
	name   string
}

// Write implements io.Writer for lines without a level.
func (w bridgeWriter) Write(line []byte) (int, error) {
	return w.WriteLevel(zerolog.NoLevel, line)
}

// WriteLevel implements zerolog.LevelWriter. Line is one JSON object.
func (w bridgeWriter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	log := w.bridge.current.Load()
	if log == nil {
		return len(line), nil // no config runs
	}
	log = log.Named(w.name)
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		log.Log(zapLevel(level), strings.TrimSpace(string(line)))
		return len(line), nil
	}
	message, _ := fields[zerolog.MessageFieldName].(string)
	delete(fields, zerolog.MessageFieldName)
	delete(fields, zerolog.LevelFieldName)
	delete(fields, zerolog.TimestampFieldName) // Caddy's logger has its own
	if ce := log.Check(zapLevel(level), message); ce != nil {
		ce.Write(zapFields(fields)...)
	}
	return len(line), nil
}

// zapFields turns decoded JSON into fields, in the order of their names.
func zapFields(m map[string]any) []zap.Field {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	fields := make([]zap.Field, 0, len(m))
	for _, name := range names {
		fields = append(fields, zap.Any(name, m[name]))
	}
	return fields
}

// zapLevel maps a level. Fatal and panic become errors: a library must not end
// the server through its log.
func zapLevel(level zerolog.Level) zapcore.Level {
	switch level {
	case zerolog.TraceLevel, zerolog.DebugLevel:
		return zapcore.DebugLevel
	case zerolog.InfoLevel, zerolog.NoLevel:
		return zapcore.InfoLevel
	case zerolog.WarnLevel:
		return zapcore.WarnLevel
	default:
		return zapcore.ErrorLevel
	}
}

// logPause is the least time between two lines of one logLimit.
const logPause = 10 * time.Second

// logLimit lets one line through in each logPause and counts those it holds back,
// so that a failing engine cannot flood the log at the rate of requests.
type logLimit struct {
	next atomic.Int64 // UnixNano before which lines are held back
	held atomic.Int64
}

// allow says whether a line may be written now, and how many were held back
// since the last one.
func (l *logLimit) allow(now time.Time) (held int64, ok bool) {
	next := l.next.Load()
	if now.UnixNano() < next || !l.next.CompareAndSwap(next, now.Add(logPause).UnixNano()) {
		l.held.Add(1)
		return 0, false
	}
	return l.held.Swap(0), true
}
