import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * Our pages on NVIDIA's interfaces against NVIDIA's own headers, where they can be found: every value, every
 * parameter.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const wheels = process.env['PATHEX_CUDA_WHEELS'] ?? join(root, 'build/cuda-wheels'); // as pip install --target leaves them
const folders = [
  ...[process.env['CUDA_HOME'], process.env['CUDA_PATH'], '/usr/local/cuda'].flatMap((f) =>
    f ? [join(f, 'include')] : [],
  ),
  join(wheels, 'nvidia/cu13/include'),
];
const folderOf = (header: string): string | undefined => folders.find((f) => existsSync(join(f, header)));

/**
 * Same<Ours, Theirs>: equal results, as many parameters, and each of the same size and kind. Their
 * enumerations are our integers, so the types themselves differ.
 */
const COMPARISON = `
#include <type_traits>
template <class T>
using Plain = typename std::conditional_t<std::is_enum_v<T>, std::underlying_type<T>, std::type_identity<T>>::type;
template <class A, class B>
constexpr bool sameKind = sizeof(A) == sizeof(B) && std::is_pointer_v<A> == std::is_pointer_v<B> && std::is_integral_v<Plain<A>> == std::is_integral_v<Plain<B>>;
template <class A, class B>
constexpr bool same() {
  if constexpr (std::is_pointer_v<A> && std::is_pointer_v<B>) {
    using X = std::remove_pointer_t<A>; using Y = std::remove_pointer_t<B>;
    if constexpr (std::is_void_v<X> || std::is_void_v<Y>) return std::is_void_v<X> && std::is_void_v<Y> && std::is_const_v<X> == std::is_const_v<Y>;
    else if constexpr (std::is_class_v<X> || std::is_class_v<Y>) return std::is_class_v<X> && std::is_class_v<Y>;
    else return std::is_const_v<X> == std::is_const_v<Y> && same<std::remove_const_t<X>, std::remove_const_t<Y>>();
  } else return sameKind<A, B>;
}
template <class Ours, class Theirs>
struct Same : std::false_type {};
template <class R, class... P, class S, class... Q>
struct Same<R (*)(P...), S (*)(Q...)> {
  static constexpr bool value = [] {
    if constexpr (sizeof...(P) != sizeof...(Q)) return false;
    else return same<R, S>() && (same<P, Q>() && ...);
  }();
};
`;

/** Compiles the checks; what the compiler says of those that do not hold. */
const complaints = (include: string, header: string, ours: string, checks: readonly string[]): string[] => {
  const folder = mkdtempSync(join(tmpdir(), 'pathex-headers-'));
  try {
    const file = join(folder, 'check.cc');
    writeFileSync(file, [`#include <${header}>`, `#include "${ours}"`, COMPARISON, ...checks, ''].join('\n'));
    const { status, stderr } = spawnSync(
      'g++',
      ['-std=c++20', '-fsyntax-only', '-w', '-I', join(root, 'native'), '-isystem', include, file],
      { encoding: 'utf8' },
    );
    return status === 0 ? [] : stderr.split('\n').filter((l) => l.includes('error'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
const functionsIn = (text: string): string[] => [...text.matchAll(/\(\*(\w+)\)\(/g)].map((m) => m[1]!);

describe("NVIDIA's headers agree with", () => {
  const cuda = folderOf('cuda.h');
  const page = readFileSync(join(root, 'native/cuda/driver.h'), 'utf8');
  const values = [...page.matchAll(/^constexpr (?:int|unsigned) (CU\w+) = \d+;$/gm)].map((m) => m[1]!);
  const functions = functionsIn(page);
  const checks = [
    ...values.map(
      (name) =>
        `static_assert(static_cast<long>(pathex::cuda::value::${name}) == static_cast<long>(::${name}), "${name}");`,
    ),
    ...functions.map(
      (name) =>
        `static_assert(Same<decltype(pathex::cuda::Driver::${name}), decltype(&::${name})>::value, "${name}");`,
    ),
    'static_assert(std::is_same_v<CUdeviceptr, unsigned long long> && sizeof(CUdevice) == sizeof(int));',
  ];
  it.skipIf(cuda === undefined)(
    `driver.h${cuda === undefined ? ': no cuda.h in CUDA_HOME, CUDA_PATH, /usr/local/cuda or the wheels' : ''}`,
    () => {
      expect(values.length).toBeGreaterThan(20);
      expect(functions.length).toBeGreaterThan(35);
      expect(complaints(cuda!, 'cuda.h', 'cuda/driver.h', checks)).toEqual([]);
    },
  );
  it.skipIf(cuda === undefined)('a wrong page is found', () => {
    const wrong = [
      'static_assert(static_cast<long>(::CUDA_ERROR_ASSERT) == 711, "value");',
      'static_assert(Same<int (*)(CUstream, int*), decltype(&::cuStreamCreate)>::value, "order");',
      'static_assert(Same<int (*)(CUstream*), decltype(&::cuStreamCreate)>::value, "count");',
      'static_assert(Same<int (*)(void*, CUdeviceptr, unsigned, CUstream), decltype(&::cuMemcpyDtoHAsync_v2)>::value, "size");',
    ];
    expect(
      complaints(cuda!, 'cuda.h', 'cuda/driver.h', wrong).map(
        (l) => /(value|order|count|size)$/.exec(l)?.[1],
      ),
    ).toEqual(['value', 'order', 'count', 'size']);
  });

  const nvrtc = folderOf('nvrtc.h');
  it.skipIf(nvrtc === undefined)(
    `nvrtc.h${nvrtc === undefined ? ': no nvrtc.h in CUDA_HOME, CUDA_PATH, /usr/local/cuda or the wheels' : ''}`,
    () => {
      const names = functionsIn(readFileSync(join(root, 'native/cuda/nvrtc.h'), 'utf8'));
      expect(names).toHaveLength(9);
      expect(
        complaints(nvrtc!, 'nvrtc.h', 'cuda/nvrtc.h', [
          ...names.map(
            (name) =>
              `static_assert(Same<decltype(pathex::cuda::Nvrtc::${name}), decltype(&::${name})>::value, "${name}");`,
          ),
          'static_assert(NVRTC_SUCCESS == 0);',
        ]),
      ).toEqual([]);
    },
  );
});
