package event_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/event"
)

// An event directory is read by its path.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "20260102T030405.000000000Z-cpu-0badcafe")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	const text = `{"id": "20260102T030405.000000000Z-cpu-0badcafe", "state": "confirmed", "at": "2026-01-02T03:04:05Z",
		"trigger": {"signal": "cpu", "reason": "abs", "value": 92, "sentence": "CPU 92 %: above 70 %"},
		"profiles": [{"kind": "cpu", "file": "cpu.pb.gz", "duration_seconds": 5, "note": ""}]}`
	if err := os.WriteFile(filepath.Join(dir, event.JSONFile), []byte(text), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	ev, err := event.Load(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ev.Sentence())
	for _, p := range ev.Profiles {
		fmt.Println(p.Kind, p.Duration, filepath.Base(p.Path))
	}
	// Output:
	// CPU 92 %: above 70 %
	// cpu 5s cpu.pb.gz
}
