package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// drawTime is how long dot may take, and maxPicture how much it may write.
const (
	drawTime   = 20 * time.Second
	maxPicture = 16 * mib
)

// notAvailable is what the machine lacks a part for.
const notAvailable collector.Code = "not_available"

func isCPU(v safepprof.ValueType) bool { return v.Type == "cpu" || v.Type == "samples" }

// dotOf returns the call graph in Graphviz's language.
func (p *picture) dotOf() ([]byte, error) {
	column, err := p.fold.Column(p.value)
	if err != nil {
		return nil, err
	}
	unit := p.fold.Columns()[column].Unit
	if err := p.subtract(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = p.fold.WriteDOT(&b, merge.GraphOptions{
		Title: p.title, Column: column, Format: func(v int64) string { return flame.Format(float64(v), unit) },
	})
	return b.Bytes(), err
}

func (h *Handler) writeDOT(_ context.Context, w http.ResponseWriter, p *picture) error {
	dot, err := p.dotOf()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/vnd.graphviz; charset=utf-8")
	_, err = w.Write(dot)
	return err
}

// writeGraph answers with the call graph as Graphviz draws it.
func (h *Handler) writeGraph(ctx context.Context, w http.ResponseWriter, p *picture) error {
	path, err := exec.LookPath(h.config.Dot)
	if err != nil {
		return collector.Errorf(notAvailable, "call graphs are drawn by Graphviz, and its program %q is not on the collector's machine "+
			"(apt-get install graphviz); format=dot is what it would draw", h.config.Dot)
	}
	dot, err := p.dotOf()
	if err != nil {
		return err
	}
	svg, err := draw(ctx, path, dot)
	if err != nil {
		return err
	}
	return writeSVG(w, svg)
}

// draw runs dot, with a deadline and with a bound on what it writes.
func draw(ctx context.Context, path string, dot []byte) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, drawTime)
	defer stop()
	cmd := exec.CommandContext(ctx, path, "-Kdot", "-Tsvg")
	cmd.Stdin = bytes.NewReader(dot)
	cmd.WaitDelay = time.Second
	out, complaints := &limitedBuffer{limit: maxPicture}, &limitedBuffer{limit: 1000, cut: true}
	cmd.Stdout, cmd.Stderr = out, complaints
	cmd.Env = []string{"LC_ALL=C.UTF-8", "HOME=/nonexistent"}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("holmes: api: dot: %w: %s", err, complaints.b.Bytes())
	}
	return out.b.Bytes(), nil
}

// A limitedBuffer refuses what is too much, or forgets it. It is a writer and no
// more: a buffer that reads by itself knows no limit.
type limitedBuffer struct {
	b     bytes.Buffer
	limit int
	cut   bool
}

var errPicture = errors.New("the picture is too large")

func (l *limitedBuffer) Write(b []byte) (int, error) {
	room := l.limit - l.b.Len()
	if len(b) <= room {
		return l.b.Write(b)
	}
	if !l.cut {
		return 0, errPicture
	}
	l.b.Write(b[:room])
	return len(b), nil
}
