#!/usr/bin/env bash
#
# Builds, runs and tests Limen. ./xcaddy.sh help tells.
#
# Written for bash 3.2 and the tools that Debian and macOS share.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"

MODULE=github.com/limen-waf/limen
# What xcaddy leaves out of Caddy, and with it some fifty packages: databases
# that only smallstep's certificate authority could use.
TAGS=nobadger,nomysql,nopgx
STATICCHECK=honnef.co/go/tools/cmd/staticcheck@v0.8.2

# ONNX Runtime, as the npm package that carries its library for each platform.
ORT_PACKAGE=onnxruntime-node
ORT_VERSION=1.30.0
ORT_TARBALL=6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75
ORT_LINUX_X64=ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23
ORT_LINUX_ARM64=1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76
ORT_DARWIN_ARM64=685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d

usage() {
	cat <<-'END'
		Usage: ./xcaddy.sh [COMMAND]

		  build              build ./caddy with Limen in it (no command means this)
		  run                build, then run Caddyfile.example in the foreground: a demo
		                     site behind Limen on :8080
		  onnxruntime [DIR]  fetch ONNX Runtime for this platform with npm into DIR
		                     (./onnxruntime), where ./caddy finds it
		  test               everything that CI runs
		  help               this

		build uses xcaddy when it is installed, else go build ./cmd/caddy. Variables:

		  CGO_ENABLED=0      leave ONNX Runtime out, as on Caddy's build server. Without
		                     the variable it depends on whether there is a C compiler
		  XCADDY=PATH        the xcaddy to use; empty for go build
		  OUTPUT=FILE        what to build instead of ./caddy
	END
}

say() { printf '%s\n' "$*"; }

die() {
	printf 'xcaddy.sh: %s\n' "$*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

cleanup_dirs=()
cleanup() { [ ${#cleanup_dirs[@]} -eq 0 ] || rm -rf "${cleanup_dirs[@]}"; }
trap cleanup EXIT

# scratch makes a folder that goes with the script, in $scratch.
scratch() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/limen.XXXXXX")
	cleanup_dirs+=("$scratch")
}

# --- Go -------------------------------------------------------------------

# need_go fails where there is no Go that can build the module.
need_go() {
	local want got
	want=$(awk '$1 == "go" { print $2; exit }' go.mod)
	have go || die "Go is not installed: Limen needs Go $want or newer, from https://go.dev/dl/"
	# In the module's folder, so that a Go which may fetch the toolchain it
	# needs does that now.
	if ! got=$(go env GOVERSION 2>&1) || ! at_least "${got#go}" "$want"; then
		got=$(cd / && GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || echo "an unknown version")
		die "Go is too old: Limen needs Go $want or newer, this is $got; get it from https://go.dev/dl/ (or unset GOTOOLCHAIN, so that Go fetches it)"
	fi
}

# at_least A B: version A is B or newer. A may end in rc1 or the like.
at_least() {
	awk -v a="$1" -v b="$2" 'BEGIN {
		n = split(a, x, "."); m = split(b, y, ".")
		for (i = 1; i <= (n > m ? n : m); i++)
			if (x[i] + 0 != y[i] + 0) exit !(x[i] + 0 > y[i] + 0)
	}'
}

# c_compiler says whether cgo would work: a compiler alone is not enough, it
# needs the C library's headers too.
c_compiler() {
	local cc
	cc=$(go env CC)
	# shellcheck disable=SC2086 # CC may hold options
	have ${cc%% *} && printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | $cc -x c -o /dev/null - >/dev/null 2>&1
}

# choose_cgo sets and exports CGO_ENABLED.
choose_cgo() {
	if [ -z "${CGO_ENABLED:-}" ]; then
		if c_compiler; then CGO_ENABLED=1; else CGO_ENABLED=0; fi
	fi
	case $CGO_ENABLED in
	0) ;;
	1) c_compiler || die "CGO_ENABLED=1 needs a C compiler, and $(go env CC) does not compile here: install gcc or clang with the C library's headers, or use CGO_ENABLED=0" ;;
	*) die "CGO_ENABLED is '$CGO_ENABLED': use 0, 1 or nothing" ;;
	esac
	export CGO_ENABLED
}

