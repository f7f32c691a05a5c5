package holmes_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/go-holmes/holmes/reporters"
)

// A manifest is what the tests need of the objects in docs/operations.md.
type manifest struct {
	configs map[string]map[string]string // the data of ConfigMaps by name
	pod     podSpec
}

type podSpec struct {
	SecurityContext struct {
		RunAsNonRoot bool   `yaml:"runAsNonRoot"`
		RunAsUser    uint32 `yaml:"runAsUser"`
		RunAsGroup   uint32 `yaml:"runAsGroup"`
	} `yaml:"securityContext"`
	Containers []container
	Volumes    []volume
}

type container struct {
	EnvFrom []struct {
		ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
	} `yaml:"envFrom"`
	Env []struct {
		Name, Value string
		ValueFrom   struct {
			FieldRef struct {
				FieldPath string `yaml:"fieldPath"`
			} `yaml:"fieldRef"`
		} `yaml:"valueFrom"`
	}
	Resources       struct{ Requests, Limits map[string]string }
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	VolumeMounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

type volume struct {
	Name     string
	EmptyDir *struct {
		Medium    string
		SizeLimit string `yaml:"sizeLimit"`
	} `yaml:"emptyDir"`
	Secret *struct {
		SecretName string `yaml:"secretName"`
	}
}

// readManifest returns the manifest of docs/operations.md.
func readManifest(t *testing.T) *manifest {
	t.Helper()
	text := string(testkit.Must(os.ReadFile(operations))(t))
	_, block, found := strings.Cut(text, "\n```yaml\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "\n```\n")
	m := &manifest{configs: map[string]map[string]string{}}
	for document := range strings.SplitSeq(block, "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Name string }
			Data     map[string]string
			Spec     struct{ Template struct{ Spec podSpec } }
		}
		require.NoError(t, yaml.Unmarshal([]byte(document), &object))
		switch object.Kind {
		case "ConfigMap":
			m.configs[object.Metadata.Name] = object.Data
		case "Deployment":
			m.pod = object.Spec.Template.Spec
		}
	}
	require.Len(t, m.pod.Containers, 1)
	return m
}

func (m *manifest) container() *container { return &m.pod.Containers[0] }

// environment returns the environment of the container in a pod with these fields.
func (m *manifest) environment(t *testing.T, fields map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, from := range m.container().EnvFrom {
		require.Contains(t, m.configs, from.ConfigMapRef.Name)
		maps.Copy(out, m.configs[from.ConfigMapRef.Name])
	}
	for _, e := range m.container().Env {
		if path := e.ValueFrom.FieldRef.FieldPath; path != "" {
			require.Contains(t, fields, path)
			e.Value = fields[path]
		}
		out[e.Name] = e.Value
	}
	return out
}

// volumeAt returns the volume at a path in the container.
func (m *manifest) volumeAt(t *testing.T, path string) *volume {
	t.Helper()
	for _, mount := range m.container().VolumeMounts {
		if mount.MountPath == path {
			i := slices.IndexFunc(m.pod.Volumes, func(v volume) bool { return v.Name == mount.Name })
			require.GreaterOrEqual(t, i, 0, mount.Name)
			return &m.pod.Volumes[i]
		}
	}
	t.Fatalf("no volume at %q", path)
	return nil
}

// quantity returns a number of bytes, or of thousandths of a core.
func quantity(t *testing.T, text string) int {
	t.Helper()
	for suffix, unit := range map[string]int{"Mi": 1 << 20, "Gi": 1 << 30, "m": 1} {
		if digits, ok := strings.CutSuffix(text, suffix); ok {
			return testkit.Must(strconv.Atoi(digits))(t) * unit
		}
	}
	return testkit.Must(strconv.Atoi(text))(t) * 1000
}

// podFields are what the downward API tells a pod.
func podFields() map[string]string {
	return map[string]string{"metadata.name": "shop-7d4b9c6f5-x2x4k", "metadata.namespace": "store", "spec.nodeName": "node-3"}
}

// The manifest has what docs/operations.md says of it.
func TestManifest(t *testing.T) {
	m := readManifest(t)
	c := m.container()
	env := m.environment(t, podFields())

	require.True(t, m.pod.SecurityContext.RunAsNonRoot)
	require.NotZero(t, m.pod.SecurityContext.RunAsUser)
	require.NotZero(t, m.pod.SecurityContext.RunAsGroup)
	require.True(t, c.SecurityContext.ReadOnlyRootFilesystem)
	require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
	require.Equal(t, []string{"ALL"}, c.SecurityContext.Capabilities.Drop)

	place := m.volumeAt(t, env["HOLMES_DUMP_PATH"])
	require.NotNil(t, place.EmptyDir)
	require.Empty(t, place.EmptyDir.Medium, "on disk")
	require.Greater(t, quantity(t, place.EmptyDir.SizeLimit), int(dump.DefaultMaxBytes))
	require.GreaterOrEqual(t, quantity(t, c.Resources.Requests["ephemeral-storage"]), quantity(t, place.EmptyDir.SizeLimit))
	require.Greater(t, quantity(t, c.Resources.Limits["ephemeral-storage"]), quantity(t, place.EmptyDir.SizeLimit), "the log of the container counts, too")
	require.Positive(t, quantity(t, c.Resources.Limits["cpu"]))
	require.Equal(t, c.Resources.Requests["memory"], c.Resources.Limits["memory"])

	const token = "HOLMES_COLLECTOR_TOKEN_FILE"
	require.NotNil(t, m.volumeAt(t, filepath.ToSlash(filepath.Dir(env[token]))).Secret)
	env[token] = filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(env[token], []byte("secret"), 0o600))
	settings := string(testkit.Must(os.ReadFile("docs/options.md"))(t))
	for name, value := range env {
		require.Contains(t, settings, "`"+name+"`", "a variable that is not read")
		t.Setenv(name, value)
	}
	h := testkit.Must(holmes.New(holmes.FromEnv(), reporters.FromEnv()))(t)
	require.Len(t, h.Stats().Reporters, 1)
	require.Equal(t, "collector", h.Stats().Reporters[0].Name)
}
