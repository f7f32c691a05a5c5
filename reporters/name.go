package reporters

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/go-holmes/holmes"
)

// maxName leaves room for what is put around a name in the 255 bytes that file
// systems allow.
const maxName = 128

// checkName returns a permanent error unless name is fit to be a file name
// anywhere and to travel in a header: that is what holmes gives out, so
// anything else is a mistake or an attack.
func checkName(what, name string) error {
	if name == "" || len(name) > maxName || name[0] == '.' ||
		strings.ContainsFunc(name, foreign) || !filepath.IsLocal(name) {
		return holmes.Permanent(fmt.Errorf("holmes: %s %.*q is not a plain file name", what, maxName, name))
	}
	return nil
}

func foreign(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	default:
		return r != '.' && r != '_' && r != '-'
	}
}
