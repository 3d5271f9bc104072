package caddymodule

import (
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// Ensure that zerolog lines arrive in zap with level, name, message and fields.
func TestLogBridge(t *testing.T) {
	tests := []struct {
		name  string
		write func(zerolog.Logger)
		level zapcore.Level
		text  string
		field map[string]any
	}{
		{"debug", func(l zerolog.Logger) { l.Debug().Msg("a") }, zap.DebugLevel, "a", nil},
		{"trace", func(l zerolog.Logger) { l.Trace().Msg("a") }, zap.DebugLevel, "a", nil},
		{"info", func(l zerolog.Logger) { l.Info().Str("file", "x").Int("rows", 3).Msg("opened") }, zap.InfoLevel, "opened", map[string]any{"file": "x", "rows": 3.0}},
		{"warn", func(l zerolog.Logger) { l.Warn().Bool("ok", false).Msg("b") }, zap.WarnLevel, "b", map[string]any{"ok": false}},
		{"error", func(l zerolog.Logger) { l.Error().Err(errors.New("disk full")).Msg("c") }, zap.ErrorLevel, "c", map[string]any{"error": "disk full"}},
		{"no level", func(l zerolog.Logger) { l.Log().Msg("d") }, zap.InfoLevel, "d", nil},
		{"no message", func(l zerolog.Logger) { l.Info().Str("k", "v").Send() }, zap.InfoLevel, "", map[string]any{"k": "v"}},
		{"time is dropped", func(l zerolog.Logger) { l.Info().Time("time", time.Now()).Msg("e") }, zap.InfoLevel, "e", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			core, logs := observer.New(zap.DebugLevel)
			var b logBridge
			b.use(zap.New(core).Named("limen"))
			tt.write(b.logger("store"))
			entries := logs.TakeAll()
			if len(entries) != 1 {
				t.Fatalf("%d lines arrived, expected 1", len(entries))
			}
			e := entries[0]
			if e.Level != tt.level || e.Message != tt.text || e.LoggerName != "limen.store" {
				t.Errorf("line is %v %q of %s", e.Level, e.Message, e.LoggerName)
			}
			got := e.ContextMap()
			if len(got) != len(tt.field) {
				t.Errorf("fields are %v, expected %v", got, tt.field)
			}
			for k, v := range tt.field {
				if got[k] != v {
					t.Errorf("field %s is %v, expected %v", k, got[k], v)
				}
			}
		})
	}
}

// Ensure that the user's level governs, and that lines follow the running
// configurations: to the newest, back when that one fails, and nowhere without one.
func TestLogBridgeFollows(t *testing.T) {
	oldCore, oldLogs := observer.New(zap.WarnLevel)
	newCore, newLogs := observer.New(zap.WarnLevel)
	oldLog, newLog := zap.New(oldCore), zap.New(newCore)
	var b logBridge
	l := b.logger("store")
	expect := func(old, new int) {
		t.Helper()
		l.Info().Msg("below the level")
		l.Warn().Msg("line")
		if a, b := len(oldLogs.TakeAll()), len(newLogs.TakeAll()); a != old || b != new {
			t.Errorf("%d lines in the old log and %d in the new one, expected %d and %d", a, b, old, new)
		}
	}
	expect(0, 0)
	b.use(oldLog)
	expect(1, 0)
	b.use(newLog)
	expect(0, 1)
	b.drop(newLog) // its configuration failed
	expect(1, 0)
	b.use(newLog)
	b.drop(oldLog) // its configuration was replaced
	expect(0, 1)
	b.drop(newLog)
	b.drop(newLog)
	expect(0, 0)
}

// Ensure that lines of one kind are held back and counted.
func TestLogLimit(t *testing.T) {
	var l logLimit
	now := time.Unix(1000, 0)
	if held, ok := l.allow(now); !ok || held != 0 {
		t.Errorf("the first line: %d, %v", held, ok)
	}
	for range 7 {
		if _, ok := l.allow(now.Add(logPause - 1)); ok {
			t.Error("a line within the pause was let through")
		}
	}
	if held, ok := l.allow(now.Add(logPause)); !ok || held != 7 {
		t.Errorf("after the pause: %d held back, %v; expected 7", held, ok)
	}
	if held, ok := l.allow(now.Add(2 * logPause)); !ok || held != 0 {
		t.Errorf("later: %d held back, %v; expected 0", held, ok)
	}
}
