// Command caddy is Caddy's standard build with Limen compiled in. It does what
// xcaddy would generate for
//
//	xcaddy build --with github.com/limen-waf/limen/caddymodule
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/limen-waf/limen/caddymodule"
)

func main() {
	caddycmd.Main()
}
