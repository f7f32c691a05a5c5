package holmes_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	markdownHead = regexp.MustCompile(`(?m)^#+ (.*)$`)
	codeBlock    = regexp.MustCompile("(?ms)^```.*?\n```$")
)

// Every relative link in a Markdown file of the repository leads to a file, and
// to a headline in it.
func TestLinks(t *testing.T) {
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "testdata"}, d.Name()):
			return filepath.SkipDir
		case filepath.Ext(p) != ".md":
			return nil
		}
		for _, link := range markdownLink.FindAllStringSubmatch(prose(t, p), -1) {
			to, err := url.Parse(link[1])
			require.NoError(t, err, "%s: %s", p, link[1])
			if to.Scheme != "" {
				continue
			}
			target := p
			if to.Path != "" {
				target = filepath.Join(filepath.Dir(p), filepath.FromSlash(to.Path))
			}
			_, err = os.Stat(target)
			require.NoError(t, err, "%s: %s", p, link[1])
			if to.Fragment != "" {
				require.Contains(t, anchors(t, target), to.Fragment, "%s: %s", p, link[1])
			}
		}
		return nil
	})
	require.NoError(t, err)
}

// docs/options.md has every option, and nothing else.
func TestOptionsAreDocumented(t *testing.T) {
	raw := testkit.Must(os.ReadFile("docs/options.md"))(t)
	var listed, declared []string
	for _, name := range regexp.MustCompile("`(With\\w+)\\(").FindAllStringSubmatch(string(raw), -1) {
		listed = append(listed, name[1])
	}
	files := testkit.Must(filepath.Glob("*.go"))(t)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw := testkit.Must(os.ReadFile(name))(t)
		for _, f := range regexp.MustCompile(`(?m)^func (With\w+)\(`).FindAllStringSubmatch(string(raw), -1) {
			declared = append(declared, f[1])
		}
	}
	require.NotEmpty(t, declared)
	require.ElementsMatch(t, declared, listed)
}

// prose returns a Markdown file without its blocks of code.
func prose(t *testing.T, path string) string {
	t.Helper()
	raw := testkit.Must(os.ReadFile(path))(t)
	return codeBlock.ReplaceAllString(strings.ReplaceAll(string(raw), "\r", ""), "")
}

// anchors returns the names that GitHub gives to the headlines of a file.
func anchors(t *testing.T, path string) (all []string) {
	t.Helper()
	drop := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, head := range markdownHead.FindAllStringSubmatch(prose(t, path), -1) {
		all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(head[1]), ""), " ", "-"))
	}
	return all
}
