import { count, flag, needed, optionsOf, orNull, wordOf, type KindsOf } from '../kinds.js';

/**
 * What a plan may use of the device that it is compiled for. A plan runs on any device all the same, except
 * where bf16 is kept.
 */
export interface Target {
  /**
   * What programs that are `narrowable` keep large intermediates as; see Note [What is kept as bf16]. Others
   * are compiled as ever. Only the cuda device runs plans that keep bf16.
   */
  readonly storage: StorageChoice;
  /**
   * A stream beside the main one, for products that nothing waits for at once; null where all steps run in
   * turn.
   */
  readonly sideStream: SideStream | null;
  /** Whether a map, or the moments of a batch, may be done in the call of the convolution directly before. */
  readonly epilogues: boolean;
  /** Whether it has kernels for weights with their places; otherwise zeros stand between them. */
  readonly sparse: boolean;
}

export type StorageChoice = 'f32' | 'bf16';
export const STORAGE_CHOICES: readonly StorageChoice[] = ['f32', 'bf16'];

/**
 * Steps of the main stream by which a product may fall behind. Its operands and its result keep their place
 * that long, so that nothing has to wait for it sooner: overlap costs arena.
 */
export interface SideStream {
  /** Of gradients of weights. */
  readonly gradientLag: number;
  /** Of other convolutions. */
  readonly convolutionLag: number;
}

/** The targets of the devices that run plans. */
export const TARGETS = {
  cpu: { storage: 'f32', sideStream: null, epilogues: false, sparse: true },
  cuda: {
    storage: 'f32',
    sideStream: { gradientLag: 20, convolutionLag: 1 },
    epilogues: true,
    sparse: false,
  },
} as const satisfies Record<string, Target>;

export const TARGET: KindsOf<Target> = {
  storage: wordOf(...STORAGE_CHOICES),
  sideStream: orNull(optionsOf<SideStream>({ gradientLag: needed(count), convolutionLag: needed(count) })),
  epilogues: flag,
  sparse: flag,
};

/** What a target leaves out is as the cpu device has it: the plan then runs everywhere. */
export const wholeTarget = ({
  storage = TARGETS.cpu.storage,
  sideStream = TARGETS.cpu.sideStream,
  epilogues = TARGETS.cpu.epilogues,
  sparse = TARGETS.cpu.sparse,
}: Partial<Target>): Target => ({ storage, sideStream, epilogues, sparse });
