import { Command } from 'commander';
import { fail } from '../errors.js';
import { modelOf } from '../models/models.js';
import { summary } from '../nn/summary.js';
import { layerDensities } from '../prune/ticket.js';
import { table } from '../report/table.js';
import {
  loadTicket,
  log,
  MASK_ZEROS,
  networkNameOf,
  positiveInteger,
  settleZeros,
  withNetwork,
} from './common.js';
import { printLayers } from './prune.js';

export const summaryCommand = withNetwork(new Command('summary'))
  .description('layers of a network: shapes, parameters, FLOPs; with --weights, what a ticket leaves of them')
  .option('--image <size>', 'height and width of the images', positiveInteger('image'), 32)
  .option('--classes <count>', '', positiveInteger('classes'), 10)
  .option('-w, --weights <file>', 'a ticket')
  .option(...MASK_ZEROS)
  .action(
    async (o: {
      readonly network?: string;
      readonly image: number;
      readonly classes: number;
      readonly weights?: string;
      readonly maskZeros?: boolean;
    }) => {
      if (o.weights === undefined && o.maskZeros === true)
        fail('OPTION', 'mask-zeros: it is about weights of a file; name it with --weights, or leave it out');
      const net = modelOf(await networkNameOf(o.network, o.weights), {
        height: o.image,
        width: o.image,
        channels: 3,
        classes: o.classes,
      });
      const ticket = o.weights === undefined ? null : await loadTicket(o.weights, net);
      const masks = ticket === null ? null : settleZeros(net, ticket, o.weights, o.maskZeros === true).masks;
      const s = summary(net, masks);
      log(
        table(
          [
            { header: 'layer' },
            { header: 'output' },
            { header: 'parameters' },
            { header: 'prunable' },
            { header: 'MFLOP', digits: 3 },
            ...(masks === null ? [] : [{ header: 'live MFLOP', digits: 3 }]),
          ],
          s.layers.map((l) => [
            l.layer,
            l.output.join(' x '),
            l.parameters,
            l.prunable,
            l.flops / 1e6,
            ...(masks === null ? [] : [l.liveFlops / 1e6]),
          ]),
        ),
      );
      log(
        `${s.name}: ${s.parameters.toLocaleString('en')} learnt parameters, ${s.prunable.toLocaleString('en')} of them prunable weights, ${(s.flops / 1e6).toFixed(1)} MFLOP${masks === null ? '' : `, ${(s.liveFlops / 1e6).toFixed(1)} live MFLOP (multiply-adds of live weights, and all else)`} for one ${s.input.join(' x ')} image`,
      );
      if (ticket === null) return;
      if (masks === null) log(`${o.weights}: no masks`);
      else printLayers(layerDensities(net, masks));
      const unscored = ticket.metadata['zeroScores'];
      if (unscored !== undefined)
        log(`${o.weights}: ${unscored} of its live weights had score zero when they were kept`);
    },
  );
