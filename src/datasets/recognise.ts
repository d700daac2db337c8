import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * What lies in a folder instead of CIFAR-10's binary files, for messages: other versions of it, archives that
 * were not unpacked, folders one or two levels too high.
 */

interface Known {
  readonly name: RegExp;
  /** What it is, and what to do. `at` is its path. */
  readonly say: (at: string, folder: string) => string;
}

const OTHER_VERSION = 'pathex reads the binary version, cifar-10-binary.tar.gz: unpack that there';

/** In order: the first that is found is named. */
const KNOWN: readonly Known[] = [
  {
    name: /^data_batch_1\.bin$/,
    say: (at) => `the files lie deeper, in ${dirname(at)}; give that folder`,
  },
  {
    name: /^(data_batch_\d|test_batch)\.bin\.(xz|gz|bz2|zst|zip)$/,
    say: (at) => `${at} is compressed; decompress the six .bin files`,
  },
  {
    name: /^cifar-10-binary\.(tar(\.\w+)?|tgz)$/,
    say: (at, folder) => `${at} is there but not unpacked; run tar -xf ${at} -C ${folder}`,
  },
  {
    name: /^cifar-10-batches-py$|^cifar-10-python\.(tar(\.\w+)?|tgz)$|^data_batch_1$|^batches\.meta$/,
    say: (at) => `${at} is the Python version of CIFAR-10; ${OTHER_VERSION}`,
  },
  {
    name: /^cifar-10-batches-mat$|^cifar-10-matlab\.(tar(\.\w+)?|tgz)$|^data_batch_1\.mat$/,
    say: (at) => `${at} is the Matlab version of CIFAR-10; ${OTHER_VERSION}`,
  },
  {
    name: /^cifar-100-(binary|python|matlab)(\.(tar(\.\w+)?|tgz))?$|^(fine|coarse)_label_names\.txt$/,
    say: (at) => `${at} is CIFAR-100; pathex reads CIFAR-10, cifar-10-binary.tar.gz: unpack that there`,
  },
];

const LEVELS = 2;
const MOST = 1000; // entries of a folder that are looked at: a folder of a data set has a handful

const filesBelow = async (folder: string, levels: number): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const here = entries.slice(0, MOST).map(({ name }) => join(folder, name));
  if (levels === 0) return here;
  const folders = entries.slice(0, MOST).filter((e) => e.isDirectory() && !e.name.startsWith('.'));
  const below = await Promise.all(
    folders.slice(0, 50).map(({ name }) => filesBelow(join(folder, name), levels - 1)),
  );
  return [...here, ...below.flat()];
};

/**
 * What was found in `folder` that is not quite CIFAR-10, and what to do; null where nothing is known. Reads
 * names alone.
 */
export const recogniseOther = async (folder: string): Promise<string | null> => {
  const found = await stat(folder).catch(() => null);
  if (found?.isFile() === true)
    return `${folder} is a file; give the folder into which cifar-10-binary.tar.gz was unpacked`;
  const names = [folder, ...(await filesBelow(folder, LEVELS))];
  for (const { name, say } of KNOWN) {
    const at = names.find((path) => name.test(basename(path)));
    if (at !== undefined) return say(at, folder);
  }
  return null;
};
