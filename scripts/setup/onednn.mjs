// What a build of the addon needs, looked for where CMakeLists.txt looks for it.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { works } from './run.mjs';

const foldersIn = (name) => (process.env[name] ?? '').split(delimiter).filter(Boolean);

/**
 * Variables that name an installation of oneDNN: what they name must hold one, or the user believes in
 * another than is used.
 */
const asked = ['DNNL_ROOT', 'DNNLROOT'].flatMap((name) =>
  foldersIn(name).map((folder) => ({ name, folder })),
);
export const askedOnednn = asked.map(({ folder }) => folder).join(delimiter);

const hasHeaders = (folder) => existsSync(join(folder, 'oneapi', 'dnnl', 'dnnl.hpp'));
const hasLibrary = (folder) =>
  ['libdnnl.so', 'libdnnl.a', 'libdnnl.dylib', 'dnnl.lib'].some((file) => existsSync(join(folder, file)));
const withTails = (folder, tails) => [folder, ...tails.map((tail) => join(folder, tail))];

/** Debian's folders of one architecture, such as lib/x86_64-linux-gnu. */
const architectures = (folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^[^.]+-linux-gnu/.test(name))
        .map((name) => join(folder, name))
    : [];
const libraryFolders = (prefix) => [
  ...withTails(prefix, ['lib', 'lib64']),
  ...architectures(join(prefix, 'lib')),
];
const isPrefix = (folder) =>
  withTails(folder, ['include']).some(hasHeaders) && libraryFolders(folder).some(hasLibrary);

/** The first of the variables that names a folder without oneDNN, as a sentence. */
export const wrongOnednn = () => {
  const wrong = asked.find(({ folder }) => !isPrefix(folder));
  return wrong === undefined
    ? undefined
    : `${wrong.name} is ${wrong.folder}, which holds no oneDNN (include/oneapi/dnnl/dnnl.hpp and lib/libdnnl.so)`;
};

const hasOnednn = () => {
  if (asked.length > 0) return true; // wrongOnednn has looked
  const prefixes = ['/usr', '/usr/local', '/opt/homebrew', ...foldersIn('CMAKE_PREFIX_PATH')];
  if (prefixes.some(isPrefix)) return true;
  const include = [...prefixes, ...foldersIn('CPATH')].flatMap((folder) => withTails(folder, ['include']));
  const library = [...prefixes, ...foldersIn('LIBRARY_PATH')].flatMap(libraryFolders);
  return include.some(hasHeaders) && library.some(hasLibrary);
};

/** The Debian and Ubuntu packages that a build needs and that are not here. */
export const missingPackages = () => [
  ...(hasOnednn() ? [] : ['libdnnl-dev']),
  ...['cmake', 'g++', ...(works('ninja') ? [] : ['make'])].filter((command) => !works(command)),
];
