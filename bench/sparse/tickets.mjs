import { inTurns, median, startPeer, summaryOf } from '../lib.mjs';
import { nameOfTicket, prepare, stateBytes } from './subject.mjs';
import {
  bestOf,
  printTable,
  ratioOf,
  shareLeft,
  showForms,
  showMegabytes,
  showMs,
  showPercent,
  showRatio,
} from './table.mjs';

/** What is timed of a ticket: runs of a turn, and the peer that does the same. */
const QUESTIONS = [
  { what: 'step', title: 'training step', batch: 128, perTurn: 3, peer: ['train_step.py'] },
  { what: 'evaluation', title: 'evaluation', batch: 128, perTurn: 4, peer: ['evaluate.py'] },
  { what: 'answers', title: 'inference', batch: 1, perTurn: 40, peer: ['evaluate.py', '--answers'] },
];

/** The tickets of a network as compact networks, with the seconds that specialise takes. */
export const compacted = async (net, tickets) => {
  const { specialise } = await import('../../dist/index.js');
  return tickets.map((ticket) => {
    const began = performance.now();
    const specialised = specialise(net, ticket.masks);
    return { ...ticket, specialised, seconds: (performance.now() - began) / 1000 };
  });
};

/**
 * One question of all tickets: each compact network, the dense one behind masks, and the peers, in turns.
 * `dense` and `peers` are summaries, `tickets` those of the compact ones with their ratios.
 */
export const measureTickets = async (device, net, compacts, { what, batch, perTurn }, { turns, peers }) => {
  const dense = await prepare(device, what, net, compacts[0], batch);
  const made = [];
  for (const c of compacts) made.push(await prepare(device, what, c.specialised, c, batch));
  const ours = { dense: dense.run };
  compacts.forEach((c, i) => (ours[nameOfTicket(c)] = made[i].run));
  await inTurns(ours, [], { turns: 1, perTurn: 2 }); // warm-up
  const times = await inTurns(ours, peers, { turns, perTurn });
  const summaries = Object.fromEntries(Object.entries(times).map(([name, xs]) => [name, summaryOf(xs)]));
  const torch = Object.fromEntries(Object.entries(summaries).filter(([name]) => name.startsWith('torch ')));
  const best = bestOf(Object.values(torch));
  const result = {
    what,
    batch,
    count: turns * perTurn,
    dense: summaries.dense,
    torch,
    denseToTorch: best === null ? null : ratioOf(summaries.dense, best),
    memory: { state: stateBytes(dense.program), device: dense.bytes },
    compile: dense.seconds,
    tickets: compacts.map((c, i) => {
      const own = summaries[nameOfTicket(c)];
      return {
        ticket: nameOfTicket(c),
        method: c.method,
        density: c.density,
        seconds: own,
        toDense: ratioOf(own, summaries.dense),
        toTorch: best === null ? null : ratioOf(own, best),
        memory: { state: stateBytes(made[i].program), device: made[i].bytes },
        specialise: c.seconds,
        compile: made[i].seconds,
      };
    }),
  };
  for (const each of [dense, ...made]) each.dispose();
  return result;
};

const printQuestions = (compacts, results) => {
  const head = ['ticket', 'multiply-adds left %', 'layers removed / sparse / dense'];
  for (const { title, batch } of QUESTIONS)
    head.push(`${title}, batch ${batch}: ms`, 'of dense', 'of PyTorch');
  printTable(
    'Tickets as compact networks: median ms; ratios of least / median to our dense network behind masks, and to the best of PyTorch',
    head,
    [
      ...compacts.map((c, i) => [
        nameOfTicket(c),
        showPercent(shareLeft(c.specialised.layers)),
        showForms(c.specialised.layers),
        ...results.flatMap(({ tickets }) => [
          showMs(tickets[i].seconds.median),
          showRatio(tickets[i].toDense),
          showRatio(tickets[i].toTorch),
        ]),
      ]),
      [
        'dense, masked',
        '100.0',
        '-',
        ...results.flatMap((r) => [showMs(r.dense.median), '1', showRatio(r.denseToTorch)]),
      ],
      ...formatsOf(results).map((format) => [
        format,
        '-',
        '-',
        ...results.flatMap(({ torch }) => [format in torch ? showMs(torch[format].median) : '-', '-', '-']),
      ]),
    ],
  );
};
const formatsOf = (results) => [...new Set(results.flatMap(({ torch }) => Object.keys(torch)))];

