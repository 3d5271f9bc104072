// Command caddy-coraza is Caddy's standard build with Coraza and the OWASP Core
// Rule Set compiled in, for measurements beside Limen. limenbench compare builds
// it by itself.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/limen-waf/limen/bench/coraza"
)

func main() { caddycmd.Main() }
