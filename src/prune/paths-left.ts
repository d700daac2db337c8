import { fail, PathexError } from '../errors.js';
import type { Network } from '../nn/network.js';
import type { Weights } from '../nn/weights.js';
import { program, type Program } from '../program/program.js';
import type { Device } from '../runtime/device.js';
import { connected } from '../transform/connectivity.js';
import type { Masks } from '../transform/mask.js';
import { inference } from '../transform/readings.js';
import { synflowL2 } from './criteria/synflow.js';
import { viewOf } from './criterion.js';
import { fillStore } from './store.js';

/**
 * Whether a path of live weights leads from the input to the output, by whatever method they were found.
 * Units say it of any network; where the path algebra reads it, the flow also sees paths that zero padding
 * cuts. `where` starts the message of NON_FINITE, for a flow that is none.
 */
export const isPathLeft = async (
  where: string,
  device: Device,
  net: Network,
  weights: Weights,
  masks: Masks,
): Promise<boolean> => {
  const live = [...weights].map(([name, { data }]) => {
    const mask = masks.get(name);
    return [name, mask === undefined ? data : data.map((v, i) => v * mask[i]!)] as const;
  });
  if (!connected(inference(net), new Map(live))) return false;
  const reading = flowProgram(net);
  const flow = reading === null ? 1 : await flowOf(device, reading, weights, masks);
  if (!Number.isFinite(flow))
    fail('NON_FINITE', `${where}: the flow through the ticket is ${flow}; check the weights`);
  return flow !== 0;
};

/**
 * Flow of squared weights through one all-ones image; null where the network has no meaning in the path
 * algebra.
 */
const flowProgram = (net: Network): Program | null => {
  try {
    const { total } = synflowL2({ biasPaths: false }).score(viewOf(net, 1), null);
    return program('flow', { outputs: { total: total!.mantissa } });
  } catch (error) {
    if (error instanceof PathexError && error.code === 'NETWORK') return null;
    throw error;
  }
};

const flowOf = async (device: Device, flow: Program, weights: Weights, masks: Masks): Promise<number> => {
  const executable = await device.compile(flow);
  const store = device.store();
  try {
    await fillStore(store, flow, weights, 0, masks);
    return (await executable.run(store))['total']![0]!;
  } finally {
    executable.dispose();
    store.dispose();
  }
};
