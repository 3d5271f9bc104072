#!/usr/bin/env bash
#
# Measures Limen on a CUDA device, all in one go: the firewall's model and ResNet-50
# against the same runtime called from a bare loop, end-to-end requests a second
# through Caddy with the device and without, and the batch size from which the device
# pays for the firewall. Markdown goes to standard output, progress to standard error.
#
#	gpu/bench_gpu.sh [DEVICE]      DEVICE: cuda (the default), cuda:N, or cpu to try the script
#
# It needs Linux, Go, a C compiler, and ONNX Runtime with its CUDA provider, CUDA, cuDNN
# and the driver: LIMEN_ONNXRUNTIME names the folder with libonnxruntime.so.1,
# libonnxruntime_providers_cuda.so and libonnxruntime_providers_shared.so (without it,
# ./onnxruntime), and LD_LIBRARY_PATH those of CUDA and cuDNN. What is missing is said
# before anything is measured. Variables:
#
#	DEVICE         the device, where no argument names it
#	PARTS          what to measure: "engines bare resnet proxy image" (all)
#	LIMEN_SHARED   the folder with models/ and data/ (../shared). Without it the parts
#	               that need them are left out and named
#	REQUESTS       labelled requests for the end-to-end part, a JSON Lines file
#	CADDY          a Caddy with Limen, in place of building one
#	BENCHTIME      time for each figure of the benchmarks, as go test's -benchtime (1s)
#	ROUNDS         rounds of the end-to-end parts (7)
#	IMAGETIME      time of one measurement of ResNet-50 through Caddy (5s)
#
# It takes about 20 minutes. A run of everything but the device, in a few minutes:
#
#	BENCHTIME=1x ROUNDS=1 gpu/bench_gpu.sh cpu
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

device=${1:-${DEVICE:-cuda}}
shared=$(cd "${LIMEN_SHARED:-../shared}" 2>/dev/null && pwd) || shared=
benchtime=${BENCHTIME:-1s}
rounds=${ROUNDS:-7}
parts=" ${PARTS:-engines bare resnet proxy image} "
resnet=$shared/models/light/light_resnet50_dynbatch.onnx
requests=${REQUESTS:-$(find "$shared/data/public/test" -name '*.jsonl.gz' 2>/dev/null | sort | head -n 1)} || requests=
export CGO_ENABLED=1

step() { printf '== %s\n' "$*" >&2; }
die() {
	printf 'bench_gpu.sh: %s\n' "$*" >&2
	exit 1
}
wanted() { case $parts in *" $1 "*) ;; *) return 1 ;; esac }
left_out() { printf '\nLeft out: %s\n' "$*"; }

