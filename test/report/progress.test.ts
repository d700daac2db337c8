import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { progress, showSeconds, writeFailureOf, writerTo } from '../../src/report/progress.js';

const recorder = (columns?: number) => {
  const written: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: unknown, _e, done) => {
      written.push(String(chunk));
      done();
    },
  });
  return {
    stream: columns === undefined ? stream : Object.assign(stream, { columns }),
    text: () => written.join(''),
  };
};
const closed = (code: string): Writable =>
  new Writable({ write: (_chunk, _e, done) => done(Object.assign(new Error(`write ${code}`), { code })) });
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('progress in a log', () => {
  /** 1000 steps of `seconds` each. */
  const run = (seconds: number): readonly string[] => {
    const { stream, text } = recorder();
    let clock = 0;
    const p = progress('train', 1000, { stream, isTerminal: false, now: () => clock });
    for (let i = 1; i <= 1000; i++) {
      clock += 1000 * seconds;
      p.update(i, { loss: (2 - i / 1000).toFixed(2) });
    }
    p.stop();
    return text().trimEnd().split('\n');
  };

  it('is a line for every tenth of slow work', () => {
    const lines = run(1);
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('train: 10 % (100 of 1,000), loss 1.90, 15 min 0 s left');
    expect(lines[9]).toBe('train: 100 % (1,000 of 1,000), loss 1.00, in 16 min 40 s');
  });

  it('is a line every five seconds of faster work, and one of quick work', () => {
    expect(run(0.02).map((l) => l.slice(7, 11))).toEqual(['25 %', '50 %', '75 %', '100 ']);
    expect(run(0.001)).toEqual(['train: 100 % (1,000 of 1,000), loss 1.00, in 1 s']);
  });

  it('shows how far broken-off work came, then nothing more', () => {
    const { stream, text } = recorder();
    const p = progress('train', 200, { stream, isTerminal: false, now: () => 0 });
    p.log('epoch 1');
    p.update(30);
    p.stop();
    const before = text();
    p.update(200);
    p.log('late');
    p.stop();
    expect(before).toBe('epoch 1\ntrain: 15 % (30 of 200), in 0 s\n');
    expect(text()).toBe(before);
  });

  it('says nothing of work that never began', () => {
    const { stream, text } = recorder();
    progress('train', 200, { stream, isTerminal: false }).stop();
    expect(text()).toBe('');
  });
});

describe('progress on a terminal', () => {
  it('is a bar with details, logged lines above it, and ends with a line break', async () => {
    const { stream, text } = recorder(110);
    let clock = 0;
    const p = progress('px', 100, { stream, isTerminal: true, now: () => clock });
    clock = 10_000;
    p.update(50, { loss: '1.24', accuracy: '61.3 %' });
    p.log('round 50');
    expect(text()).toContain('\r\x1B[Kround 50\n');
    expect(text()).toContain(
      'px [===============---------------] 50 %  50 of 100  loss 1.24  accuracy 61.3 %  10 s left',
    );
    p.update(100, { loss: '1.00' });
    p.stop();
    const before = text();
    expect(before).toContain('] 100 %  100 of 100  loss 1.00  in 10 s');
    expect(before.endsWith('\n')).toBe(true);
    p.update(3);
    p.log('late');
    p.stop();
    await rest(300); // longer than a frame of the bar
    expect(text()).toBe(before);
  });

  it('keeps the cursor where it is: a restored place would overwrite logged lines', () => {
    const { stream, text } = recorder(80);
    const p = progress('px', 2, { stream, isTerminal: true });
    p.log('a');
    p.stop();
    expect(text()).not.toMatch(/\x1B[78]/);
  });

  it('gives up the bar, then the end of the figures, on a narrow terminal', () => {
    const line = (columns: number): string => {
      const { stream, text } = recorder(columns);
      const p = progress('px', 4, { stream, isTerminal: true, now: () => 0 });
      p.stop();
      return text();
    };
    expect(line(20)).not.toContain('[--');
    expect(line(20)).toContain('px  0 %  0 of 4');
    expect(line(8)).not.toContain('of 4');
  });

  it('is whole for work without steps', () => {
    const { stream, text } = recorder(80);
    progress('px', 0, { stream, isTerminal: true }).stop();
    expect(text()).toContain('100 %');
  });
});

describe('a stream that nobody reads any more', () => {
  it.each([
    ['EPIPE', true],
    ['EPIPE', false],
    ['EIO', false],
  ] as const)('does not disturb the work (%s, terminal %s)', async (code, isTerminal) => {
    const stream = closed(code);
    const p = progress('px', 10, { stream, isTerminal });
    p.log('a');
    p.update(5);
    await rest(5);
    p.log('b');
    p.stop();
    progress('px', 10, { stream, isTerminal }).stop();
    await rest(5);
    expect(stream.listenerCount('error')).toBe(1);
  });

  it.each([
    ['EPIPE', false],
    ['ENOSPC', true],
    ['EDQUOT', true],
  ])('is told from a stream that is full (%s)', async (code, isFailure) => {
    const stream = closed(code);
    const p = progress('px', 10, { stream, isTerminal: false });
    p.log('a');
    await rest(5);
    p.log('b');
    p.stop();
    expect(writeFailureOf(stream)).toEqual(
      isFailure ? expect.objectContaining({ message: `write ${code}` }) : undefined,
    );
  });

  it('may also fail at once', () => {
    const stream = new Writable();
    stream.write = () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    writerTo(stream)('a');
    writerTo(stream)('b');
    expect(writeFailureOf(stream)).toMatchObject({ code: 'ENOSPC' });
    expect(writeFailureOf(new Writable())).toBeUndefined();
  });
});

it('time is rounded up to what a person reads', () => {
  expect([0, 0.2, 59.5, 61, 3599, 3661, 90_000].map(showSeconds)).toEqual([
    '0 s',
    '1 s',
    '1 min 0 s',
    '1 min 1 s',
    '59 min 59 s',
    '1 h 1 min',
    '25 h 0 min',
  ]);
});
