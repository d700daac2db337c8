import { writeFile } from 'node:fs/promises';
import { METHODS, sparsityOf } from './subject.mjs';

/** The chart of docs/sparse.md: a training step of each ticket beside PyTorch's best dense one. */

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** `question` is the measured training step of all tickets; without a peer, beside our dense step. */
const chartOf = (question) => {
  const hasPeer = question.denseToTorch !== null;
  const percent = (ratio) => 100 * ratio.median;
  const of = hasPeer ? "PyTorch's best dense step" : 'our dense step';
  const densities = [...new Set(question.tickets.map((t) => t.density))].sort((a, b) => b - a);
  const places = ['0 %', ...densities.map(sparsityOf)];
  const dense = hasPeer ? percent(question.denseToTorch) : 100;
  const series = METHODS.filter((m) => question.tickets.some((t) => t.method === m)).map((method) => ({
    run: method,
    points: places.map((x, i) => {
      if (i === 0) return { x, y: dense };
      const ticket = question.tickets.find((t) => t.method === method && t.density === densities[i - 1]);
      return { x, y: ticket === undefined ? null : percent(hasPeer ? ticket.toTorch : ticket.toDense) };
    }),
  }));
  const isInRange = series.every((s) => s.points.every(({ y }) => y === null || y <= 100));
  return {
    title: `Training step of ResNet-20, batch ${question.batch}, beside ${of}`,
    description: `Time of a training step in percent of ${of}, by sparsity; at 0 % the dense network.`,
    xTitle: 'sparsity of the ticket (0 %: our dense network)',
    yTitle: `time (% of ${of})`,
    x: 'layers',
    y: isInRange ? 'percent' : 'linear',
    digits: 1,
    series,
    runs: series.map((s) => s.run),
  };
};

/** Writes the chart as an SVG file of its own. */
export const writePicture = async (question, file) => {
  const { renderSvg } = await import('../../dist/report/draw.js');
  const svg = await renderSvg(chartOf(question), 'sparse', escape);
  await writeFile(file, `${svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')}\n`);
};
