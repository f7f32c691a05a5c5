package render

import (
	"context"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// WriteProfile writes a fold as a file in pprof's format.
func WriteProfile(w http.ResponseWriter, f *merge.Fold, name string) error {
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	tell(header, f)
	_, err := f.WriteTo(w)
	return err
}

// tell sets the headers about the profiles of a fold.
func tell(header http.Header, f *merge.Fold) {
	header.Set("X-Holmes-Profiles", strconv.Itoa(f.Profiles()))
	for name, n := range map[string]int{"X-Holmes-Skipped": f.Skipped(), "X-Holmes-Trimmed": f.Trimmed()} {
		if n > 0 {
			header.Set(name, strconv.Itoa(n))
		}
	}
	if column, err := f.Column(""); err == nil {
		header.Set("X-Holmes-Measure", f.Measure(column).Text)
	}
	if f.Stripped() {
		header.Set("X-Holmes-Labels", "dropped")
	}
}

// name is the name of a file.
func (p *Picture) name() string {
	if p.Base != nil {
		return "diff.pb.gz"
	}
	return "merged.pb.gz"
}

func (p *Picture) writePprof(_ context.Context, w http.ResponseWriter) error {
	if err := p.Subtract(p.label, p.norm); err != nil {
		return err
	}
	p.trim()
	return WriteProfile(w, p.Fold, p.name())
}

func (p *Picture) trim() {
	if p.maxSamples >= 0 {
		p.Trim(p.maxSamples)
	}
}

// writePGO answers with a profile for go build -pgo: CPU, without labels.
func (p *Picture) writePGO(_ context.Context, w http.ResponseWriter) error {
	if !slices.ContainsFunc(p.Fold.Columns(), isCPU) {
		return collector.Errorf(collector.Invalid, "format pgo needs CPU profiles, not those of %v", p.Fold.Columns())
	}
	p.trim()
	return WriteProfile(w, p.Fold, "default.pgo")
}

func isCPU(v safepprof.ValueType) bool { return v.Type == "cpu" || v.Type == "samples" }
