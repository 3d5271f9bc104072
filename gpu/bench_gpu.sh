#!/usr/bin/env bash
#
# Measures Limen on a CUDA device, all in one go: the firewall's model and ResNet-50
# against the same runtime called from a bare loop, end-to-end requests a second
# through Caddy with the device and without, and the batch size from which the device
# pays for the firewall. Markdown goes to standard output, progress to standard error.
#
#	gpu/bench_gpu.sh [DEVICE]      DEVICE: cuda (the default), cuda:N, or cpu to try the script
#
# It needs Go, a C compiler, and ONNX Runtime with its CUDA provider, CUDA and cuDNN:
# LIMEN_ONNXRUNTIME names the folder with libonnxruntime.so.1, libonnxruntime_providers_cuda.so
# and libonnxruntime_providers_shared.so, and LD_LIBRARY_PATH those of CUDA and cuDNN. Variables:
#
#	LIMEN_SHARED   the folder with models/ and data/ (../shared). Without it the parts
#	               that need them are left out and named
#	REQUESTS       labelled requests for the end-to-end part, a JSON Lines file
#	CADDY          a Caddy with Limen, in place of building one
#	BENCHTIME      time for each figure (1s)
#	ROUNDS         rounds of the end-to-end part (7)
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

device=${1:-cuda}
shared=$(cd "${LIMEN_SHARED:-../shared}" 2>/dev/null && pwd) || shared=
benchtime=${BENCHTIME:-1s}
resnet=$shared/models/light/light_resnet50_dynbatch.onnx
requests=${REQUESTS:-$(find "$shared/data/public/test" -name '*.jsonl.gz' 2>/dev/null | sort | head -n 1)} || requests=
export CGO_ENABLED=1

step() { printf '== %s\n' "$*" >&2; }
die() {
	printf 'bench_gpu.sh: %s\n' "$*" >&2
	exit 1
}
left_out() { printf '\nLeft out: %s\n' "$*"; }

scratch=$(mktemp -d "${TMPDIR:-/tmp}/limen-gpu.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# bench PACKAGE PATTERN runs benchmarks on the device and keeps their lines.
bench() {
	LIMEN_BENCH_DEVICE=$device LIMEN_SHARED=$shared \
		go test -run '^$' -bench "$2" -benchtime "$benchtime" -timeout 30m "$1" | tee -a "$scratch/lines" | grep -E '^(Benchmark|---|FAIL)' || true
	if grep -q '^\(--- \)\{0,1\}FAIL' "$scratch/lines"; then
		die "the benchmark $2 of $1 failed, see above"
	fi
}

command -v go >/dev/null || die "there is no Go"
case $device in
cpu) ;;
cuda | cuda:[0-9]*) ;;
*) die "device $device: use cuda, cuda:N or cpu" ;;
esac

printf '# %s\n\n' "$device"
printf -- '- Processor: %s, %s threads\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
if command -v nvidia-smi >/dev/null; then
	nvidia-smi --query-gpu=index,name,memory.total,driver_version --format=csv,noheader | sed 's/^/- GPU: /'
fi
go version | sed 's/^/- /'
git rev-parse HEAD 2>/dev/null | sed 's/^/- Limen: /' || true

caddy=${CADDY:-$scratch/caddy}
if [ -z "${CADDY:-}" ]; then
	step "building Caddy with Limen"
	go build -tags nobadger,nomysql,nopgx -o "$caddy" ./cmd/caddy
fi
"$caddy" limen doctor 2>&1 | grep -i -E 'onnx|cuda|driver|device' | sed 's/^/- doctor: /' || true

printf '\n## The firewall: one call of 1 to 512 requests\n\n```\n'
step "firewall, engines"
bench ./gpu '^BenchmarkBatch$'
printf '```\n'
# BenchmarkBatch/requests=8/device=cuda-16  100  12345 ns/op  …
awk -v device="$device" '
	/^BenchmarkBatch\// {
		split($1, part, "/"); sub("requests=", "", part[2]); sub("device=", "", part[3])
		sub(/-[0-9]+$/, "", part[3])
		time[part[2], part[3]] = $3
		if (!(part[2] in seen)) { seen[part[2]] = 1; order[++n] = part[2] }
	}
	END {
		for (i = 1; i <= n; i++) {
			best = time[order[i], "native"]; c = time[order[i], "cpu"]
			if (c != "" && c < best) best = c
			if (time[order[i], device] != "" && time[order[i], device] < best) {
				printf "\nThe device pays from %d requests at the same time: %.0f us there, %.0f us on one thread of the CPU.\n",
					order[i], time[order[i], device] / 1e3, best / 1e3
				exit
			}
		}
		print "\nAt no size up to 512 does the device beat one thread of the CPU."
	}' "$scratch/lines"

printf '\n## The firewall: the engine and the bare runtime\n\n```\n'
step "firewall, engine and bare runtime"
bench ./gpu/ort '^BenchmarkBare$'
printf '```\n'

printf '\n## ResNet-50\n\n'
if [ -f "$resnet" ]; then
	step "ResNet-50, throughput at 32 callers and bare batches"
	printf '```\n'
	bench ./gpu/session '^BenchmarkThroughput$'
	step "ResNet-50, latency at one caller and batches"
	bench ./gpu/session '^BenchmarkLatency$'
	printf '```\n'
else
	left_out "no ${resnet:-light_resnet50_dynbatch.onnx} (LIMEN_SHARED)"
fi

printf '\n## End to end: requests a second through Caddy\n\n'
if [ -n "$requests" ] && [ -f "$requests" ]; then
	step "end to end"
	cat >"$scratch/device" <<-END
		limen {
			data {data}
			device $device
		}
		---
		limen {
			mode block
		}
	END
	requests=$(cd "$(dirname "$requests")" && pwd)/$(basename "$requests")
	(cd bench && go run ./cmd/limenbench proxy --caddy "$(realpath "$caddy")" --rounds "${ROUNDS:-7}" \
		--contestants "bare,limen-native,limen-device=$scratch/device" "$requests")
else
	left_out "no labelled requests (REQUESTS, or data/public/test under LIMEN_SHARED)"
fi
