import { Command } from 'commander';
import { modelOf } from '../models/models.js';
import { deviceKindOf } from '../runtime/open.js';
import { evaluate } from '../train/evaluate.js';
import { layerDensities, summariseLayers } from '../prune/ticket.js';
import { commandLine } from './command-line.js';
import { executionOption, withExecution, type ExecutionOption } from './execution.js';
import {
  IMAGES,
  interruptible,
  log,
  MASK_ZEROS,
  openData,
  openDeviceFor,
  settleZeros,
  startWeights,
  networkNameOf,
  thenContinue,
  withData,
  withDevice,
  withNetwork,
  type DeviceChoice,
} from './common.js';

interface Options extends DeviceChoice, ExecutionOption {
  readonly network?: string;
  readonly weights: string;
  readonly maskZeros?: boolean;
  readonly seed: number;
  readonly data?: string;
  readonly synthetic?: boolean;
  readonly download?: boolean;
}

export const evaluateCommand = withDevice(
  withData(
    withExecution(withNetwork(new Command('evaluate')))
      .description('loss and accuracy of saved weights on the test set')
      .requiredOption(
        '-w, --weights <file>',
        'safetensors with PyTorch names; masks are applied where it has them',
      )
      .option(...MASK_ZEROS)
      .action(async (o: Options, command: Command) => {
        const kind = deviceKindOf(o.device);
        const execution = executionOption(o);
        const signal = interruptible();
        const net = modelOf(await networkNameOf(o.network, o.weights), IMAGES);
        const state = settleZeros(
          net,
          await startWeights(net, o.weights, o.seed),
          o.weights,
          o.maskZeros === true,
        );
        const data = await openData(o, o.seed, signal);
        const device = await openDeviceFor(kind, o);
        try {
          const { loss, accuracy } = await evaluate(net, state, data, device, 'test', {
            execution,
            signal,
          });
          const s = summariseLayers(layerDensities(net, state.masks));
          log(
            `${data.name}${data.synthetic ? ' (generated)' : ''}, ${data.test.count} test images: loss ${loss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(2)} %; ${s.live.toLocaleString('en')} of ${s.total.toLocaleString('en')} weights live`,
          );
        } catch (error) {
          throw thenContinue(error, `begin again with: ${commandLine(command)}`);
        } finally {
          await device.dispose();
        }
      }),
  ),
);
