package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"
)

const (
	rootModule      = "github.com/go-holmes/holmes"
	collectorModule = rootModule + "/collector"
)

// A clone is one of the commit that is checked out here. It has scripts/release.
type clone struct {
	t   *testing.T
	dir string
	env []string
}

func newClone(t *testing.T) *clone {
	t.Helper()
	testkit.OnLinux(t, "scripts/release is written for GNU's tools")
	for _, tool := range []string{"bash", "git"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	root, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		t.Skip("this is no clone of the repository")
	}
	c := &clone{t, filepath.Join(t.TempDir(), "clone"), append(os.Environ(),
		"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@example.com", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@example.com",
		"GIT_CONFIG_GLOBAL=/dev/null", "GOWORK=off", "GOFLAGS=")}
	c.do(".", "git", "clone", "-q", "--no-hardlinks", "--no-tags", strings.TrimSpace(string(root)), c.dir)
	return c
}

// try runs a command and returns all that it prints. The folder is one of the clone.
func (c *clone) try(folder, name string, args ...string) (string, error) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), name, args...)
	if name == "git" && args[0] == "clone" {
		cmd.Dir = folder
	} else {
		cmd.Dir = filepath.Join(c.dir, folder)
	}
	cmd.Env = c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func (c *clone) do(folder, name string, args ...string) string {
	c.t.Helper()
	out, err := c.try(folder, name, args...)
	require.NoError(c.t, err, "%s %s: %s", name, args, out)
	return strings.TrimSpace(out)
}

// state is all that a release changes.
func (c *clone) state() string {
	c.t.Helper()
	return c.do(".", "git", "show-ref", "--head") + c.do(".", "git", "status", "--porcelain") + c.do(".", "git", "worktree", "list")
}

// write commits a file.
func (c *clone) write(name, text string) {
	c.t.Helper()
	require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600))
	c.do(".", "git", "commit", "-qam", name)
}

// A release that cannot be right is refused with its reason, and leaves nothing behind.
func TestReleaseRefuses(t *testing.T) {
	c := newClone(t)
	refused := func(status, reason string, args ...string) {
		t.Helper()
		before := c.state()
		out, err := c.try(".", "scripts/release", args...)
		require.EqualError(t, err, "exit status "+status, out)
		require.Contains(t, out, reason)
		require.Equal(t, before, c.state())
	}
	refused("2", "usage: scripts/release [-n] VERSION")
	refused("2", "usage: scripts/release [-n] VERSION", "v1.0.0", "v1.1.0")
	for _, version := range []string{"1.0.0", "v1.0", "v01.0.0", "v1.0.0+linux"} {
		refused("1", "release: "+version+" is no version", version)
	}
	refused("1", "needs module paths that end with /v2", "v2.0.0")

	c.do(".", "git", "tag", "collector/v1.0.0")
	refused("1", "release: the tag collector/v1.0.0 exists", "v1.0.0")
	refused("1", "release: the tag collector/v1.0.0 exists", "-n", "v1.0.0")
	c.do(".", "git", "tag", "-d", "collector/v1.0.0")

	require.NoError(t, os.WriteFile(filepath.Join(c.dir, "new"), nil, 0o600))
	refused("1", "release: there are changes that are not committed", "v1.0.0")
	require.NoError(t, os.Remove(filepath.Join(c.dir, "new")))

	mod := testkit.Must(os.ReadFile(filepath.Join(c.dir, "collector/go.mod")))(t)
	c.write("collector/go.mod", string(mod)+"\nreplace go.uber.org/zap => go.uber.org/zap v1.27.0\n")
	refused("1", "release: collector/go.mod has another replace", "v1.0.0")
	c.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-11-01\n\n- All of it.\n")
	refused("1", "release: CHANGELOG.md has nothing under", "v1.0.0")
}

// With -n a release is shown and not made. What follows a release candidate is the
// development of the same version.
func TestReleaseShows(t *testing.T) {
	c := newClone(t)
	before := c.state()
	out := "\n" + c.do(".", "scripts/release", "-n", "v1.3.0-rc.1")
	for _, line := range []string{
		"commit: holmes v1.3.0-rc.1",
		"+## 1.3.0-rc.1 - 20",
		`+const Version = "1.3.0-rc.1"`,
		"-replace " + rootModule + " => ../",
		"+\t" + rootModule + " v1.3.0-rc.1",
		"+" + rootModule + " v1.3.0-rc.1 h1:",
		"commit: event: version 1.3.0-dev",
		"+## Unreleased",
		`+const Version = "1.3.0-dev"`,
		"tag: v1.3.0-rc.1 on ",
		"tag: collector/v1.3.0-rc.1 on ",
	} {
		require.Contains(t, out, "\n"+line)
	}
	require.Equal(t, before, c.state())
}

