import process from 'node:process';

/**
 * What npm leaves in the environment of a command that it starts: by `npx pathex`, `npm start` or a script of
 * package.json.
 */

/** How often to look whether the shell between npm and this process is still there. */
const LOOK_EVERY_MS = 200;

const scriptOf = (env: NodeJS.ProcessEnv): string => env['npm_lifecycle_script'] ?? '';

/** Whether npm started this program, so that `pathex` alone need not be a command of the user's shell. */
export const isOfNpm = (env: NodeJS.ProcessEnv = process.env): boolean =>
  /\bpathex\b|\bcli\/main\.js\b/.test(scriptOf(env));

/** A script that leaves its command running on purpose. */
const leavesRunning = (script: string): boolean => /(^|[^&])&([^&]|$)|\b(nohup|setsid|disown)\b/.test(script);

/**
 * npm hands SIGTERM to a shell, and some shells (dash) die of it without handing it on: the command would go
 * on for hours unseen. So a command that npm started takes the end of its parent for a SIGTERM.
 * `interruption` is raised where the signal came to this process, too, as Ctrl-C does: a second one would end
 * it at once.
 */
export const endWithLauncher = (interruption: AbortSignal, env: NodeJS.ProcessEnv = process.env): void => {
  if (!isOfNpm(env) || leavesRunning(scriptOf(env))) return;
  const parent = process.ppid;
  let isGone = false;
  const timer = setInterval(() => {
    if (!isGone) {
      isGone = process.ppid !== parent;
      return; // a signal of its own is delivered after the timers: it is seen the next time
    }
    clearInterval(timer);
    if (!interruption.aborted) process.kill(process.pid, 'SIGTERM');
  }, LOOK_EVERY_MS);
  timer.unref();
};
