#!/usr/bin/env bash
# Every check that needs a GPU, within ten minutes: one JSON and a short table. Wants CUDA 13, a python3 with torch, CMake, Node; no network.
#
#   bench/gpu-checklist.sh                        all parts
#   bench/gpu-checklist.sh doctor step px         some: build doctor conformance bits step px memory train
#   bench/gpu-checklist.sh --device cpu           a dry run without a GPU, in tiny sizes: it proves the script, not the device
#
# Each part has a time limit and a failing one does not stop the others. Exit: 0 if none failed, 1 if one did, 2 if there is no GPU.
# Settings, by environment: BUDGET (570 s for everything), OUT (folder of the JSON, default runs), BATCHES, PRECISIONS (tf32 bf16 strict; steps
# tf32 and bf16), MODES of the peers, STEPS of the memory check, METHODS and EPOCHS of the trainings, PATHEX_DATA (CIFAR-10), RESUME=1 to go on with
# trainings that an earlier call began, PATHEX_PYTHON.
set -uo pipefail
cd "$(dirname "$0")/.."
export NO_COLOR=1 # logs go into the JSON

all=(build doctor conformance bits step px epilogues memory train)
device=cuda chosen=()
while [ $# -gt 0 ]; do
  case $1 in
    --device) device=${2:-}; shift ;;
    -h | --help) sed -n '2,/^set /p' "$0" | sed -n 's/^# \{0,1\}//p'; exit 0 ;;
    *) case " ${all[*]} " in *" $1 "*) chosen+=("$1") ;; *) echo "gpu-checklist: no part '$1'; choose ${all[*]}" >&2; exit 64 ;; esac ;;
  esac
  shift
done
case $device in cuda | cpu) ;; *) echo "gpu-checklist: device '$device' is unknown; choose cuda, or cpu for a dry run" >&2; exit 64 ;; esac
[ ${#chosen[@]} -gt 0 ] || chosen=("${all[@]}")
wanted() { case " ${chosen[*]} " in *" $1 "*) ;; *) return 1 ;; esac; }

python=${PATHEX_PYTHON:-python3}
budget=${BUDGET:-570}
out=${OUT:-runs}
methods=${METHODS:-px magnitude random}
if [ "$device" = cuda ]; then
  batches=${BATCHES:-128 512} precisions=${PRECISIONS:-tf32 bf16 strict} step_precisions=${PRECISIONS:-tf32 bf16} network=resnet20 epochs=${EPOCHS:-160} tests='device cuda'
  step_size=(--turns 5) epilogues_size=() px_size=() bits_size=() memory_size=(--steps "${STEPS:-10000}") rounds=()
else
  batches=${BATCHES:-8} precisions=${PRECISIONS:-strict} step_precisions=${PRECISIONS:-strict} network=mlp epochs=${EPOCHS:-1} tests='device cpu mlp inference'
  epilogues_size=(--batch 4 --images 2 --rounds 2 --turns 1)
  step_size=(--turns 1) px_size=(--batch 2 --rounds 2 --turns 1) bits_size=(--batch 4 --steps 3 --images 2 --rounds 2) rounds=(--rounds 2)
  memory_size=(--batch 4 --steps "${STEPS:-20}")
fi
[ -z "${MODES:-}" ] || { step_size+=(--modes "$MODES"); px_size+=(--modes "$MODES"); }

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
report=$out/gpu-checklist.json
declare -i number=0 failures=0

# record NAME STATUS SECONDS WHY COMMAND...: a line of tab-separated facts for the report
record() {
  printf '%s\t%s\t%s\t%s\t' "$1" "$2" "$3" "$4" >>"$work/parts.tsv"
  printf '%q ' "${@:5}" >>"$work/parts.tsv"
  echo >>"$work/parts.tsv"
  printf '%-28s %-9s %7s s  %s\n' "$1" "$2" "$3" "$4"
  case $2 in failed | timeout) failures+=1 ;; esac
}

