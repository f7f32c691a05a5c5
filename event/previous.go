package event

import "time"

// PreviousRun is the end of a run without Stop, from its black box.
type PreviousRun struct {
	// Started and Ended are by the wall clock of that run. Ended is the time of
	// its last record, a little before its end.
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	PID     int       `json:"pid"`
	// MemoryPercent is memory in percent of the limit at the end, MemoryRate its
	// growth in the last ten seconds, in bytes a second.
	MemoryPercent float64 `json:"memory_percent,omitempty"`
	MemoryRate    float64 `json:"memory_bytes_per_second,omitempty"`
	// LastEvent is the ID of the last event of that run, LastSentence its
	// sentence, and LastState the last change of a signal's state.
	LastEvent    string `json:"last_event,omitempty"`
	LastSentence string `json:"last_sentence,omitempty"`
	LastState    string `json:"last_state,omitempty"`
	// Crash is the text that the runtime wrote when it ended the process, at most
	// 64 KiB; the option WithCrashOutput keeps it.
	Crash string `json:"crash,omitempty"`
	// Earlier is how many runs before this one ended without Stop and were dropped
	// unreported, because a process in a crash loop leaves more than are kept.
	Earlier uint64 `json:"earlier,omitempty"`
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
