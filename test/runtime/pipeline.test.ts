import { expect, test } from 'vitest';
import { pipeline } from '../../src/runtime/pipeline.js';

/** Work that ends when it is told to. */
const work = (): {
  readonly promise: Promise<void>;
  readonly end: () => void;
  readonly fail: (why: string) => void;
} => {
  let [end, failWith]: [() => void, (e: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((resolve, reject) => {
    [end, failWith] = [resolve, reject];
  });
  return { promise, end, fail: (why) => failWith(new Error(why)) };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('waits for the oldest once it is full', async () => {
  const [a, b] = [work(), work()];
  const p = pipeline(2);
  let added = 0;
  void p
    .add(a.promise)
    .then(() => {
      added = 1;
      return p.add(b.promise);
    })
    .then(() => (added = 2));
  await turn();
  expect(added).toBe(1);
  a.end();
  await turn();
  expect(added).toBe(2);
  b.end();
  await p.drain();
});

test('the first failure is thrown, the others are heard of nobody', async () => {
  const [a, b, c] = [work(), work(), work()];
  const p = pipeline(4);
  for (const { promise } of [a, b, c]) await p.add(promise);
  c.fail('third');
  b.fail('second');
  a.end();
  await expect(p.drain()).rejects.toThrow('second');
  await p.settle();
});

test('settles only when nothing is under way any more', async () => {
  const [a, b] = [work(), work()];
  const p = pipeline(4);
  for (const { promise } of [a, b]) await p.add(promise);
  let settled = false;
  const waiting = p.settle().then(() => (settled = true));
  a.fail('no');
  await turn();
  expect(settled).toBe(false);
  b.end();
  await waiting;
});
