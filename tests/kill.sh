#!/usr/bin/env bash
# Kills the embedded server under load, twenty times, and checks that no answered prediction and no alert that it owed is lost.
set -euo pipefail
cd "$(dirname "$0")/.."
INFERENCE_TESTS_SOAK=1 dotnet run --project tests/IntegrationTests --configuration Release -- -class IntegrationTests.AfterThePrediction.KillTests -showLiveOutput
