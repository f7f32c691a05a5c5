package flame_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/flame"
)

func TestOrigin(t *testing.T) {
	for _, tt := range []struct {
		function, file, module string
		want                   flame.Origin
	}{
		{"main.main", "", "", flame.Own},
		{"runtime.mallocgc", "/usr/local/go/src/runtime/malloc.go", "", flame.Std},
		{"net/http.(*conn).serve", "net/http/server.go", "", flame.Std}, // -trimpath
		{"net/http.(*conn).serve", "", "", flame.Std},
		{"internal/runtime/maps.(*Map).Put", "", "", flame.Std},
		{"vendor/golang.org/x/net/http2.f", "", "", flame.Std},
		{"slices.SortFunc[go.shape.struct { example.com/x.a int }]", "", "", flame.Std},
		{"github.com/a/b.(*T).f", "/root/go/pkg/mod/github.com/a/b@v1.2.3/b.go", "", flame.Third},
		{"github.com/a/b.f", "github.com/a/b@v1.2.3/b.go", "", flame.Third},
		{"github.com/a/b.f", "/src/shop/vendor/github.com/a/b/b.go", "", flame.Third},
		{"github.com/shop/cart.f", "/home/me/shop/cart/cart.go", "", flame.Own},
		{"github.com/shop/cart.f", "", "github.com/shop", flame.Own},
		{"github.com/shopping.f", "", "github.com/shop", flame.Third},
		{"github.com/shop/cart.f", "", "", flame.Third},
		{"golang.org/x/sync/errgroup.f", "/somewhere/errgroup.go", "", flame.Third},
		{"shop/cart.f", "/home/me/shop/cart/cart.go", "shop", flame.Own},
		{"shop/cart.f", "/home/me/cart/cart.go", "", flame.Own},
		{"gopkg.in/yaml%2ev3.f", "", "", flame.Third},
		{"__libc_start_main", "", "", flame.Unknown},
		{"0xabc in /bin/x.so", "", "", flame.Unknown},
		{"std::vector<int>.x", "", "", flame.Unknown},
	} {
		require.Equal(t, tt.want, flame.OriginOf(flame.Frame{Function: tt.function, File: tt.file}, tt.module), "%+v", tt)
	}
	require.Equal(t, "gopkg.in/yaml.v3", flame.PackageOf("gopkg.in/yaml%2ev3.f"))
}

func TestShort(t *testing.T) {
	for name, want := range map[string]string{
		"main.main": "main.main", "net/http.(*conn).serve": "http.(*conn).serve",
		"slices.Sort[example.com/x.T]": "slices.Sort[example.com/x.T]", "a/b.f[c/d.T]": "b.f[c/d.T]", "": "",
		"github.com/go-chi/chi/v5.(*Mux).ServeHTTP": "chi.(*Mux).ServeHTTP", "a/v5x.f": "v5x.f", "v5/v6.f": "v5.f", "/v5.f": ".f", "a/v5": "v5",
	} {
		require.Equal(t, want, flame.Short(name))
	}
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0, "nanoseconds", "0 ns"},
		{999, "nanoseconds", "999 ns"},
		{1500, "nanoseconds", "1.5 µs"},
		{1.2345e9, "nanoseconds", "1.23 s"},
		{12.345e9, "nanoseconds", "12.3 s"},
		{90e9, "nanoseconds", "1.5 min"},
		{7200e9, "nanoseconds", "2 h"},
		{2, "seconds", "2 s"},
		{1536, "bytes", "1.5 KiB"},
		{-1536, "bytes", "-1.5 KiB"},
		{123456789, "bytes", "118 MiB"},
		{1234567, "count", "1 234 567"},
		{-1234, "", "-1 234"},
		{100, "fish", "100 fish"},
	} {
		require.Equal(t, tt.want, flame.Format(tt.value, tt.unit), "%v", tt)
	}
	for share, want := range map[float64]string{0: "0 %", 1: "100 %", 0.5: "50 %", 0.012: "1.2 %", 0.099: "9.9 %", -0.3: "-30 %", math.Inf(1): "-"} {
		require.Equal(t, want, flame.Percent(share))
	}
	require.Equal(t, "-", flame.Percent(math.NaN()))
	require.Equal(t, "+10, +100 %", flame.Change(20, 10, ""))
	require.Equal(t, "-5, -50 %", flame.Change(5, 10, ""))
	require.Equal(t, "+5, new", flame.Change(5, 0, ""))
	require.Equal(t, "-5, gone", flame.Change(0, 5, ""))
	require.Equal(t, "no change", flame.Change(5, 5, ""))
}
