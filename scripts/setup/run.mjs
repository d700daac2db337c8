// Saying what is done, and doing it: commands with their progress, ends that tell what to do next.
import { spawn, spawnSync } from 'node:child_process';

export const say = (line) => console.log(`setup: ${line}`);

/** Ends the set-up. The line says what is wrong and what to do next; it is the last one. */
export const stop = (line) => {
  console.error(`setup: ${line}`);
  process.exit(1);
};

export const works = (command, args = ['--version']) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Ninja's "[45/145] ..." as a fact for people. */
const stepsIn = (line) => {
  const found = /^\[(\d+)\/(\d+)\]/.exec(line);
  return found === null ? undefined : `${found[1]} of ${found[2]} files`;
};
/** Make's "[ 45%] ...". */
const shareIn = (line) => {
  const found = /^\[\s*(\d+)%\]/.exec(line);
  return found === null ? undefined : `${found[1]} %`;
};

/**
 * One line about work under way: rewritten every second on a terminal, printed every ten seconds elsewhere.
 */
const progressOf = (doing, started, every) => {
  const isTerminal = process.stdout.isTTY === true;
  let fact = '';
  const show = () => {
    const seconds = Math.round((Date.now() - started) / 1000);
    const text = `setup: ${doing}: ${fact === '' ? '' : `${fact}, `}${seconds} s`;
    if (isTerminal) process.stdout.write(`\r\u001b[K${text}`);
    else console.log(text);
  };
  const timer = setInterval(show, isTerminal ? 1000 : every);
  return {
    read: (line) => {
      fact = stepsIn(line) ?? shareIn(line) ?? fact;
    },
    end: () => {
      clearInterval(timer);
      if (isTerminal) process.stdout.write('\r\u001b[K');
    },
  };
};

/**
 * Runs a command; shows what it said only if it fails. `doing` and `done` are the work's names while it lasts
 * and afterwards, `next` what to do about a failure; off a terminal a line comes `every` so many
 * milliseconds.
 */
export const run = async ({ doing, done, next, every = 10_000 }, command, args, options = {}) => {
  const started = Date.now();
  const progress = progressOf(doing, started, every);
  const said = [];
  const reason = await new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        said.push(text);
        text.split('\n').forEach(progress.read);
      });
    }
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) =>
      resolve(code === 0 ? undefined : `${command} ${args.join(' ')} ended with ${signal ?? code}`),
    );
  });
  progress.end();
  if (reason !== undefined) {
    console.error(said.join('').trimEnd());
    stop(`${doing} failed: ${reason}. Next: ${next}`);
  }
  say(`${done} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
};