// pack adds the module in a folder to a proxy of files, as it is at its tag.
func (c *clone) pack(proxy, module, folder, version string) {
	c.t.Helper()
	dir := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	require.NoError(c.t, os.MkdirAll(dir, 0o700))
	tag := strings.TrimPrefix(folder+"/"+version, "./")
	args := []string{"archive", "--format=zip", "--prefix=" + module + "@" + version + "/", "-o", filepath.Join(dir, version+".zip"), tag, "--", "."}
	for nested := range strings.FieldsSeq(c.do(folder, "git", "ls-files", "*/go.mod")) {
		args = append(args, ":(exclude)"+strings.TrimSuffix(nested, "/go.mod"))
	}
	c.do(folder, "git", args...)
	mod := c.do(".", "git", "show", tag+":"+strings.TrimPrefix(folder+"/go.mod", "./"))
	for name, text := range map[string]string{version + ".mod": mod + "\n", version + ".info": fmt.Sprintf(`{"Version": %q}`, version), "list": version} {
		require.NoError(c.t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
}

// What is released can be installed and imported by its version, from a proxy that
// has the two modules as they are at their tags.
func TestReleaseInstalls(t *testing.T) {
	if !testkit.IsHeavy() {
		t.Skip("builds the collector and all that it needs; HOLMES_HEAVY=1 runs it")
	}
	c := newClone(t)
	head := c.do(".", "git", "rev-parse", "HEAD")
	require.Contains(t, c.do(".", "scripts/release", "v1.0.0"), "git push --atomic origin HEAD v1.0.0 collector/v1.0.0")
	require.Empty(t, c.do(".", "git", "status", "--porcelain"))
	require.Equal(t, "2", c.do(".", "git", "rev-list", "--count", head+"..HEAD"))
	require.Equal(t, "CHANGELOG.md\nevent/version.go", c.do(".", "git", "diff", "--name-only", head, "HEAD"))
	require.Contains(t, c.do(".", "git", "show", "HEAD:event/version.go"), `"1.1.0-dev"`)
	release := c.do(".", "git", "rev-parse", "HEAD^")
	for _, tag := range []string{"v1.0.0", "collector/v1.0.0"} {
		require.Equal(t, release, c.do(".", "git", "rev-parse", tag+"^{commit}"))
	}

	proxy, work := t.TempDir(), t.TempDir()
	c.pack(proxy, rootModule, ".", "v1.0.0")
	c.pack(proxy, collectorModule, "collector", "v1.0.0")
	c.env = append(c.env,
		"GOPROXY=file://"+proxy+",file://"+c.do(".", "go", "env", "GOMODCACHE")+"/cache/download,"+c.do(".", "go", "env", "GOPROXY"),
		"GONOPROXY=none", "GOSUMDB=off", "GOMODCACHE="+filepath.Join(work, "modules"), "GOBIN="+work, "GOFLAGS=-modcacherw -trimpath")

	// The modules at the tag, with the checksums that the release has written.
	c.do(".", "git", "checkout", "-q", "v1.0.0")
	for mod := range strings.FieldsSeq(c.do(".", "git", "ls-files", "collector/*go.mod")) {
		c.do(filepath.Dir(mod), "go", "list", "-mod=readonly", "-deps", "./...")
	}

	c.dir = t.TempDir() // without a module
	c.do(".", "go", "install", collectorModule+"/cmd/holmes@v1.0.0")
	binary := filepath.Join(work, "holmes")
	require.Equal(t, "holmes 1.0.0", c.do(".", binary, "version"))
	require.Contains(t, c.do(".", "go", "version", "-m", binary), "\tmod\t"+collectorModule+"\tv1.0.0\t")

	for name, text := range map[string]string{"go.mod": "module example.com/user\n\ngo 1.26.0\n", "main.go": `package main

import (
	"fmt"

	"` + rootModule + `"
	"` + collectorModule + `/safepprof"
)

func main() {
	_, err := safepprof.New(safepprof.Limits{})
	fmt.Println(holmes.Version, err)
}
`} {
		require.NoError(t, os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600))
	}
	c.do(".", "go", "get", rootModule+"@v1.0.0", collectorModule+"@v1.0.0")
	require.Equal(t, "1.0.0 <nil>", c.do(".", "go", "run", "-mod=mod", "."))
}
