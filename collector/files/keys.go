package files

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"

	"github.com/go-holmes/holmes/collector"
)

// claim makes other commits with the same key wait until release is called.
func (s *Store) claim(ctx context.Context, key string) (release func(), err error) {
	if key == "" {
		return func() {}, nil
	}
	for {
		s.mu.Lock()
		other, busy := s.claims[key]
		if !busy {
			mine := make(chan struct{})
			s.claims[key] = mine
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.claims, key)
				close(mine)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Known returns the receipt of the record with that key.
func (s *Store) Known(_ context.Context, key string) (collector.Receipt, error) {
	id, ok, err := s.lookUp(key)
	if err != nil {
		return collector.Receipt{}, err
	}
	if !ok {
		return collector.Receipt{}, collector.Errorf(collector.NotFound, "nothing found")
	}
	f, rec, err := s.openBlob(id)
	if collector.CodeOf(err) == collector.Damaged && !s.there(id) {
		return collector.Receipt{}, collector.Errorf(collector.NotFound, "nothing found") // what is sent again replaces it
	}
	if err != nil {
		return collector.Receipt{}, err
	}
	return rec.receipt(id, false), f.Close()
}

// lookUp returns the blob that was stored with a key, if it still exists.
func (s *Store) lookUp(key string) (id blobID, ok bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return id, false, errClosed()
	}
	if id, ok = s.keys[key]; !ok {
		err = s.read(func(tx *bbolt.Tx) error {
			id, ok = parseBlobID(string(tx.Bucket([]byte(keysBucket)).Get([]byte(key))))
			return nil
		})
	}
	return id, ok && s.has(id), err
}

// openBlob opens a blob and reads its record.
func (s *Store) openBlob(id blobID) (*os.File, *record, error) {
	f, err := os.Open(s.blobPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, collector.Errorf(collector.NotFound, "nothing found")
	}
	if err != nil {
		return nil, nil, err
	}
	rec, err := readRecord(f, id)
	if err != nil {
		_ = f.Close() // it was only read
		if isDamage(err) {
			err = s.setAside(id, err)
		}
		return nil, nil, err
	}
	return f, rec, nil
}
