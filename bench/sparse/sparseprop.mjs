import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTurns, median, startPeer, summaryOf } from '../lib.mjs';
import { prepareLayer, showShape } from './layers.mjs';
import { nameOfTicket } from './subject.mjs';
import { bestOf, printTable, ratioOf, showMs, showRatio } from './table.mjs';

const BATCH = 128;

/** The 3x3 convolutions of a network that have live weights, with their places. */
const layersOf = async (net, { masks }) => {
  const { walk } = await import('../../dist/index.js');
  return walk([net.output])
    .filter((node) => node.op === 'conv2d' && node.inputs[1].shape[1] === 3)
    .map((node) => {
      const [x, weight] = node.inputs;
      const name = weight.attributes.name;
      const mask = masks.get(name);
      return {
        name,
        shape: {
          side: x.shape[1],
          channels: x.shape[3],
          filters: weight.shape[0],
          kernel: 3,
          stride: node.attributes.stride[0],
        },
        places: [...mask.keys()].filter((i) => mask[i] === 1),
      };
    })
    .filter(({ places }) => places.length > 0);
};

/**
 * Forward and both gradients of every 3x3 layer of each ticket, against SparseProp (Nikdan et al., ICML 2023)
 * with the same masks: its own layers in PyTorch, the faster of its two ways to vectorise. `copy` is a folder
 * with its Python package and its built backend, see bench/peers/sparseprop.py.
 */
export const runSparseProp = async (device, net, tickets, { copy, told, turns }) => {
  const folder = await mkdtemp(join(tmpdir(), 'pathex-bench-'));
  const results = [];
  try {
    for (const ticket of tickets) {
      const layers = await layersOf(net, ticket);
      const file = join(folder, 'layers.json');
      await writeFile(file, JSON.stringify(layers));
      const peer = await startPeer('sparseprop.py', [
        ...told,
        '--batch',
        BATCH,
        '--copy',
        copy,
        '--layers',
        file,
      ]);
      if (peer === null) return null;
      const made = [];
      for (const layer of layers) made.push(await prepareLayer(device, layer.shape, BATCH, layer.places));
      const ours = Object.fromEntries(layers.map(({ name }, i) => [name, made[i].all]));
      await inTurns(ours, [], { turns: 1, perTurn: 1 }); // warm-up
      const times = await inTurns(ours, [peer], { turns, perTurn: 3 });
      peer.close();
      for (const each of made) each.dispose();
      const rows = layers.map(({ name, shape, places }) => {
        const own = summaryOf(times[name]);
        const theirs = bestOf(['batch', 'width'].map((over) => summaryOf(times[`torch ${name} ${over}`])));
        return { name, shape, live: places.length, seconds: own, peer: theirs, ratio: ratioOf(own, theirs) };
      });
      results.push({ ticket: nameOfTicket(ticket), rows, peer: peer.ready });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  printTable(
    `3x3 layers of ResNet-20 with live weights, batch ${BATCH}, forward and both gradients, same masks: ours over SparseProp's (least / median)`,
    [
      'ticket',
      'layers',
      'ours ahead',
      'ours ms, all',
      'SparseProp ms, all',
      'of SparseProp: median',
      'best layer',
      'worst layer',
      'which',
    ],
    results.map(({ ticket, rows }) => {
      const sorted = [...rows].sort((a, b) => a.ratio.median - b.ratio.median);
      const [best, worst] = [sorted[0], sorted.at(-1)];
      const sum = (of) => rows.reduce((n, row) => n + of(row).median, 0);
      return [
        ticket,
        rows.length,
        rows.filter((row) => row.ratio.median < 1).length,
        showMs(sum((row) => row.seconds)),
        showMs(sum((row) => row.peer)),
        median(rows.map((row) => row.ratio.median)).toFixed(2),
        showRatio(best.ratio),
        showRatio(worst.ratio),
        `${worst.name}, ${showShape(worst.shape)}, ${worst.live} weights`,
      ];
    }),
  );
  return results;
};
