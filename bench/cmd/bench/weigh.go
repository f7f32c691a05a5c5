package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A library is the import that a program gets for each column.
type library struct {
	col      int
	name     string
	requires string // module and version
	imports  string
	use      string // statements that start it
}

// libraries start as their documentation says, with their defaults.
func libraries() []library {
	return []library{
		{
			colHolmes, "holmes",
			"github.com/go-holmes/holmes v0.0.0",
			`"github.com/go-holmes/holmes"`,
			"h, err := holmes.New()\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\t_ = h.Start()\n\tdefer h.Stop()",
		},
		{
			colMosn, "mosn",
			"mosn.io/holmes v1.0.2",
			`"mosn.io/holmes"`,
			"h, err := holmes.New()\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\th.EnableCPUDump().Start()\n\tdefer h.Stop()",
		},
		{
			colGopsutil, "gopsutil",
			"github.com/shirou/gopsutil/v3 v3.24.5",
			`"github.com/shirou/gopsutil/v3/process"`,
			"p, err := process.NewProcess(1)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\t_, _ = p.Percent(0)\n\t_, _ = p.MemoryInfo()\n\t_, _ = p.NumThreads()",
		},
		{
			colPyroscope, "pyroscope",
			"github.com/grafana/pyroscope-go v1.4.3",
			`"github.com/grafana/pyroscope-go"`,
			"p, err := pyroscope.Start(pyroscope.Config{ApplicationName: \"a\", ServerAddress: \"http://localhost:4040\"})\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tdefer func() { _ = p.Stop() }()",
		},
	}
}

// A host is the program that a library is added to.
type host struct{ name, imports, body string }

func hosts() []host {
	return []host{
		{"hello", `"fmt"`, `fmt.Println("hello")`},
		{"web", `"net/http"`, `_ = http.ListenAndServe("localhost:0", nil)`},
	}
}

// A weight is the size of a program.
type weight struct {
	bytes, packages, linked, graph int
}

// weigh compares the cost of an import: stripped bytes, packages, modules.
func (b *bench) weigh(ctx context.Context, _ plan) error {
	grown := map[string]map[int]string{}
	packages, modules := map[int]string{}, map[int]string{}
	for _, h := range hosts() {
		bare, err := b.program(ctx, h, library{name: "alone"})
		if err != nil {
			return err
		}
		grown[h.name] = map[int]string{}
		for _, l := range libraries() {
			w, err := b.program(ctx, h, l)
			if err != nil {
				return err
			}
			grown[h.name][l.col] = fmt.Sprintf("%.2f MB", float64(w.bytes-bare.bytes)/1e6)
			packages[l.col] = fmt.Sprint(w.packages - bare.packages)
			modules[l.col] = fmt.Sprintf("%d, %d", w.linked, w.graph)
			progress("weight: %s with %s: %s", h.name, l.name, grown[h.name][l.col])
		}
	}
	b.row("Added to a program with net/http, stripped", grown["web"])
	b.row("Added to a bare hello world, stripped", grown["hello"])
	b.row("Packages added to a program with net/http", packages)
	b.row("Modules linked, modules in the graph", modules)
	return nil
}

// program builds a host with a library, as a module of its own, and weighs it.
func (b *bench) program(ctx context.Context, h host, l library) (w weight, err error) {
	dir := filepath.Join(b.dir, "weigh-"+h.name+"-"+l.name)
	if err := b.writeProgram(dir, h, l); err != nil {
		return w, err
	}
	if _, err := inModule(ctx, dir, "build", "-trimpath", "-ldflags=-s -w", "-o", "program", "."); err != nil {
		return w, err
	}
	info, err := os.Stat(filepath.Join(dir, "program"))
	if err != nil {
		return w, err
	}
	w.bytes = int(info.Size())
	for what, into := range map[string]*int{"list -deps .": &w.packages, "list -m all": &w.graph, "version -m program": &w.linked} {
		out, err := inModule(ctx, dir, strings.Fields(what)...)
		if err != nil {
			return w, err
		}
		if into == &w.linked {
			*into = strings.Count(out, "\n\tdep\t")
			continue
		}
		*into = strings.Count(out, "\n")
	}
	w.graph-- // the program's own
	return w, nil
}

func (b *bench) writeProgram(dir string, h host, l library) error {
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // sources
		return err
	}
	mod := "module program\n\ngo 1.26.0\n"
	if l.requires != "" {
		mod += "\nrequire " + l.requires + "\n"
	}
	mod += "\nreplace github.com/go-holmes/holmes => " + b.root + "\n"
	main := fmt.Sprintf("package main\n\nimport (\n\t%s\n\t%s\n)\n\nfunc main() {\n\t%s\n\t%s\n}\n", h.imports, l.imports, l.use, h.body)
	sums, err := os.ReadFile(filepath.Join(b.root, "bench", "go.sum"))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"go.mod": mod, "main.go": main, "go.sum": string(sums)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func inModule(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=mod")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s in %s: %w\n%s", args[0], filepath.Base(dir), err, &errs)
	}
	return out.String(), nil
}
