package cgroup_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// disk stands between a reader and the files of a tree: it counts, and fails where it is set to.
type disk struct {
	opened, closed, read int
	failOpen, failRead   func(path string) error
}

// open implements the argument of cgroup.WithOpen.
func (d *disk) open(path string) (cgroup.File, error) {
	if d.failOpen != nil {
		if err := d.failOpen(path); err != nil {
			return nil, err
		}
	}
	f, err := cgroup.OpenFile(path)
	if err != nil {
		return nil, err
	}
	d.opened++
	return &diskFile{File: f, disk: d, path: path}, nil
}

type diskFile struct {
	cgroup.File
	disk *disk
	path string
}

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	f.disk.read++
	if f.disk.failRead != nil {
		if err := f.disk.failRead(f.path); err != nil {
			return 0, err
		}
	}
	return f.File.ReadAt(p, off)
}

func (f *diskFile) Close() error {
	f.disk.closed++
	return f.File.Close()
}

// failing makes a failure of all paths that end so.
func failing(err error, suffixes ...string) func(string) error {
	return func(path string) error {
		for _, s := range suffixes {
			if strings.HasSuffix(path, s) {
				return err
			}
		}
		return nil
	}
}

// openTree opens a reader on a tree through d, which may be nil.
func openTree(t testing.TB, root tree, d *disk) *cgroup.Reader {
	t.Helper()
	if d == nil {
		d = new(disk)
	}
	r, err := cgroup.Open(cgroup.WithRoot(string(root)), cgroup.WithOpen(d.open))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// openFixture opens a reader on a new tree of a fixture.
func openFixture(t testing.TB, name string) (tree, *cgroup.Reader) {
	t.Helper()
	root := newTree(t, name)
	return root, openTree(t, root, nil)
}

// usage reads once, without an error.
func usage(t testing.TB, r *cgroup.Reader) (u cgroup.Usage) {
	t.Helper()
	require.NoError(t, r.Usage(&u))
	return u
}

// look reads until a move has been noticed, and returns the last reading.
func look(r *cgroup.Reader) (u cgroup.Usage, err error) {
	for range cgroup.FollowEvery {
		err = r.Usage(&u)
	}
	return u, err
}

// looked is look without an error.
func looked(t testing.TB, r *cgroup.Reader) cgroup.Usage {
	t.Helper()
	u, err := look(r)
	require.NoError(t, err)
	return u
}

// sample reads everything once, without an error.
func sample(t testing.TB, r *cgroup.Reader) (s cgroup.Sample) {
	t.Helper()
	require.NoError(t, r.Sample(&s))
	return s
}
