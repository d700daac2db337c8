/**
 * node scripts/variances.mjs: variances of 10^8 values on the cpu device beside two passes in double, for
 * values that sums of squares in float32 get wrong. Takes about a minute and 1 GB; fails where one is
 * negative or further off than a thousandth.
 */
const [{ openDevice }, { ops }, { program }] = await Promise.all([
  import('../dist/index.js'),
  import('../dist/ops/registry.js'),
  import('../dist/program/program.js'),
]);
const rows = 1e8;
const noise = (i) => ((i * 2654435761) % 4096) / 4096;
const kinds = {
  'a first value 1e4 away': (i) => (i === 0 ? 1e4 : noise(i)),
  'a first value 1e6 away': (i) => (i === 0 ? 1e6 : noise(i)),
  'a first value away from a constant': (i) => (i === 0 ? 0 : 12345.6),
  'a first value away from two others': (i) => (i === 0 ? 1e4 : [0.7, 0.3][i % 2]),
  'alternating 1e7': (i) => (i % 2 ? 1e7 : -1e7),
  'a ramp': (i) => i,
};
const device = await openDevice('cpu');
const x = ops.input('x', [rows, 1]);
const first = ops.reshape(ops.slice(x, [0, 0], [1, 1], [1, 1]), [1]);
const step = await device.compile(
  program('variance', { outputs: { variance: ops.variance(ops.sub(x, first)) } }),
);
const data = new Float32Array(rows);
for (const [name, value] of Object.entries(kinds)) {
  let [total, squares] = [0, 0];
  for (let i = 0; i < rows; i++) data[i] = value(i);
  for (let i = 0; i < rows; i++) total += data[i] - data[0];
  const mean = data[0] + total / rows;
  for (let i = 0; i < rows; i++) squares += (data[i] - mean) ** 2;
  const {
    variance: [got],
  } = await step.run(device.store(), { x: data });
  const error = got / (squares / rows) - 1;
  const isRight = got >= 0 && Math.abs(error) < 1e-3;
  console.log(
    `${name}: ${squares / rows}, got ${got}, off by ${error.toExponential(1)}${isRight ? '' : ' WRONG'}`,
  );
  if (!isRight) process.exitCode = 1;
}
await device.dispose();
