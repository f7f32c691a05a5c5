package targets

import (
	"cmp"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// A Target is one process that is watched.
type Target struct {
	Job     *config.Job
	Address string            // host and port
	Labels  map[string]string // without those that begin with "__"
	Metrics string            // URL of its metrics

	scheme    string
	pprof     string // path
	container string // pod and container, "" outside of Kubernetes
}

// The labels that name a target.
const (
	labelJob      = "job"
	labelService  = "service"
	labelInstance = "instance"
	labelVersion  = "version"
)

// Service returns the label service, or the name of the job.
func (t *Target) Service() string { return t.Labels[labelService] }

// Version returns the label version, which may be empty.
func (t *Target) Version() string { return t.Labels[labelVersion] }

// Instance returns the label instance, or the address.
func (t *Target) Instance() string { return t.Labels[labelInstance] }

// Key identifies the target: its address and where its profiles are.
func (t *Target) Key() string { return t.scheme + "://" + t.Address + t.pprof }

// Profile returns the URL of a profile.
func (t *Target) Profile(name string, query url.Values) string {
	u := url.URL{Scheme: t.scheme, Host: t.Address, Path: path.Join(t.pprof, name), RawQuery: query.Encode()}
	return u.String()
}

// Same reports whether nothing has changed that holmes-watch goes by.
func (t *Target) Same(o *Target) bool {
	return t.Job == o.Job && t.Metrics == o.Metrics && t.Key() == o.Key() && maps.Equal(t.Labels, o.Labels)
}

// unique returns one target for each address and for each container, sorted by key: a
// pod has a target for each of its ports, and two jobs may find the same process.
func unique(all []*Target) []*Target {
	slices.SortStableFunc(all, func(a, b *Target) int {
		return cmp.Or(strings.Compare(a.Key(), b.Key()), strings.Compare(a.Job.Name, b.Job.Name))
	})
	addresses, containers := map[string]bool{}, map[string]bool{}
	return slices.DeleteFunc(all, func(t *Target) bool {
		if addresses[t.Address] || t.container != "" && containers[t.container] {
			return true
		}
		addresses[t.Address], containers[t.container] = true, true
		return false
	})
}
