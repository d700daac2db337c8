import type { Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { withProgress, zeroScoreLines } from '../prune/progress.js';
import { prune, type PruneOptions, type Ticket } from '../prune/prune.js';
import type { Device } from '../runtime/device.js';
import { bars } from './bars.js';
import { log } from './common.js';

/** prune() with a progress bar, which appears with the first thing done. */
export const pruneShowing = async (
  net: Network,
  weights: Weights,
  device: Device,
  options: PruneOptions,
): Promise<Ticket> => {
  const shown = bars();
  try {
    const ticket = await prune(net, weights, device, withProgress(options, shown.show));
    shown.stop();
    zeroScoreLines(ticket).forEach(log);
    return ticket;
  } finally {
    shown.stop();
  }
};
