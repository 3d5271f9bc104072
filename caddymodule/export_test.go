package caddymodule

import (
	"time"

	"github.com/limen-waf/limen/classifier"
	"github.com/limen-waf/limen/gpu"
	"github.com/limen-waf/limen/gpu/session"
	"github.com/limen-waf/limen/model"
)

// SetOpenEngine puts another way to open engines in place of gpu.Open.
func SetOpenEngine(open func(*model.Model, gpu.Options) (classifier.Engine, error)) (restore func()) {
	old := openEngine
	openEngine = open
	return func() { openEngine = old }
}

// Pools tells how many engines and stores are held.
func Pools() (engineCount, storeCount int) {
	engines.Range(func(any, any) bool { engineCount++; return true })
	stores.Range(func(any, any) bool { storeCount++; return true })
	return engineCount, storeCount
}

// SetCalibration changes how often recorded traffic is counted, and how old it is
// then.
func SetCalibration(every, lag time.Duration) (restore func()) {
	oldEvery, oldLag := calibrateEvery, calibrateLag
	calibrateEvery, calibrateLag = every, lag
	return func() { calibrateEvery, calibrateLag = oldEvery, oldLag }
}

// ModelSession is what image models run in.
type ModelSession = modelSession

// SetOpenSession puts another way to open sessions in place of session.Open.
func SetOpenSession(open func(string, []byte, session.Options) (ModelSession, error)) (restore func()) {
	old := openSession
	openSession = open
	return func() { openSession = old }
}

// ImageModels tells how many image models are held.
func ImageModels() (n int) {
	imageModels.Range(func(any, any) bool { n++; return true })
	return n
}

// Accepts is accepts.
var Accepts = accepts
