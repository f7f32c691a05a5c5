package diagnose

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct{ symbol, canonical, enclosing, display string }{
		{"main.work", "main.work", "", "main.work"},
		{"main.sum[go.shape.int]", "main.sum[...]", "", "main.sum"},
		{"main.sum[...]", "main.sum[...]", "", "main.sum"},
		{"main.(*List[go.shape.map[string]a/b.T]).Add", "main.(*List[...]).Add", "", "main.(*List).Add"},
		{"main.sum[go.shape.int].func1", "main.sum[...].func1", "main.sum[...]", "main.sum (closure)"},
		{"main.handle.func1", "main.handle.func1", "main.handle", "main.handle (closure)"},
		{"main.handle.func1.2", "main.handle.func1.2", "main.handle", "main.handle (closure)"},
		{"main.handle.func2.func3", "main.handle.func2.func3", "main.handle", "main.handle (closure)"},
		{"main.(*T).run.func1.gowrap2", "main.(*T).run.func1", "main.(*T).run", "main.(*T).run (closure)"},
		{"main.free.deferwrap1", "main.free", "", "main.free"},
		{"main.T.run-fm", "main.T.run", "", "main.T.run"},
		{"main.each-range1", "main.each", "", "main.each"},
		{"main.each-range1-range12", "main.each", "", "main.each"},
		{"main.each.func1-range1", "main.each.func1", "main.each", "main.each (closure)"},
		{"main.glob..func3", "main.glob..func3", "main.glob.", "main (closure of a variable)"},
		{"main.functional", "main.functional", "", "main.functional"},
		{"main.x.func1a", "main.x.func1a", "", "main.x.func1a"},
		{"main.a-range", "main.a-range", "", "main.a-range"},
		{"github.com/acme/shop/cart.(*Cart).Add", "github.com/acme/shop/cart.(*Cart).Add", "", "cart.(*Cart).Add"},
		{"acme.dev/shop/v2.Run", "acme.dev/shop/v2.Run", "", "shop/v2.Run"},
		{"gopkg.in/yaml%2ev3.Marshal", "gopkg.in/yaml%2ev3.Marshal", "", "yaml.v3.Marshal"},
		{"]x[", "]x[", "", "]x["},
		{".func1", ".func1", "", ".func1"},
		{"", "", "", ""},
	} {
		t.Run(tt.symbol, func(t *testing.T) {
			name := canonical(tt.symbol)
			require.Equal(t, tt.canonical, name)
			require.Equal(t, name, canonical(name), "once is enough")
			require.Equal(t, tt.enclosing, enclosing(name))
			require.Equal(t, tt.display, short(display(name)))
		})
	}
}

func TestModuleOf(t *testing.T) {
	for symbol, want := range map[string]string{
		"go.uber.org/zap/zapcore.(*x).y":             "go.uber.org/zap",
		"github.com/a/b/v2/c.F[github.com/x/y.T]":    "github.com/a/b/v2",
		"github.com/a/b.F":                           "github.com/a/b",
		"golang.org/x/sync/semaphore.(*Weighted).Do": "golang.org/x/sync",
		"gopkg.in/yaml%2ev3.Marshal":                 "gopkg.in/yaml.v3",
		"net/http.Get":                               "net/http",
		"":                                           "",
	} {
		require.Equal(t, want, moduleOf(symbol))
	}
}

func TestOwn(t *testing.T) {
	o := Options{Module: "github.com/acme/shop", Modules: []string{"github.com/acme/log", "github.com/other/fork"}}
	for symbol, want := range map[string]origin{
		"main.main":                        originOwn,
		"github.com/acme/shop.F":           originOwn,
		"github.com/acme/shop/cart.F":      originOwn,
		"github.com/acme/log/sink.F":       originOwn,
		"github.com/acme/logger.F":         originForeign,
		"github.com/other/fork.F":          originForeign,
		"github.com/go-holmes/holmes.F":    originHolmes,
		"github.com/go-holmes/holmes2.F":   originForeign,
		"runtime.memmove":                  originNone,
		"runtime/pprof.F":                  originStd,
		"internal/runtime/maps.(*Map).Get": originNone,
		"net/http.Get":                     originStd,
	} {
		require.Equal(t, want, o.origin(symbol, ""), symbol)
	}
	require.Equal(t, originForeign, Options{Modules: []string{"acme.dev/log"}}.origin("acme.dev/log.F", ""))
	require.Equal(t, originOwn, Options{Module: "acme.dev/shop", Modules: []string{"acme.dev/log"}}.origin("acme.dev/log.F", ""))
	require.Equal(t, originOwn, Options{Own: []string{"shop", "other.dev/x"}}.origin("shop/cart.F", ""))
	require.Equal(t, originStd, Options{Own: []string{"shop"}}.origin("shopping.F", ""))
}

func TestOwnByFile(t *testing.T) {
	o := Options{ByFile: true, Modules: []string{"github.com/other/replaced"}}
	for _, tt := range []struct {
		symbol, file string
		want         origin
	}{
		{"github.com/acme/shop/cart.F", "/app/internal/cart/cart.go", originOwn},
		{"github.com/acme/shop/cart.F", "github.com/acme/shop/cart/cart.go", originOwn}, // -trimpath
		{"github.com/acme/shop/external.F", "/app/external/api.go", originOwn},
		{"github.com/acme/shop.F", "", originForeign}, // not known
		{"github.com/other/log.F", "/root/go/pkg/mod/github.com/other/log@v1.2.3/log.go", originForeign},
		{"github.com/other/log.F", "github.com/other/log@v1.2.3/log.go", originForeign},
		{"github.com/other/log.F", "/app/vendor/github.com/other/log/log.go", originForeign},
		{"github.com/other/log.F", "vendor/github.com/other/log/log.go", originForeign},
		{"github.com/other/log.F", "external/com_github_other_log/log.go", originForeign},
		{"github.com/other/replaced/x.F", "/src/replaced/x/x.go", originForeign},
		{"sort.Strings", "/usr/local/go/src/sort/sort.go", originStd},
		{"golang.org/x/net/http2/hpack.F", "/usr/local/go/src/vendor/golang.org/x/net/http2/hpack/hpack.go", originForeign},
		{"main.main", "/app/main.go", originOwn},
		{"github.com/go-holmes/holmes.(*Holmes).Start", "/src/holmes/run.go", originHolmes},
	} {
		require.Equal(t, tt.want, o.origin(tt.symbol, tt.file), "%s in %s", tt.symbol, tt.file)
	}
}
