package holmes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

// No exported struct embeds a lock or another foreign type, and no exported field
// has an unexported type.
func TestNothingInternalIsExported(t *testing.T) {
	files := testkit.Must(filepath.Glob("*.go"))(t)
	for _, room := range []string{"detect", "event"} { // whose types the root names as well
		more := testkit.Must(filepath.Glob(filepath.Join(room, "*.go")))(t)
		require.NotEmpty(t, more)
		files = append(files, more...)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f := testkit.Must(parser.ParseFile(token.NewFileSet(), name, nil, 0))(t)
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			body, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range body.Fields.List {
				base := field.Type
				if star, ok := base.(*ast.StarExpr); ok {
					base = star.X
				}
				id, plain := base.(*ast.Ident)
				foreign := plain && !id.IsExported() && id.Obj != nil // of this package
				if len(field.Names) == 0 {
					_, sel := base.(*ast.SelectorExpr)
					require.False(t, sel, "%s embeds a type of another package", spec.Name)
					require.False(t, foreign, "%s embeds %v", spec.Name, base)
				}
				for _, fn := range field.Names {
					require.False(t, fn.IsExported() && foreign, "%s.%s has an unexported type", spec.Name, fn)
				}
			}
			return true
		})
	}
}