# part NAME LIMIT COMMAND...: runs it for LIMIT seconds at most, and no longer than the budget lasts. Its JSON, if any, is $work/NAME.json.
part() {
  local name=$1 limit=$2 rc began took
  shift 2
  local left=$((budget - SECONDS))
  [ "$left" -gt "$limit" ] || limit=$left
  if [ "$limit" -lt 5 ]; then record "$name" skipped 0 "no time left of $budget s" "$@"; return 1; fi
  began=$(date +%s.%N)
  timeout --kill-after=10 "$limit" "$@" >"$work/$name.log" 2>&1 </dev/null
  rc=$?
  took=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
  case $rc in
    0) record "$name" ok "$took" '' "$@"; return 0 ;;
    124 | 137) record "$name" timeout "$took" "stopped at its limit of $limit s" "$@" ;;
    *) record "$name" failed "$took" "exit $rc" "$@"; tail -n 5 "$work/$name.log" | sed 's/^/    /' ;;
  esac
  return 1
}
bench() { part "$1" "$2" node bench/run.mjs "$3" --device "$device" --json "$work/$1.json" "${@:4}"; }
pathex() { part "$1" "$2" node dist/cli/main.js "${@:3}"; }

finish() {
  node --input-type=module - "$work" "$report" "$device" "$python" "$SECONDS" <<'JS'
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const [work, report, device, python, seconds] = process.argv.slice(2);
const say = (command, ...args) => {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
};
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : null);
const parts = (read(`${work}/parts.tsv`) ?? '').split('\n').filter((line) => line !== '').map((line) => {
  const [name, status, took, why, command] = line.split('\t');
  const [json, log] = [read(`${work}/${name}.json`), read(`${work}/${name}.log`)];
  const result = json === null ? null : JSON.parse(json);
  return { name, status, seconds: Number(took), why, command: command.trim(), result: result === null ? accuracy(log) : brief(result), log: log === null ? null : log.trimEnd().split('\n').slice(-40) };
});
/** Of a test report, how many; everything else as it is. */
function brief(r) { return r?.numTotalTests === undefined ? r : { passed: r.numPassedTests, failed: r.numFailedTests }; }
/** What a training says at its end. */
function accuracy(log) {
  const [, percent, epochs, seconds] = /test accuracy ([\d.]+) % after (\d+) epochs, ([\d.]+) s/.exec(log ?? '') ?? [];
  return percent === undefined ? null : { testAccuracyPercent: Number(percent), epochs: Number(epochs), seconds: Number(seconds) };
}
writeFileSync(report, `${JSON.stringify({
  date: new Date().toISOString(), device, seconds: Number(seconds), dryRun: device !== 'cuda',
  gpu: say('nvidia-smi', '--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'),
  versions: {
    pathex: JSON.parse(readFileSync('package.json', 'utf8')).version, commit: say('git', 'rev-parse', 'HEAD'), node: process.version,
    torch: say(python, '-c', 'import torch; print(torch.__version__, "CUDA", torch.version.cuda, "cuDNN", torch.backends.cudnn.version())'),
  },
  parts,
}, null, 2)}\n`);
const ms = (s) => `${(1000 * s).toFixed(3)} ms`;
// Ours on a GPU is by CUDA events, as torch is, and by the host's clock besides.
const time = ({ median, host }) => (host === undefined ? ms(median) : `${ms(median)} (host ${ms(host.median)})`);
const told = ({ name, status, why, result, log }) => {
  if (status === 'skipped' || status === 'timeout') return why;
  if (name === 'doctor') return log.find((line) => line.includes(`device ${device}`)) ?? why;
  if (result?.passed !== undefined) return `${result.passed} passed, ${result.failed} failed`;
  if (result?.step) return [time(result.step.seconds.pathex), ...Object.entries(result.step.seconds).filter(([n]) => n !== 'pathex').map(([n, t]) => `${n.replace('torch ', '')} ${ms(t.median)}`)].join('; ');
  if (result?.epilogues) return ['evaluation', 'round'].map((w) => `${w} ${Object.entries(result.epilogues[w].seconds).map(([n, t]) => `${ms(t.median)} ${n}`).join(', ')}`).join('; ');
  if (result?.px) return Object.entries(result.px).filter(([, r]) => r?.seconds).map(([n, r]) => `${n}: ${Object.entries(r.seconds).map(([k, t]) => `${k.replace('torch ', '')} ${time(t)}`).join(', ')}`).join('; ');
  if (result?.testAccuracyPercent !== undefined) return `test accuracy ${result.testAccuracyPercent} % after ${result.epochs} epochs`;
  const kept = log?.find((line) => line.includes('weights live'));
  if (kept !== undefined) return kept;
  return (log ?? []).filter((line) => line.trim() !== '').at(-1) ?? why;
};
console.log(`\n${'part'.padEnd(28)} ${'status'.padEnd(9)} seconds  what`);
for (const p of parts) console.log(`${p.name.padEnd(28)} ${p.status.padEnd(9)} ${p.seconds.toFixed(1).padStart(7)}  ${told(p)}`);
console.log(`wrote ${report}`);
JS
}

