import { expect, test } from 'vitest';
import { ops } from '../../src/ops/registry.js';
import { program } from '../../src/program/program.js';
import { tableName, withTables } from '../../src/program/tables.js';
import { referenceDevice } from '../../src/runtime/reference.js';

const x = ops.input('x', [2]);
const k = ops.input('k', [2], 'i32');
const seen = ops.state('seen', [2]);
const p = program('sum', { outputs: { y: ops.mul(x, ops.toReal(k)) }, next: [[seen, ops.add(seen, x)]] });

test('a run reads the row that it is given, of every table', async () => {
  const device = referenceDevice();
  const q = withTables(p, ['x', 'k', 'not an input'], 3);
  expect([...q.inputs.keys()]).toEqual(['row']);
  expect(q.state.get(tableName('k'))).toMatchObject({ shape: [3, 2], dtype: 'i32' });
  const store = device.store();
  await store.add('seen', { shape: [2], dtype: 'f32' }, [0, 0]);
  await store.add(tableName('x'), { shape: [3, 2], dtype: 'f32' }, [1, 2, 3, 4, 5, 6]);
  await store.add(tableName('k'), { shape: [3, 2], dtype: 'i32' }, [10, 10, 20, 20, 30, 30]);
  const executable = await device.compile(q);
  expect([...(await executable.run(store, { row: [2] }))['y']!]).toEqual([150, 180]);
  expect([...(await executable.run(store, { row: [0] }))['y']!]).toEqual([10, 20]);
  expect([...(await store.read('seen'))]).toEqual([6, 8]);
});

test('other inputs stay, and a table of one row asks for no number', () => {
  const q = withTables(p, ['x'], 1);
  expect([...q.inputs.keys()]).toEqual(['k']);
  expect(q.state.get(tableName('x'))).toMatchObject({ shape: [1, 2] });
});

test('a table does not take the name of a state that is something else', () => {
  const other = ops.state(tableName('x'), [5]);
  const q = program('other', { outputs: { y: x, z: other } });
  expect(() => withTables(q, ['x'], 3)).toThrow("'table/x' is f32[3, 2] here and f32[5] elsewhere");
});