# go_build FILE [FLAG…] builds Caddy with Limen by Go alone, as xcaddy would.
go_build() {
	local output=$1
	shift
	go build "$@" -tags "$TAGS" -ldflags '-s -w' -o "$output" ./cmd/caddy
}

build() {
	local output=${OUTPUT:-./caddy} tool caddy start=$SECONDS
	need_go
	choose_cgo
	tool=${XCADDY-$(command -v xcaddy || true)}
	caddy=$(go list -m -f '{{.Version}}' github.com/caddyserver/caddy/v2)
	if [ -n "$tool" ]; then
		"$tool" build "$caddy" --output "$output" --with "$MODULE/caddymodule" --replace "$MODULE=$PWD" ||
			die "xcaddy failed; XCADDY= ./xcaddy.sh builds without it"
	else
		tool="go build"
		go_build "$output" -trimpath
	fi
	if [ "$CGO_ENABLED" = 1 ]; then
		say "built $output in $((SECONDS - start)) s with $(basename "$tool"): Caddy $caddy with Limen, with cgo (uses ONNX Runtime where it is installed)"
	else
		say "built $output in $((SECONDS - start)) s with $(basename "$tool"): Caddy $caddy with Limen, without cgo (native engine only)"
	fi
}

run() {
	[ -f Caddyfile.example ] || die "Caddyfile.example is missing"
	build
	exec "${OUTPUT:-./caddy}" run --config Caddyfile.example
}

# --- ONNX Runtime ---------------------------------------------------------

sha256() {
	if have sha256sum; then
		sha256sum "$1" | cut -d ' ' -f 1
	elif have shasum; then
		shasum -a 256 "$1" | cut -d ' ' -f 1
	else
		die "neither sha256sum nor shasum is installed: nothing is installed unchecked"
	fi
}

# ort_platform sets member, library and sum for this platform, or fails.
ort_platform() {
	case "$(uname -s)-$(uname -m)" in
	Linux-x86_64)
		member=linux/x64/libonnxruntime.so.1 library=libonnxruntime.so.1 sum=$ORT_LINUX_X64
		;;
	Linux-aarch64 | Linux-arm64)
		member=linux/arm64/libonnxruntime.so.1 library=libonnxruntime.so.1 sum=$ORT_LINUX_ARM64
		;;
	Darwin-arm64)
		member=darwin/arm64/libonnxruntime.1.dylib library=libonnxruntime.1.dylib sum=$ORT_DARWIN_ARM64
		;;
	*) return 1 ;;
	esac
	member=package/bin/napi-v6/$member
}

