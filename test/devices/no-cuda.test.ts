import { describe, expect, test } from 'vitest';
import { findCuda } from '../../src/runtime/cuda.js';
import { openDevice } from '../../src/runtime/open.js';

/** Where there is no GPU, asking for one says what is missing, once; nothing falls back. */

const refusals = findCuda().filter(({ refusal }) => refusal !== '');
const missing = refusals.find(({ name }) => name === 'driver' || name === 'NVRTC');

describe('without CUDA', () => {
  test.skipIf(missing === undefined)(
    `openDevice names the missing library${missing === undefined ? ': none is missing here' : ''}`,
    async () => {
      const error: unknown = await openDevice('cuda').then(
        () => null,
        (e: unknown) => e,
      );
      expect(error).toMatchObject({ code: 'DEVICE', message: missing!.refusal });
      if (missing!.path === '')
        expect(missing!.refusal).toMatch(
          /^(cuda driver: libcuda\.so\.1|nvrtc: libnvrtc\.so\.13).*: not found in .*; install it or name its folder in PATHEX_CUDA_LIBRARIES$/,
        );
      expect(missing!.refusal).not.toContain('\n');
    },
  );
  test('what is found names its version and place, what is not its reason', () => {
    expect(
      findCuda()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['NVRTC', 'cuBLASLt', 'cuDNN', 'driver']);
    for (const { name, version, path, refusal } of findCuda()) {
      if (refusal === '')
        expect([version, path], name).toEqual([expect.stringMatching(/\d/), expect.stringMatching(/\S/)]);
      else expect(refusal, name).toMatch(/: .+; \S/); // what is missing, and the remedy
    }
  });
});
