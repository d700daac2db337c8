import { Command } from 'commander';
import { METHOD_OPTIONS, METHODS, procedureOf, type Method } from '../prune/methods.js';
import { showCost } from '../prune/method.js';
import type { Option, Options } from '../prune/options.js';
import { table } from '../report/table.js';
import { log } from './common.js';

/** Every option once, with the methods that take it. */
const optionsWithMethods = (): readonly {
  readonly name: string;
  readonly option: Option<unknown>;
  readonly methods: readonly Method[];
}[] => {
  const methods = new Map<Option<unknown>, { readonly name: string; readonly methods: Method[] }>();
  for (const method of METHODS) {
    const options: Options = METHOD_OPTIONS[method];
    for (const [name, option] of Object.entries(options)) {
      const known = methods.get(option);
      if (known === undefined) methods.set(option, { name, methods: [method] });
      else known.methods.push(method);
    }
  }
  return [...methods].map(([option, about]) => ({ option, ...about }));
};

export const methodsCommand = new Command('methods')
  .description('list the pruning methods: what they read, their rounds, what they cost, their options')
  .action(() => {
    log(
      table(
        [
          { header: 'method' },
          { header: 'reads' },
          { header: 'rounds', align: 'right' },
          { header: 'cost' },
          { header: 'what it does' },
        ],
        METHODS.map((method) => {
          const facts = procedureOf({ method });
          return [
            method,
            facts.cost.training === true ? 'the training set' : facts.data,
            facts.rounds.kind === 'single' ? '1 only' : String(facts.rounds.usual),
            showCost(facts),
            facts.doc,
          ];
        }),
      ),
    );
    log('');
    log(
      'R rounds, M minibatches, S resamplings; F and B are a forward and a backward pass of a minibatch, f and b of one image; T is a training.',
    );
    log(
      'A derivative of a derivative counts as 2B, as is usual; its convolutions are those of 3B. Costs are those of the default options.',
    );
    log('');
    log(
      "Options, given to prune as --option name=value (imp takes flags of its own instead: see 'pathex prune --help'):",
    );
    log(
      table(
        [
          { header: 'option' },
          { header: 'of' },
          { header: 'default', align: 'left' },
          { header: 'value' },
          { header: 'what it is' },
        ],
        optionsWithMethods().map(({ name, option, methods }) => [
          name,
          methods.join(', '),
          String(option.usual),
          option.type.name,
          option.doc,
        ]),
      ),
    );
  });
