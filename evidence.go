package holmes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-holmes/holmes/dump"
)

// maxInMemory bounds what one event holds in memory when the disk refuses it.
const maxInMemory = 8 << 20

var errMemoryFull = fmt.Errorf("more than %d MiB, which is all that an event may hold in memory", maxInMemory>>20)

// A vault is the dump path as it is now: a store, or the reason why there is
// none. It is asked for at each event, so that a disk which comes back is used.
type vault struct {
	mu    sync.Mutex
	path  string
	store *dump.Store
	err   error
}

// open returns the store, opening it when it is not open or the settings are
// other ones.
func (v *vault) open(c *config) (*dump.Store, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	opts := dump.Options{MaxEvents: c.dumpEvents, MaxBytes: c.dumpBytes}
	if v.store == nil || v.path != c.dumpPath {
		v.path = c.dumpPath
		v.store, v.err = dump.Open(v.path, opts)
	} else if err := v.store.SetLimits(opts); err != nil {
		return nil, err
	}
	return v.store, v.err
}

// create makes an event's directory, and remembers why it could not.
func (v *vault) create(c *config, id string) (*dump.Entry, error) {
	store, err := v.open(c)
	if err != nil {
		return nil, err
	}
	entry, err := store.Create(id)
	v.mu.Lock()
	v.err = err
	v.mu.Unlock()
	return entry, err
}

// stats is for Stats: where, how much, and what is wrong.
func (v *vault) stats() DumpStats {
	v.mu.Lock()
	store, err, path := v.store, v.err, v.path
	v.mu.Unlock()
	s := DumpStats{Dir: path, Err: err}
	if store != nil {
		s.Dir = store.Dir()
		now := store.Usage()
		s.Events, s.Bytes = now.Events, now.Bytes
	}
	return s
}

// evidence is where one event's files go: to disk, and what the disk refuses
// to memory.
type evidence struct {
	entry  *dump.Entry // nil when the disk refused the event
	memory int         // bytes held
}

// stored is one file of an event: at path, or data.
type stored struct {
	path  string
	data  []byte
	bytes int64
}

// write stores what fill writes. An error of fill itself is returned; one of
// the disk sends the file to memory, where fill is asked again, and is
// returned as trouble.
func (e *evidence) write(name string, fill func(io.Writer) error) (s stored, trouble, err error) {
	if e.entry != nil {
		var failed error
		f, err := e.entry.Write(name, func(w io.Writer) error {
			src := &witness{w: w}
			err := fill(src)
			if src.err == nil {
				failed = err // not the writer's fault
			}
			return err
		})
		switch {
		case err == nil:
			return stored{path: f.Path, bytes: f.Bytes}, nil, nil
		case failed != nil:
			return stored{}, nil, failed
		}
		trouble = err
	}
	w := &memoryFile{left: maxInMemory - e.memory}
	if err := fill(w); err != nil {
		return stored{}, trouble, err
	}
	e.memory += w.Len()
	return stored{data: w.Bytes(), bytes: int64(w.Len())}, trouble, nil
}

// replace writes a file of the event anew; there is no copy in memory of it.
func (e *evidence) replace(name string, content []byte) error {
	if e.entry == nil {
		return nil
	}
	_, err := e.entry.Replace(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	return err
}

func (e *evidence) close(disposable bool) error {
	if e.entry == nil {
		return nil
	}
	return e.entry.Close(dump.Class{Disposable: disposable})
}

func (e *evidence) dir() string {
	if e.entry == nil {
		return ""
	}
	return e.entry.Path()
}

// witness remembers whether the writer below failed.
type witness struct {
	w   io.Writer
	err error
}

func (s *witness) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.err = errors.Join(s.err, err)
	return n, err
}

// memoryFile is a buffer with an end.
type memoryFile struct {
	bytes.Buffer
	left int
}

func (m *memoryFile) Write(p []byte) (int, error) {
	if len(p) > m.left-m.Len() {
		return 0, errMemoryFull
	}
	return m.Buffer.Write(p)
}
