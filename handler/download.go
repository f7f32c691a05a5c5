package handler

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/go-holmes/holmes/event"
)

// serveFile serves one file of an event.
func (s *server) serveFile(w http.ResponseWriter, r *http.Request) {
	id, name := r.PathValue("id"), r.PathValue("file")
	if !validID(id) || !validFile(name) {
		http.NotFound(w, r)
		return
	}
	root, err := s.open()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer root.Close()
	f, info, err := openRegular(root, path.Join(id, name))
	if err != nil {
		fail(w, err)
		return
	}
	defer f.Close()
	extend(w, r)
	switch name {
	case event.JSONFile:
		w.Header().Set("Content-Type", "application/json")
	case event.SummaryFile:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="`+id+"-"+strings.ReplaceAll(name, `"`, "")+`"`)
	}
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// serveTar serves all files of an event.
func (s *server) serveTar(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !validID(id) {
		http.NotFound(w, r)
		return
	}
	root, err := s.open()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer root.Close()
	if _, err := root.Lstat(id); err != nil {
		fail(w, err)
		return
	}
	extend(w, r)
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Content-Disposition", `attachment; filename="`+id+`.tar"`)
	if err := writeTar(w, root, id); err != nil {
		panic(http.ErrAbortHandler) // so that the client does not take what it has for all
	}
}

// writeTar writes the files of an event as a directory.
func writeTar(w io.Writer, root *os.Root, id string) error {
	out := tar.NewWriter(w)
	for _, f := range files(root, id) {
		if err := addFile(out, root, path.Join(id, f.Name)); err != nil {
			return err
		}
	}
	return out.Close()
}

// addFile adds a file as it is now: a profile may still grow.
func addFile(out *tar.Writer, root *os.Root, name string) error {
	f, info, err := openRegular(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was replaced or removed meanwhile
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()})
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, f, info.Size())
	return err
}

// openRegular opens a regular file, and refuses anything else: to open a pipe would
// block, and to follow a link may lead to another event.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	info, err := root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// fail answers for a file that cannot be opened.
func fail(w http.ResponseWriter, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		http.Error(w, "there is no such event or file", http.StatusNotFound)
		return
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}
