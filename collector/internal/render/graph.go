package render

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
)

// drawTime bounds the time of dot, and maxPicture its output.
const (
	drawTime   = 20 * time.Second
	maxPicture = 16 << 20
)

// NotAvailable is the code of an error about a program that is not installed.
const NotAvailable collector.Code = "not_available"

// dotOf returns the call graph in Graphviz's language.
func (p *Picture) dotOf() ([]byte, error) {
	title := p.Title + "\n" + p.Value + ", " + p.Of()
	if missing := p.Missing(); missing != "" {
		title += "\n" + missing
	}
	if err := p.Subtract(false, p.norm); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err := p.Fold.WriteDOT(&b, merge.GraphOptions{
		Title: title, Column: p.column, Format: func(v float64) string { return flame.Format(v, p.Unit) },
	})
	return b.Bytes(), err
}

func (p *Picture) writeDOT(_ context.Context, w http.ResponseWriter) error {
	dot, err := p.dotOf()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/vnd.graphviz; charset=utf-8")
	_, err = w.Write(dot)
	return err
}

// writeGraph answers with the call graph as Graphviz draws it.
func (p *Picture) writeGraph(ctx context.Context, w http.ResponseWriter) error {
	dot, err := p.dotOf()
	if err != nil {
		return err
	}
	svg, err := Graphviz(ctx, p.Dot, dot)
	if err != nil {
		return err
	}
	return writeSVG(w, svg)
}

// Graphviz draws a graph in its language as SVG, by running the program, with a
// deadline and a bound on the output.
func Graphviz(ctx context.Context, program string, dot []byte) ([]byte, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, collector.Errorf(NotAvailable, "call graphs are drawn by Graphviz, and its program %q is not on the collector's machine "+
			"(apt-get install graphviz); format=dot of /api/1/merge is what it would draw", program)
	}
	ctx, stop := context.WithTimeout(ctx, drawTime)
	defer stop()
	cmd := exec.CommandContext(ctx, path, "-Kdot", "-Tsvg")
	cmd.Stdin = bytes.NewReader(plain(dot))
	cmd.WaitDelay = time.Second
	out, complaints := &limitedBuffer{limit: maxPicture}, &limitedBuffer{limit: 1000, cut: true}
	cmd.Stdout, cmd.Stderr = out, complaints
	cmd.Env = []string{"LC_ALL=C.UTF-8", "HOME=/nonexistent"}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("holmes: dot: %w: %s", err, complaints.b.Bytes())
	}
	return out.b.Bytes(), nil
}

// plain keeps the texts of a graph as they are: Graphviz decodes references such as
// &#1; in them, and writes characters that XML does not have.
func plain(dot []byte) []byte {
	dot = bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, dot)
	return bytes.ReplaceAll(dot, []byte("&"), []byte("&amp;"))
}

// A limitedBuffer fails at its limit, or drops the rest. It is not a
// [bytes.Buffer] itself, whose ReadFrom has no limit.
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
