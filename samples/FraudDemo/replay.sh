#!/usr/bin/env bash
# Replays the published transactions through a server of its own that is killed and started again in the middle, and whose users
# leave memory after two seconds without a prediction; then compares all live windows with the published ones.
#
#   samples/FraudDemo/replay.sh user_windows.csv.gz [--rows N]
#   KILL=no samples/FraudDemo/replay.sh user_windows.csv.gz      undisturbed, for the rate
set -euo pipefail

if [[ $# -lt 1 || ! -f "$1" ]]; then
  echo "Usage: $0 user_windows.csv.gz [--rows N]" >&2
  exit 2
fi
file="$(realpath "$1")"
shift
cd "$(dirname "$0")/../.."

port="${PORT:-8095}"
data="$(mktemp -d)"
trap 'kill -9 "$(cat "$data/server.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$data"' EXIT

dotnet build src/Api --configuration Release --nologo --verbosity quiet
dotnet build samples/FraudDemo --configuration Release --nologo --verbosity quiet

settings=(--Inference:ModelRepository:Path=samples/FraudDemo/Replay/models --Inference:DataDirectory="$data" --Inference:Grpc:Port=0
  --Inference:FeatureViews:spending:Kind=Window --urls="http://127.0.0.1:$port")
[[ "${KILL:-yes}" == no ]] || settings+=(--Inference:Users:IdleTimeout=00:00:02)
for days in 1 7 30; do
  for aggregate in count mean; do
    column="Inference:FeatureViews:spending:Columns:${aggregate}_${days}d"
    settings+=("--$column:Aggregate=$aggregate" "--$column:Window=$days.00:00:00")
    [[ $aggregate == count ]] || settings+=("--$column:Default=0")
  done
done

start() {
  dotnet src/Api/bin/Release/net10.0/OrleansInference.Api.dll "${settings[@]}" >>"$data/server.log" 2>&1 &
  echo $! >"$data/server.pid"
  disown
}

start
left="${KILL:-yes}"
dotnet samples/FraudDemo/bin/Release/net10.0/FraudDemo.dll replay --file "$file" --url "http://127.0.0.1:$port" "$@" |
  while IFS= read -r line; do
    echo "$line"
    if [[ $left == yes && $line =~ ^\ *[4-9][0-9]\ % ]]; then
      echo "kill -9 $(cat "$data/server.pid"), and another one on its data"
      kill -9 "$(cat "$data/server.pid")"
      start
      left=no
    fi
  done && status=0 || status=$?
[[ $status -eq 0 ]] || tail -n 20 "$data/server.log" >&2
exit "$status"
