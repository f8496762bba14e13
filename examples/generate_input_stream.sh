#!/usr/bin/env bash
# Writes a quiet stretch and then a burst to a file that Filebeat watches: the numbers 1 to 100, one a second, then 101 to 200,
# one each 10 ms.
#
#   generate_input_stream.sh [--file FILE] [--speed N] [--quiet N] [--burst N]
#
#   --file FILE   what to append to, default /input_stream/example.log
#   --speed N     a whole number that divides the pauses of the quiet stretch, default 1
#   --quiet N     how many lines the quiet stretch has, default 100
#   --burst N     how many lines the burst has, default 100
set -euo pipefail

file=/input_stream/example.log speed=1 quiet=100 burst=100

usage() {
  sed -n '2,/^set/{/^set/d; s/^# \{0,1\}//; p;}' "$0"
}

fail() {
  echo "generate_input_stream.sh: $*" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --file | --speed | --quiet | --burst) [ $# -gt 1 ] || fail "$1 needs a value" ;;
    *) fail "unknown option $1, see --help" ;;
  esac
  case $1 in
    --file) file=$2 ;;
    --speed) speed=$2 ;;
    --quiet) quiet=$2 ;;
    --burst) burst=$2 ;;
  esac
  shift 2
done
for number in "$speed" "$quiet" "$burst"; do
  [[ $number =~ ^[0-9]+$ ]] || fail "$number is not a whole number"
done
[ "$speed" -ge 1 ] || fail "--speed must be at least 1"

pause=$(printf '%d.%06d' $((1 / speed)) $((1000000 / speed % 1000000)))
for ((i = 1; i <= quiet; i++)); do
  echo "$i" >>"$file"
  sleep "$pause"
done
for ((; i <= quiet + burst; i++)); do
  echo "$i" >>"$file"
  sleep 0.01
done
