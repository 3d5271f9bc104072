package caddymodule

import (
	"errors"
	"net/http"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

var errNoApp = errors.New("limen is not configured: add a limen directive, or the limen global option")

// CELLibrary offers two functions to the `expression` matcher:
//
//	expression limen_score() > 0.5
//	expression limen_class() in ['sqli', 'xss'] && path('/api/*')
//
// They need Limen to be configured, which a matcher alone does not do: every
// expression in a configuration asks for this library, also where Limen is not used.
func (MatchLimen) CELLibrary(ctx caddy.Context) (cel.Library, error) {
	lookAt := func(v ref.Val) (float64, string, error) {
		native, err := v.ConvertToNative(reflect.TypeFor[*http.Request]())
		if err != nil {
			return 0, "", err
		}
		app, err := ctx.AppIfConfigured("limen")
		if err != nil {
			return 0, "", errNoApp
		}
		return look(native.(*http.Request), app.(*App))
	}
	score := celFunction("limen_score", cel.DoubleType, func(v ref.Val) ref.Val {
		score, _, err := lookAt(v)
		if err != nil {
			return types.WrapErr(err)
		}
		return types.Double(score)
	})
	class := celFunction("limen_class", cel.StringType, func(v ref.Val) ref.Val {
		_, class, err := lookAt(v)
		if err != nil {
			return types.WrapErr(err)
		}
		return types.String(class)
	})
	return caddyhttp.NewMatcherCELLibrary(append(score, class...), nil), nil
}

// celFunction makes `name()` call f with the request, which every expression has
// in a variable.
func celFunction(name string, result *cel.Type, f func(ref.Val) ref.Val) []cel.EnvOption {
	inner := name + "_of_request"
	macro := cel.GlobalMacro(name, 0, func(eh cel.MacroExprFactory, _ ast.Expr, _ []ast.Expr) (ast.Expr, *common.Error) {
		return eh.NewCall(inner, eh.NewIdent(caddyhttp.CELRequestVarName)), nil
	})
	request := cel.ObjectType("http.Request")
	return []cel.EnvOption{
		cel.Macros(macro),
		cel.Function(inner, cel.Overload(inner, []*cel.Type{request}, result, cel.UnaryBinding(f))),
	}
}
