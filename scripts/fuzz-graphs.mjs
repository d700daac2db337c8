/**
 * Mutated graph files: each is refused in one line with its place, or read right. Needs a build (npm run
 * setup).
 */
import * as api from '../dist/index.js';
import { runFuzzer } from './fuzz/run.mjs';
import { faultOfGraph, graphCases, soundGraphs } from './fuzz/graphs.mjs';

runFuzzer(
  'graphs',
  'json',
  graphCases(soundGraphs(api), Object.keys(api.ops)),
  (one) => faultOfGraph(one, api),
  ({ text }) => text,
);
