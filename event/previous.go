package event

import "time"

// PreviousRun is the end of a run that was not stopped, as its black box has
// it.
type PreviousRun struct {
	// Started and Ended are by its wall clock; it lived a little longer than
	// its last record.
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	PID     int       `json:"pid"`
	// MemoryPercent is of the limit at the end, MemoryRate how fast memory
	// rose in the last ten seconds, in bytes a second.
	MemoryPercent float64 `json:"memory_percent,omitempty"`
	MemoryRate    float64 `json:"memory_bytes_per_second,omitempty"`
	// LastEvent is the ID of the last event of that run, LastSentence what was
	// known of it, and LastState the last change of a signal.
	LastEvent    string `json:"last_event,omitempty"`
	LastSentence string `json:"last_sentence,omitempty"`
	LastState    string `json:"last_state,omitempty"`
	// Crash is what the runtime wrote as it ended the process, see
	// [WithCrashOutput], cut to 64 KiB.
	Crash string `json:"crash,omitempty"`
	// Samples are those of the last minute, oldest first.
	Samples []PastSample `json:"samples"`
}

// PastSample is one tick of a [PreviousRun].
type PastSample struct {
	At          time.Time `json:"at"`
	CPUPercent  float64   `json:"cpu_percent"`
	MemoryUsed  uint64    `json:"memory_used_bytes"`
	MemoryLimit uint64    `json:"memory_limit_bytes"`
	HeapLive    uint64    `json:"heap_live_bytes"`
	Goroutines  uint64    `json:"goroutines"`
	Threads     uint64    `json:"threads"`
}
