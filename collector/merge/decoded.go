package merge

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector/safepprof"
)

// FoldOf returns the fold of a profile that google's tools have decoded. Where a
// [Merger] has made it, its columns are what the comments say of them.
func FoldOf(p *profile.Profile) (*Fold, error) {
	var b bytes.Buffer
	if err := p.WriteUncompressed(&b); err != nil {
		return nil, fmt.Errorf("holmes: merge: %w", err)
	}
	f := NewFold(0)
	if err := f.Add(b.Bytes()); err != nil {
		return nil, err
	}
	f.kind = safepprof.KindOf(f.Columns())
	for i := range f.columns {
		c := &f.columns[i]
		for _, comment := range f.header.comments {
			if text, ok := strings.CutPrefix(comment, noteOf(c.Type)); ok && !strings.Contains(comment, noteBefore) {
				c.stated = text
			}
		}
	}
	return f, nil
}
