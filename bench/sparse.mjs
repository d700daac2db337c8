import { openFor, option, refuse } from './lib.mjs';
import { writePicture } from './sparse/picture.mjs';
import { runSweep } from './sparse/layers.mjs';
import { runSparseProp } from './sparse/sparseprop.mjs';
import { DENSITIES, nameOfTicket, ticketsOf, vgg16 } from './sparse/subject.mjs';
import { runSteps, runTickets } from './sparse/tickets.mjs';
import { runTurn } from './sparse/turn.mjs';

/**
 * What tickets cost as compact networks, on the cpu device:
 *
 *   tickets     ResNet-20, px, magnitude and random at 90, 95.6 and 98.2 %: training step, evaluation and inference
 *               of one image, of our dense network behind masks, of our compact one and of PyTorch, in turns; memory
 *   vgg         VGG-16 at 98.2 %: training step against our dense one
 *   turn        random tickets of more and more weights: where the compact network is no faster, and what auto takes
 *   layers      the same of single layers of every shape
 *   sparseprop  3x3 layers of ResNet-20 against SparseProp, with --sparseprop or SPARSEPROP naming a copy of it
 *
 * --only some of them, by commas. --quick: PyTorch eager alone, fewer tickets, densities, shapes and runs. --turns,
 * --rounds of px (its tickets have 100; default 30, quick 10), --modes of PyTorch, --picture FILE for the chart of
 * docs/sparse.md.
 */
const SECTIONS = ['tickets', 'vgg', 'turn', 'layers', 'sparseprop'];
const STRONGEST = [0.018];
/** Images of a px round: its scores hardly depend on them. */
const IMAGES = 20;

const sectionsOf = (args) => {
  const wanted = option(args, 'only')?.split(',') ?? SECTIONS;
  const unknown = wanted.find((s) => !SECTIONS.includes(s));
  if (unknown !== undefined) refuse(`no section '${unknown}'; choose some of ${SECTIONS.join(',')}`);
  return wanted;
};

export const run = async (args) => {
  const wanted = sectionsOf(args);
  const picture = option(args, 'picture');
  if (picture !== undefined && !wanted.includes('tickets'))
    refuse('--picture draws the section tickets; add it to --only');
  const isQuick = args.includes('--quick');
  const { device, isCuda, peer: told } = await openFor(args);
  if (isCuda)
    refuse('sparse is of the cpu device: elsewhere sparse layers are computed densely; leave --device out');
  const { resnetCifar } = await import('../dist/index.js');
  const rounds = Number(option(args, 'rounds', isQuick ? 10 : 30));
  const turns = Number(option(args, 'turns', isQuick ? 3 : 6));
  const modes = option(args, 'modes', isQuick ? 'eager' : 'eager,compile');
  const copy = option(args, 'sparseprop', process.env.SPARSEPROP);
  const began = performance.now();
  console.log(
    `tickets as compact networks${isQuick ? ', quick' : ''}; ${device.description}; Node ${process.version}; seed 0; px with ${rounds} rounds on ${IMAGES} images of noise`,
  );
  const net = resnetCifar({ depth: 20 });
  const needed = { tickets: isQuick ? STRONGEST : DENSITIES, sparseprop: STRONGEST };
  const densities = DENSITIES.filter((d) => wanted.some((section) => needed[section]?.includes(d)));
  const tickets = await ticketsOf(device, net, { densities, rounds, images: IMAGES });
  const strongest = tickets.filter(({ density }) => STRONGEST.includes(density));
  const sections = {
    tickets: () => runTickets(device, net, tickets, { turns, modes, told }),
    vgg: async () => {
      const vgg = await vgg16();
      const methods = isQuick ? ['px'] : undefined;
      const own = await ticketsOf(device, vgg, { methods, densities: STRONGEST, rounds: 10, images: 10 });
      return runSteps(device, vgg, own, { turns: isQuick ? 1 : 3, perTurn: 2, batch: 128 });
    },
    turn: () => runTurn(device, net, { turns, isQuick }),
    layers: () => runSweep(device, { isQuick }),
    sparseprop: () => {
      if (copy === undefined)
        return console.log('\nSparseProp skipped: name a copy with --sparseprop or SPARSEPROP');
      const some = isQuick ? strongest.slice(0, 1) : strongest;
      return runSparseProp(device, net, some, { copy, told, turns: isQuick ? 1 : 3 });
    },
  };
  const results = {};
  for (const name of SECTIONS.filter((s) => wanted.includes(s))) {
    const start = performance.now();
    results[name] = (await sections[name]()) ?? null;
    console.log(`\n(${name}: ${((performance.now() - start) / 1000).toFixed(0)} s)`);
  }
  const torch = results.tickets?.questions[0].peer ?? results.sparseprop?.[0]?.peer;
  console.log(
    `\n${device.description}; Node ${process.version}; ${torch == null ? 'no PyTorch' : `PyTorch ${torch.torch}, ${torch.threads} threads, ${torch.processor}`}; ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  if (picture !== undefined) await writePicture(results.tickets.questions[0], picture);
  const about = {
    device: device.description,
    node: process.version,
    rounds,
    tickets: tickets.map(nameOfTicket),
  };
  await device.dispose();
  return { about, ...results };
};
