/** Imports point downwards (architecture: Layout and directions). */
const layers = [
  ['tensor', 'io'],
  ['plan'],
  ['ops'],
  ['graph'],
  ['transform'],
  ['nn'],
  ['models', 'program'],
  ['compile'],
  ['runtime'],
  ['source', 'weights'],
  ['datasets', 'task'],
  ['train'],
  ['prune', 'spectrum'],
  ['report'],
  ['experiment'],
  ['cli'],
];
const folder = (names) => `^src/(${names.join('|')})/`;
const upwards = layers.slice(0, -1).map((names, i) => ({
  name: `${names.join('-')}-imports-downwards`,
  comment: 'a lower layer must not know a higher one',
  severity: 'error',
  from: { path: folder(names) },
  to: { path: folder(layers.slice(i + 1).flat()) },
}));
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...upwards,
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      from: { pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'transform-knows-no-layers',
      severity: 'error',
      from: { path: '^src/transform/' },
      to: { path: '^src/nn/' },
    },
    {
      name: 'nobody-imports-the-index',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: false,
  },
};