onnxruntime() {
	local folder=${1:-onnxruntime} member library sum tarball got
	ort_platform || die "$ORT_PACKAGE has no library for $(uname -s) on $(uname -m); the native engine runs everywhere, or name a library of your own in LIMEN_ONNXRUNTIME"
	if [ -f "$folder/$library" ] && [ "$(sha256 "$folder/$library")" = "$sum" ]; then
		say "ONNX Runtime $ORT_VERSION is in $folder"
		return
	fi
	have npm || die "npm is not installed: it fetches $ORT_PACKAGE@$ORT_VERSION, which carries the library (install Node.js, or name a library of your own in LIMEN_ONNXRUNTIME)"
	if [ -e /etc/alpine-release ]; then
		die "the library needs glibc, and this system has musl: build or run Limen on another distribution, or use the native engine"
	fi
	scratch
	say "fetching $ORT_PACKAGE@$ORT_VERSION (108 MiB) with npm"
	npm pack --silent --ignore-scripts --pack-destination "$scratch" "$ORT_PACKAGE@$ORT_VERSION" >/dev/null ||
		die "npm could not fetch $ORT_PACKAGE@$ORT_VERSION; nothing was installed"
	tarball=$scratch/$ORT_PACKAGE-$ORT_VERSION.tgz
	[ -f "$tarball" ] || die "npm left no $(basename "$tarball"); nothing was installed"
	got=$(sha256 "$tarball")
	[ "$got" = "$ORT_TARBALL" ] || die "checksum mismatch: $ORT_PACKAGE@$ORT_VERSION has SHA-256 $got, expected $ORT_TARBALL; nothing was installed"
	tar -xzf "$tarball" -C "$scratch" "$member" package/package.json package/README.md
	got=$(sha256 "$scratch/$member")
	[ "$got" = "$sum" ] || die "checksum mismatch: $library has SHA-256 $got, expected $sum; nothing was installed"
	mkdir -p "$folder"
	# Beside its place first, then by a rename: a server that has the old
	# library open keeps it whole.
	cp "$scratch/$member" "$folder/$library.new"
	chmod 0755 "$folder/$library.new"
	mv -f "$folder/$library.new" "$folder/$library"
	cp "$scratch/package/package.json" "$folder/package.json"
	cp "$scratch/package/README.md" "$folder/README.md"
	cat >"$folder/NOTICE" <<-END
		$library is ONNX Runtime $ORT_VERSION, unmodified, from the npm package
		$ORT_PACKAGE $ORT_VERSION, whose package.json and README.md stand beside it.

		Copyright (c) Microsoft Corporation. Licensed under the MIT License:
		https://github.com/microsoft/onnxruntime/blob/v$ORT_VERSION/LICENSE
		Third-party notices:
		https://github.com/microsoft/onnxruntime/blob/v$ORT_VERSION/ThirdPartyNotices.txt
	END
	say "ONNX Runtime $ORT_VERSION is in $folder"
}

# --- Tests ----------------------------------------------------------------

summary=""
skipped=0

# step NAME COMMAND… runs a step of the tests and stops at the first that fails.
step() {
	local name=$1 start=$SECONDS
	shift
	printf '\n==> %s\n' "$name"
	# In a subshell with -e, which a condition would turn off.
	set +e
	(
		set -e
		cleanup_dirs=()
		trap cleanup EXIT
		"$@"
	)
	local status=$?
	set -e
	local took=$((SECONDS - start))
	if [ "$status" -ne 0 ]; then
		printf '%s\nFAILED: %s, after %d s\n' "$summary" "$name" "$took" >&2
		exit 1
	fi
	printf -- '--- %s: %d s\n' "$name" "$took"
	summary+=$(printf '\n%6d s  %s' "$took" "$name")
}

# skip NAME REASON says that a step is left out.
skip() {
	printf '\n==> %s\nskipped: %s\n' "$1" "$2"
	summary+=$(printf '\n skipped  %s: %s' "$1" "$2")
	skipped=$((skipped + 1))
}

# sources PATTERN… lists the files of the repository, a new one included. Without
# git (a release archive) it looks for them.
sources() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		# Not those that are deleted and not yet committed.
		git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done
	else
		local pattern
		for pattern in "$@"; do find . -name "$(basename "$pattern")" -type f; done
	fi
}

test_format() {
	local wrong
	wrong=$(sources '*.go' | xargs gofmt -l)
	[ -z "$wrong" ] || {
		printf 'not formatted (gofmt -w):\n%s\n' "$wrong"
		return 1
	}
}

test_shell() { sources '*.sh' .ci/run | xargs shellcheck; }

test_python() {
	sources '*.py' | xargs python3 -c 'import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name, encoding="utf-8").read(), name)'
	# These need nothing but the standard library; make -C model/training test
	# runs the rest, which wants PyTorch.
	(cd model/training && python3 -B -m unittest heldout.test_heldout ordinary.test_ordinary families.test_families)
}

