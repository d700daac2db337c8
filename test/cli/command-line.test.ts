import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, it, test } from 'vitest';
import { collect, commandLine, quoted } from '../../src/cli/command-line.js';
import { compareCommand } from '../../src/cli/compare.js';
import { evaluateCommand } from '../../src/cli/evaluate.js';
import { pruneCommand } from '../../src/cli/prune.js';
import { startCommand } from '../../src/cli/start.js';
import { trainCommand } from '../../src/cli/train.js';

/** What the shell makes of a line. */
const words = (line: string): readonly string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${line}`])
    .toString()
    .split('\0')
    .slice(0, -1);

/** A command with the options of a real one, which only keeps them. */
const parse = (real: Command, args: readonly string[]): Command => {
  const command = new Command(real.name()).exitOverride();
  for (const option of real.options) command.addOption(option);
  command.parse(args, { from: 'user' });
  return command;
};

test.each(['plain', 'a b', "it's", '$HOME', '"', '', '~', 'a\nb', '*', '-', "'; rm -rf /; '", 'ü'])(
  'the shell reads %j as it was',
  (word) => {
    expect(words(quoted(word))).toEqual([word]);
  },
);

const GIVEN: readonly (readonly [Command, readonly string[]])[] = [
  [trainCommand, ['-n', 'resnet8-w4', '-w', "my 'ticket'.safetensors", '-e', '40', '-b', '10', '--rate', '0.05', '--milestones', '3,5', '--momentum', '0', '--nesterov', '--weight-decay', '1e-7', '--no-augment', '--schedule', 'multi-step', '--from-step', '2', '--evaluate-every', '3', '--checkpoint', 'runs/a b', '-o', 'out file', '-f', '--seed', '5', '--data', '/d a', '--no-download', '-d', 'reference', '--threads', '2', '--precision', 'tf32']],
  [trainCommand, ['--synthetic', '--resume', '--checkpoint', 'c']],
  [pruneCommand, ['--method', 'prospr', '-O', 'steps=1', '--option', 'momentum=0.9', '-s', '80.5', '-r', '3', '-e', '2', '--epochs', '4', '--rewind', '0', '--rate-schedule', 'one-cycle', '--schedule', 'linear', '--scope', 'erk', '--exclude', 'fc', '--exclude', 'block 1.*']],
  [compareCommand, ['-m', 'px,snip, dense', '--seeds', '0,1', '--subset', '50', '--examples', '2', '--imp-rounds', '2', '--imp-epochs', '1', '--scope', 'layer', '--exclude', '*', '-o', 'a $b']],
  [startCommand, ['--train-images', '128', '--rounds', '2', '--out', 'r']],
  [evaluateCommand, ['-w', 'x.safetensors', '--threads', '1']],
]; // prettier-ignore

describe('a command is told with every option that was given', () => {
  it.each(GIVEN)('%#', (real, args) => {
    const first = parse(real, args);
    const line = commandLine(first);
    const [pathex, name, ...again] = words(line);
    expect([pathex, name]).toEqual(['pathex', real.name()]);
    const second = parse(real, again);
    expect(second.opts()).toEqual(first.opts());
    expect(second.options.map((o) => second.getOptionValueSource(o.attributeName()))).toEqual(
      first.options.map((o) => first.getOptionValueSource(o.attributeName())),
    );
    expect(parse(real, words(commandLine(first, { withDefaults: true })).slice(2)).opts()).toEqual(
      first.opts(),
    );
  });

  it('with flags added and left out, none of them twice', () => {
    const command = parse(trainCommand, ['--checkpoint', 'c', '--resume', '--epochs', '2']);
    expect(commandLine(command, { and: ['--resume'] })).toBe(
      'pathex train --epochs 2 --checkpoint c --resume',
    );
    expect(commandLine(command, { without: ['--resume'] })).toBe('pathex train --epochs 2 --checkpoint c');
  });

  it('where an option is repeated', () => {
    const command = new Command('x')
      .option('-O <n>', '', collect)
      .option('--list <n>', '', (t) => t.split(','));
    command.parse(['-O', 'a b', '-O', 'c', '--list', '1,2'], { from: 'user' });
    expect(commandLine(command)).toBe("pathex x -O 'a b' -O c --list 1,2");
  });
});
