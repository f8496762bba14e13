#!/usr/bin/env bash
# The figures of README.md, on this machine: three rounds of a logboom that starts with an empty journal and takes 100,000
# lines of nginx's combined format from `logboom send`, each acknowledged when it is on disk. Linux only (/proc).
#
#   make binary && examples/measure.sh [BINARY]
set -euo pipefail

binary=$(readlink -f "${1:-bin/logboom}")
folder=$(mktemp -d)
trap 'kill "${pid:-0}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

awk 'BEGIN {
  srand(7)
  for (i = 0; i < 100000; i++)
    printf "%d.%d.%d.%d - - [23/Nov/2026:08:%02d:%02d +0000] \"GET /api/v1/orders?page=%d&size=50 HTTP/1.1\" %d %d \"https://www.example.com/search?q=%d\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\"\n",
      rand() * 223 + 1, rand() * 255, rand() * 255, rand() * 255, i / 6000, (i / 100) % 60, rand() * 1e7, (rand() < 0.02) ? 503 : 200, rand() * 9e4, rand() * 1e5
}' >access.log

echo "machine: $(nproc) cores, $(uname -sr)"
echo "binary: $(stat -c %s "$binary") bytes"
ticks() { awk '{print $14 + $15}' "/proc/$pid/stat"; }
memory() { awk -v name="$1:" '$1 == name {printf "%.1f MB", $2 / 1000}' "/proc/$pid/status"; }
for round in 1 2 3; do
  rm -rf data
  begin=$(date +%s%N)
  "$binary" run --listen 127.0.0.1:15044 --http 127.0.0.1:19600 >out 2>err &
  pid=$!
  until "$binary" health --ready --http 127.0.0.1:19600 >/dev/null 2>&1; do :; done
  echo "round $round: ready after $((($(date +%s%N) - begin) / 1000000)) ms, idle memory $(memory VmRSS)"
  before=$(ticks)
  "$binary" send --to 127.0.0.1:15044 access.log
  echo "round $round: server CPU $(awk -v ticks=$(($(ticks) - before)) -v hertz="$(getconf CLK_TCK)" 'BEGIN {printf "%.1f", ticks / hertz * 10}') us an event, peak memory $(memory VmHWM)"
  kill "$pid"
  wait "$pid"
done