# test_generated makes the assembly again, beside a copy, and compares.
test_generated() {
	scratch
	cp -R gpu/native "$scratch/native"
	(
		cd "$scratch/native"
		rm -f ./*_amd64.s
		sed -n 's,^//go:generate ,,p' generate.go | sh -e
	)
	local f
	for f in gpu/native/*_amd64.s gpu/native/kernels_amd64.go; do
		cmp "$f" "$scratch/native/$(basename "$f")" || {
			say "$f is not what the generator writes: run go generate ./gpu/native"
			return 1
		}
	done
}

# test_cross compiles what has code for one platform, for others: the engines
# and the store, and with them all they import.
test_cross() {
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go vet ./gpu/...
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build ./store/...
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go build ./gpu/... ./store/...
}

# test_nested builds, vets and tests the modules beside the main one: the
# benchmarks, the generator of the assembly.
test_nested() {
	local dir
	for dir in $(sources '*/go.mod' | xargs -n 1 dirname); do
		say "$dir"
		(cd "$dir" && go vet ./... && go build -o /dev/null ./... && go test ./...)
	done
}

test_all() {
	local start=$SECONDS cgo=1
	need_go
	c_compiler || cgo=0
	export GOFLAGS="${GOFLAGS:-} -tags=$TAGS"

	if have npm && (ort_platform) && [ ! -e /etc/alpine-release ]; then
		if [ -n "${CI:-}" ]; then
			step "ONNX Runtime" onnxruntime
		else
			# Offline, a developer's tests are worth running without it.
			"$BASH" ./xcaddy.sh onnxruntime || skip "ONNX Runtime" "it could not be fetched; the tests that need it are skipped too"
		fi
		[ ! -d onnxruntime ] || export LIMEN_ONNXRUNTIME=$PWD/onnxruntime
	else
		skip "ONNX Runtime" "no npm, or no library for this platform; the tests that need it are skipped too"
	fi

	step "format" test_format
	if have shellcheck; then
		step "shell scripts" test_shell
	else
		skip "shell scripts" "shellcheck is not installed"
	fi
	if have python3; then
		step "training scripts" test_python
	else
		skip "training scripts" "python3 is not installed"
	fi
	step "generated assembly" test_generated
	step "other platforms" test_cross

	# The end-to-end tests drive these binaries. They are built without
	# -trimpath, which would compile all of Caddy apart from what vet and the
	# tests need of it. What is left are three builds of Caddy: without cgo, with
	# it, and for the race detector.
	mkdir -p dist
	export CGO_ENABLED=0 LIMEN_CADDY=$PWD/dist/caddy-nocgo
	step "build without cgo" go_build "$LIMEN_CADDY"
	step "vet without cgo" go vet ./...
	step "tests without cgo" go test -vet=off -count=1 ./...
	if [ "$cgo" = 1 ]; then
		export CGO_ENABLED=1 LIMEN_CADDY=$PWD/dist/caddy-cgo
		step "build with cgo" go_build "$LIMEN_CADDY"
		step "vet with cgo" go vet ./...
		step "staticcheck" go run "$STATICCHECK" ./...
		step "tests with cgo and the race detector" go test -vet=off -count=1 -race ./...
	else
		skip "tests with cgo" "no C compiler"
		step "staticcheck" go run "$STATICCHECK" ./...
	fi
	step "nested modules" test_nested

	printf '%s\n\nPASSED in %d s' "$summary" "$((SECONDS - start))"
	[ "$skipped" -eq 0 ] || printf ', %d steps skipped' "$skipped"
	printf '\n'
}

case ${1:-build} in
build) build ;;
run) run ;;
onnxruntime) onnxruntime "${2:-}" ;;
test) test_all ;;
help | -h | --help) usage ;;
*) die "unknown command '$1'; ./xcaddy.sh help lists the commands" ;;
esac
