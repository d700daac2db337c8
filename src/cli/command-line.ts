import type { Command, Option } from 'commander';
import { isOfNpm } from './launcher.js';

/** Commands as text that the shell reads as they were: for reports, and for what to do next. */

/** A word as the shell has to read it. */
export const quoted = (word: string): string =>
  /^[\w./:,=+@%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The parser of options that may be repeated: one value after the other. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

const flagOf = ({ long, short }: Option): string => long ?? short ?? '';

/** What to write for an option with a value, such as `--rate 0.1` or `--no-augment`. */
const wordsOf = (option: Option, value: unknown): readonly string[] => {
  const flag = flagOf(option);
  if (typeof value === 'boolean') return value === !option.negate ? [flag] : [];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [flag, String(value)];
  return option.parseArg === collect ? value.flatMap((one) => [flag, String(one)]) : [flag, value.join(',')];
};

export interface CommandLineOptions {
  /** Write defaults as well, so that the command means the same where they are others. Default false. */
  readonly withDefaults?: boolean;
  /** Long flags to leave out. */
  readonly without?: readonly string[];
  /** Flags to write at the end, whether or not they were given. */
  readonly and?: readonly string[];
}

/**
 * The command that was given, with all of its options as they were understood: `pathex train --epochs 40
 * --out 'my weights'`, with `npx` before it where npm started it.
 */
export const commandLine = (
  command: Command,
  { withDefaults = false, without = [], and = [] }: CommandLineOptions = {},
): string => {
  const isGiven = (option: Option): boolean => {
    const source = command.getOptionValueSource(option.attributeName());
    return source !== undefined && (withDefaults || source !== 'default');
  };
  const flags = command.options
    .filter((option) => isGiven(option) && ![...without, ...and].includes(flagOf(option)))
    .flatMap((option) => wordsOf(option, command.getOptionValue(option.attributeName())));
  const program = isOfNpm() ? ['npx', 'pathex'] : ['pathex'];
  return [...program, command.name(), ...command.args, ...flags, ...and].map(quoted).join(' ');
};