if wanted build; then
  # A node_modules that was packed elsewhere may look stale or incomplete to the set-up, and there is no network to fetch another.
  if [ -d node_modules/cmake-js ] && { [ -d .offline ] || [ ! -d node_modules/typescript ]; }; then touch node_modules/.package-lock.json; fi
  # Such a pack may have no TypeScript compiler; dist/ then has to be brought along. The addon is built here in any case: one that another
  # processor built is another build to the set-up, which asks for cmake, g++, make or ninja, and oneDNN (DNNLROOT names its folder).
  if [ -d node_modules/typescript ]; then part build 200 node scripts/setup.mjs; else part build 200 node scripts/setup.mjs --native-only; fi
fi
if [ ! -e dist/index.js ]; then
  record ready failed 0 'no dist/index.js: run npm run build where there is a TypeScript compiler, and bring dist/ along'
  finish
  exit 1
fi

reason=$(node --input-type=module -e "
  import { openDevice } from './dist/index.js';
  try { const d = await openDevice('$device'); console.error(d.description); await d.dispose(); } catch (e) { console.log(e.message); }" 2>"$work/device")
if [ -n "$reason" ] || [ ! -s "$work/device" ]; then
  record gpu failed 0 "no GPU can be used here: ${reason:-$(tail -n 1 "$work/device")}"
  wanted doctor && pathex doctor 60 doctor
  finish
  echo "gpu-checklist: no GPU can be used here: ${reason:-see above}" >&2
  exit 2
fi
echo "device: $(cat "$work/device")"

wanted doctor && pathex doctor 60 doctor
if wanted conformance; then
  # A run that chose no test is no check.
  part conformance 150 bash -c 'results=$1; shift; "$@" && grep -q "\"numPassedTests\":[1-9]" "$results"' - "$work/conformance.json" \
    node node_modules/vitest/vitest.mjs run test/devices/conformance.test.ts -t "$tests" --reporter=default --reporter=json --outputFile="$work/conformance.json"
fi
if wanted bits; then
  for p in $precisions; do bench "bits-$p" 90 bits --precision "$p" ${bits_size[@]+"${bits_size[@]}"}; done
fi
if wanted step; then
  for b in $batches; do for p in $step_precisions; do bench "step-b$b-$p" 90 step --batch "$b" --precision "$p" "${step_size[@]}"; done; done
fi
if wanted px; then
  for p in $precisions; do [ "$p" = bf16 ] || bench "px-$p" 60 px --precision "$p" ${px_size[@]+"${px_size[@]}"}; done
fi
if wanted epilogues; then
  for p in $precisions; do bench "epilogues-$p" 60 epilogues --precision "$p" ${epilogues_size[@]+"${epilogues_size[@]}"}; done
fi
wanted memory && bench memory 60 memory "${memory_size[@]}"

if wanted train; then
  # The paper's recipe is the default of `train`: SGD, momentum 0.9, rate 0.1, x0.1 at half and three quarters, decay 1e-4, batch 128, crop and flip.
  precision=(); [ "$device" = cpu ] || precision=(--precision "${precisions%% *}")
  if [ "$device" = cpu ]; then data=(--synthetic); else data=(--no-download ${PATHEX_DATA:+--data "$PATHEX_DATA"}); fi
  if [ "$device" = cuda ] && ! node dist/cli/main.js doctor 2>/dev/null | grep -q '^ok *CIFAR-10'; then
    record train skipped 0 'no CIFAR-10 here; name its folder in PATHEX_DATA'
  else
    mkdir -p runs/gpu-checklist
    for m in $methods; do
      kept=runs/gpu-checklist/$m-$device # with everything that belongs to this training
      resume=(); if [ "${RESUME:-}" = 1 ]; then resume=(--resume); else rm -f "$kept.json" "$kept"-*.safetensors; fi
      pathex "prune-$m" 60 prune --network "$network" --method "$m" --sparsity 98.2 --device "$device" ${precision[@]+"${precision[@]}"} ${rounds[@]+"${rounds[@]}"} --out "$kept.ticket.safetensors" --force "${data[@]}" &&
        pathex "train-$m" "$budget" train --network "$network" --weights "$kept.ticket.safetensors" --epochs "$epochs" --evaluate-every 10 --device "$device" ${precision[@]+"${precision[@]}"} \
          --checkpoint "$kept" ${resume[@]+"${resume[@]}"} --out "$kept.trained.safetensors" --force "${data[@]}"
    done
  fi
fi
finish
[ "$failures" -eq 0 ]