scratch=$(mktemp -d "${TMPDIR:-/tmp}/limen-gpu.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# bench PACKAGE PATTERN runs benchmarks on the device and keeps their lines.
bench() {
	: >"$scratch/part"
	LIMEN_BENCH_DEVICE=$device LIMEN_SHARED=$shared \
		go test -run '^$' -bench "$2" -benchtime "$benchtime" -timeout 30m "$1" >"$scratch/part" 2>&1 || {
		cat "$scratch/part" >&2
		die "the benchmark $2 of $1 failed, see above"
	}
	grep -E '^Benchmark' "$scratch/part" | tee -a "$scratch/lines" || {
		cat "$scratch/part" >&2
		die "the benchmark $2 of $1 measured nothing, see above"
	}
}

[ "$(uname -s)" = Linux ] || die "this needs Linux"
command -v go >/dev/null || die "there is no Go: get it from https://go.dev/dl/"
read -r compiler _ < <(go env CC)
command -v "$compiler" >/dev/null || die "there is no C compiler $compiler: install gcc or clang with the C library's headers"
if [ -z "${LIMEN_ONNXRUNTIME:-}" ] && [ -d onnxruntime ]; then
	export LIMEN_ONNXRUNTIME=$PWD/onnxruntime
fi
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
caddy=$(realpath "$caddy")
# The doctor scores two requests on the device, and says what keeps it from that.
if ! "$caddy" limen doctor --device "$device" --data "$scratch/data" >"$scratch/doctor" 2>&1; then
	cat "$scratch/doctor" >&2
	die "device $device does not work, the lines with ✗ and → say why"
fi
grep -E '(ONNX Runtime|CUDA|engine) ' "$scratch/doctor" | sed 's/^/- doctor: /' || true

if wanted engines; then
	printf '\n## The firewall: one call of 1 to 512 requests\n\n```\n'
	step "firewall, engines"
	bench ./gpu '^BenchmarkBatch$'
	printf '```\n'
	# BenchmarkBatch/requests=8/device=cuda-16  100  12345 ns/op  …
	awk -v device="$device" -v cores="$(nproc)" '
		/^BenchmarkBatch\// {
			split($1, part, "/"); sub("requests=", "", part[2]); sub("device=", "", part[3])
			sub(/-[0-9]+$/, "", part[3])
			time[part[2], part[3]] = $3
			if (!(part[2] in seen)) { seen[part[2]] = 1; order[++n] = part[2] }
		}
		END {
			for (i = 1; i <= n; i++) {
				best = time[order[i], "native"]; c = time[order[i], "cpu"]
				if (c != "" && (best == "" || c < best)) best = c
				d = time[order[i], device]
				if (best == "" || d == "") continue
				if (!pays && device != "cpu" && d < best) {
					pays = order[i]
					printf "\nThe device pays from %d requests at the same time: %.0f us there, %.0f us on one thread of the CPU.\n",
						pays, d / 1e3, best / 1e3
				}
				if (order[i] / d > most) { most = order[i] / d; at = order[i] }
				if (order[i] / best > one) one = order[i] / best
			}
			if (!pays) print "\nAt no size up to 512 does the device beat one thread of the CPU."
			if (one) printf "\nAt most it scores %.0f requests/s (%d at the same time), one thread of the CPU %.0f: as much as %.1f threads, of %d here.\n",
				most * 1e9, at, one * 1e9, most / one, cores
		}' "$scratch/lines"
fi

if wanted bare; then
	printf '\n## The firewall: the engine and the bare runtime\n\n```\n'
	step "firewall, engine and bare runtime"
	bench ./gpu/ort '^BenchmarkBare$'
	printf '```\n'
fi

if ! wanted resnet; then
	:
elif [ -f "$resnet" ]; then
	printf '\n## ResNet-50\n\n'
	step "ResNet-50, throughput at 32 callers and bare batches"
	printf '```\n'
	bench ./gpu/session '^BenchmarkThroughput$'
	step "ResNet-50, latency at one caller and batches"
	bench ./gpu/session '^BenchmarkLatency$'
	printf '```\n'
else
	left_out "no ${resnet:-light_resnet50_dynbatch.onnx} (LIMEN_SHARED)"
fi

if wanted proxy || wanted image; then
	printf '\n## End to end: requests a second through Caddy, with the device and without\n\n'
fi
if ! wanted proxy; then
	:
elif [ -n "$requests" ] && [ -f "$requests" ]; then
	step "end to end, the firewall"
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
	requests=$(realpath "$requests")
	(cd bench && go run ./cmd/limenbench proxy --caddy "$caddy" --rounds "$rounds" --latency-rounds "$rounds" --memory-requests 0 \
		--contestants "bare,limen-native,limen-device=$scratch/device" "$requests")
else
	left_out "no labelled requests (REQUESTS, or data/public/test under LIMEN_SHARED)"
fi

if wanted image && [ -f "$resnet" ]; then
	places=cpu
	[ "$device" = cpu ] || places="cpu $device"
	for place in $places; do
		step "end to end, ResNet-50 on $place"
		printf '\n### ResNet-50 on %s\n\n' "$place"
		(cd bench && go run ./cmd/limenbench image --parts batch --device "$place" --batches 1,8,32,64 --models "$shared/models" \
			--caddy "$caddy" --rounds "$rounds" --time "${IMAGETIME:-5s}")
	done
fi
