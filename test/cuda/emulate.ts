import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cType } from '../../src/compile/cuda/kernel.js';
import type { Arg, CudaPlan } from '../../src/compile/cuda/cuda-plan.js';
import type { CallStep, Plan } from '../../src/plan/plan.js';
import type { DType } from '../../src/tensor/tensor.js';
import { bytesOf } from '../../src/plan/memory.js';
import type { NativeArray } from '../../src/runtime/native.js';

/**
 * Runs a CUDA plan on the host: its source is compiled as C++ against emulator.h. Every plan runs twice, with
 * threads and blocks in both orders and the workspace poisoned before each step; the results must have the
 * same bits.
 */

const here = fileURLToPath(new URL('.', import.meta.url));

const bytes = (plan: Plan, buffer: number): number => bytesOf(plan.buffers[buffer]!);
const isBound = (plan: Plan, buffer: number): boolean => plan.buffers[buffer]!.place.in !== 'arena';

const typed = (dtype: DType, data: Buffer): NativeArray => {
  const own = new Uint8Array(data); // a copy of its own, aligned
  if (dtype === 'f32') return new Float32Array(own.buffer);
  return dtype === 'i32' ? new Int32Array(own.buffer) : own;
};

const braced = (v: unknown): string => (Array.isArray(v) ? `{${v.map(braced).join(', ')}}` : String(v));
const libraryCall = (plan: Plan, step: CallStep): string => {
  const a = step.attributes as unknown as Record<string, unknown>;
  const fields =
    step.kernel === 'matmul'
      ? ['m', 'n', 'k', 'transposeA', 'transposeB']
      : ['n', 'h', 'w', 'c', 'f', 'kh', 'kw', 'oh', 'ow', 'stride', 'dilation', 'padding'];
  return `library::${step.kernel}({${fields.map((f) => braced(a[f])).join(', ')}}, ${[...step.inputs.map((b) => `(const ${cType(plan.buffers[b]!)}*)buffer(${b})`), ...step.outputs.map((b) => `(${cType(plan.buffers[b]!)}*)buffer(${b})`)].join(', ')});`;
};

/** The program that runs the plan: reads the bound buffers from one file and writes them to another. */
const hostProgram = ({ plan, source, steps, scratchBytes }: CudaPlan): string => {
  const dims = (xs: readonly number[]): string => `{${xs.map((x) => `${x}u`).join(', ')}}`;
  const arg = (a: Arg): string => ('buffer' in a ? `buffer(${a.buffer})` : `scratch(${a.scratch})`);
  const functions = steps.map((s, i) => {
    const lines =
      s.kind === 'library'
        ? [libraryCall(plan, plan.steps[i] as CallStep)]
        : s.launches.map(
            (l) =>
              `emulator::launch(${dims(l.grid)}, ${dims(l.block)}, [] { ${l.kernel}(${l.args.map(arg).join(', ')}); });`,
          );
    return `static void step${i}() {\n${lines.join('\n')}\n}`;
  });
  return `#include "${here}emulator.h"
#include "${here}library.h"

${source}

static std::vector<emulator::Pointer> buffers;
static void* workspace;
static emulator::Pointer buffer(std::size_t i) { return buffers[i]; }
static emulator::Pointer scratch(std::size_t at) { return {static_cast<std::byte*>(workspace) + at}; }
${functions.join('\n')}

struct Bound { std::size_t buffer, bytes; };
static const std::vector<Bound> bound{${plan.buffers.flatMap((_, b) => (isBound(plan, b) ? [`{${b}, ${bytes(plan, b)}}`] : [])).join(', ')}};
static void (*const steps[])() = {${steps.map((_, i) => `step${i}`).join(', ')}};

int main(int, char** argv) {
  auto* arena = static_cast<std::byte*>(emulator::allocate(${plan.arenaBytes}));
  workspace = emulator::allocate(${scratchBytes});
  buffers = {${plan.buffers.map((b, i) => (b.place.in === 'arena' ? `{arena + ${b.place.at}}` : `{emulator::allocate(${bytes(plan, i)})}`)).join(', ')}};
  std::vector<std::byte> results[2];
  for (int pass = 0; pass < 2; ++pass) {
    emulator::reversed = pass == 1;
    std::memset(arena, 0xff, ${plan.arenaBytes});
    std::FILE* in = std::fopen(argv[1], "rb");
    for (const Bound& b : bound)
      if (std::fread(buffer(b.buffer).to, 1, b.bytes, in) != b.bytes) return 2;
    std::fclose(in);
    for (const auto step : steps) {
      std::memset(workspace, 0xff, ${scratchBytes});
      step();
    }
    for (const Bound& b : bound) {
      const auto* from = static_cast<std::byte*>(buffer(b.buffer).to);
      results[pass].insert(results[pass].end(), from, from + b.bytes);
    }
  }
  std::size_t at = 0;
  for (const Bound& b : bound) {
    if (std::memcmp(results[0].data() + at, results[1].data() + at, b.bytes) != 0) {
      std::fprintf(stderr, "buffer %zu depends on the order of threads or blocks\\n", b.buffer);
      return 1;
    }
    at += b.bytes;
  }
  std::FILE* out = std::fopen(argv[2], "wb");
  std::fwrite(results[0].data(), 1, at, out);
  std::fclose(out);
}
`;
};

/** A GPU faults on what is not aligned; a host would not notice. */
const TRAPS = [
  '-fsanitize=alignment,bounds,shift,signed-integer-overflow,integer-divide-by-zero',
  '-fsanitize-undefined-trap-on-error',
];

export interface Emulation {
  /** Contents of every bound buffer afterwards; arena buffers are null. */
  readonly run: (contents: (buffer: number) => NativeArray) => readonly (NativeArray | null)[];
}

export const emulation = (cuda: CudaPlan, work: (emulation: Emulation) => void): void => {
  const { plan } = cuda;
  const folder = mkdtempSync(join(tmpdir(), 'pathex-emulator-'));
  try {
    const path = (name: string): string => join(folder, name);
    writeFileSync(path('plan.cc'), hostProgram(cuda));
    const built = spawnSync(
      'g++',
      ['-std=c++17', '-O0', '-ffp-contract=off', '-w', ...TRAPS, '-o', path('plan'), path('plan.cc')],
      { encoding: 'utf8' },
    );
    if (built.status !== 0) throw new Error(`g++: ${built.error?.message ?? built.stderr.slice(0, 4000)}`);
    const bound = plan.buffers.flatMap((_, b) => (isBound(plan, b) ? [b] : []));
    work({
      run: (contents) => {
        writeFileSync(
          path('in'),
          Buffer.concat(
            bound.map((b) => {
              const { buffer, byteOffset, byteLength } = contents(b);
              return Buffer.from(buffer, byteOffset, byteLength);
            }),
          ),
        );
        const ran = spawnSync(path('plan'), [path('in'), path('out')], { encoding: 'utf8' });
        if (ran.status !== 0)
          throw new Error(
            `emulator: ${ran.signal === null ? '' : `${ran.signal}${ran.signal === 'SIGILL' ? ' (not aligned, or an overflow)' : ''} `}${ran.stderr}`,
          );
        const out = readFileSync(path('out'));
        let at = 0;
        return plan.buffers.map(({ dtype }, b) =>
          isBound(plan, b) ? typed(dtype as DType, out.subarray(at, (at += bytes(plan, b)))) : null,
        );
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