const printCosts = ({ memory: dense, compile, tickets }) =>
  printTable(
    'Memory of the training step, and what making it takes: state without the images; the step is its arena, constants and scratch',
    [
      'ticket',
      'state kB',
      'of dense',
      'step MB',
      'of dense',
      'both of dense',
      'specialise s',
      'build and compile s',
    ],
    [
      ...tickets.map(({ ticket, memory, specialise, compile: made }) => [
        ticket,
        (memory.state / 1e3).toFixed(0),
        (memory.state / dense.state).toFixed(2),
        showMegabytes(memory.device),
        (memory.device / dense.device).toFixed(2),
        ((memory.state + memory.device) / (dense.state + dense.device)).toFixed(2),
        specialise.toFixed(2),
        made.toFixed(2),
      ]),
      [
        'dense, masked',
        (dense.state / 1e3).toFixed(0),
        '1',
        showMegabytes(dense.device),
        '1',
        '1',
        '-',
        compile.toFixed(2),
      ],
    ],
  );

/** ResNet-20: a training step, an evaluation and an answer to one image, of all tickets. */
export const runTickets = async (device, net, tickets, { turns, modes, told }) => {
  const compacts = await compacted(net, tickets);
  const results = [];
  for (const question of QUESTIONS) {
    const [script, ...extra] = question.peer;
    const peer = await startPeer(script, [...told, '--batch', question.batch, '--modes', modes, ...extra]);
    const measured = await measureTickets(device, net, compacts, question, { turns, peers: [peer] });
    peer?.close();
    results.push({ ...measured, peer: peer?.ready ?? null });
  }
  printQuestions(compacts, results);
  printCosts(results[0]);
  return {
    tickets: compacts.map((c) => ({ ticket: nameOfTicket(c), layers: c.specialised.layers })),
    questions: results,
    medianSpecialise: median(compacts.map((c) => c.seconds)),
  };
};

/** Another network: its training step alone. */
export const runSteps = async (device, net, tickets, { turns, perTurn, batch }) => {
  const compacts = await compacted(net, tickets);
  const result = await measureTickets(
    device,
    net,
    compacts,
    { what: 'step', batch, perTurn },
    { turns, peers: [] },
  );
  printTable(
    `${net.name}: training step, batch ${batch}, against our dense network behind masks`,
    [
      'ticket',
      'multiply-adds left %',
      'layers removed / sparse / dense',
      'ms',
      'of dense',
      'step MB',
      'of dense',
      'specialise s',
      'build and compile s',
    ],
    [
      ...compacts.map((c, i) => {
        const { seconds, toDense, memory, specialise, compile } = result.tickets[i];
        return [
          nameOfTicket(c),
          showPercent(shareLeft(c.specialised.layers)),
          showForms(c.specialised.layers),
          showMs(seconds.median),
          showRatio(toDense),
          showMegabytes(memory.device),
          (memory.device / result.memory.device).toFixed(2),
          specialise.toFixed(2),
          compile.toFixed(2),
        ];
      }),
      [
        'dense, masked',
        '100.0',
        '-',
        showMs(result.dense.median),
        '1',
        showMegabytes(result.memory.device),
        '1',
        '-',
        result.compile.toFixed(2),
      ],
    ],
  );
  return {
    tickets: compacts.map((c) => ({ ticket: nameOfTicket(c), layers: c.specialised.layers })),
    ...result,
  };
};
