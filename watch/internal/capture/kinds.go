package capture

import (
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
)

// A kind is one kind of profile of net/http/pprof.
type kind struct {
	Kind event.Kind
	Name string // below the path of net/http/pprof
	// Lasting says that the profile is over a time, which the request asks for.
	Lasting bool
	// Delta says that an empty profile means that the target records nothing.
	Delta bool
}

// snapshots returns the kinds that are taken at the first suspicious sample, because they
// are cheap, and again at the verdict.
func snapshots() []kind {
	return []kind{
		{Kind: event.KindHeap, Name: "heap"},
		{Kind: event.KindGoroutine, Name: "goroutine"},
	}
}

// recordings returns the kinds that are taken at the verdict.
func recordings() []kind {
	return []kind{
		{Kind: event.KindCPU, Name: "profile", Lasting: true},
		{Kind: event.KindMutex, Name: "mutex", Lasting: true, Delta: true},
		{Kind: event.KindBlock, Name: "block", Lasting: true, Delta: true},
	}
}

// atVerdict returns the snapshots of an event of a signal at its verdict.
func atVerdict(s detect.Signal) []kind {
	if s == detect.SignalThread {
		return append(snapshots(), kind{Kind: event.KindThreadcreate, Name: "threadcreate"})
	}
	return snapshots()
}

// calmKinds returns the kinds of a baseline.
func calmKinds() []kind { return append(snapshots(), recordings()[0]) }

// answerTime is how long the target may take for the answer, beside the duration of the
// profile.
const answerTime = 20 * time.Second
