/** One stage of the compiler: what it makes of what the stage before it left. */
export interface Pass<From = never, To = unknown> {
  readonly name: string;
  readonly doc: string;
  readonly run: (from: From) => To;
}

/** What several passes leave: how it is printed, and what the next pass may rely on. */
export interface Form<T> {
  readonly show: (made: T) => string;
  /** Throws GRAPH or PLAN for what is not so; `after` names the pass that made it. */
  readonly check: (made: T, after: string) => void;
}

/** Told of each pass once it is done. */
export type Watch = (pass: Pass, made: { readonly show: () => string; readonly check: () => void }) => void;

/** Passes one after the other. */
export interface Pipeline<From, To> {
  readonly passes: readonly Pass[];
  readonly run: (from: From, watch: Watch) => To;
  readonly with: <Next>(pass: Pass<To, Next>, form: Form<Next>) => Pipeline<From, Next>;
}

/** A pipeline of no pass yet. */
export const pipeline = <From>(): Pipeline<From, From> => pipelineOf([], (from) => from);

const pipelineOf = <From, To>(
  passes: readonly Pass[],
  run: Pipeline<From, To>['run'],
): Pipeline<From, To> => ({
  passes,
  run,
  with: (pass, form) =>
    pipelineOf([...passes, pass], (from: From, watch) => {
      const made = pass.run(run(from, watch));
      watch(pass, { show: () => form.show(made), check: () => form.check(made, pass.name) });
      return made;
    }),
});
