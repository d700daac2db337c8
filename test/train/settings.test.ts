import { describe, expect, it } from 'vitest';
import { mlp } from '../../src/models/mlp.js';
import { resnetCifar } from '../../src/models/resnet-cifar.js';
import { rebatch, type Network } from '../../src/nn/network.js';
import { structureDigest } from '../../src/train/settings.js';

describe('the digest of a network', () => {
  /** As checkpoints of the first release hold them: another digest would refuse to resume these. */
  const known: readonly (readonly [net: unknown, digest: string])[] = [
    [
      resnetCifar({ depth: 8, width: 2, image: 8, classes: 4 }),
      'a941b3cbe8508e2acf1d77d587a88d1ee3b5bef935aa0724cd42c4ebc747fbce',
    ],
    [
      mlp([6], { hidden: [5], classes: 2 }),
      '08b1a68b4a2867f3f77a37e22a4f06779987092d057068b12e09dad371347dcd',
    ],
  ];
  it('stays as it was', () => {
    for (const [net, digest] of known) expect(structureDigest(net as Network)).toBe(digest);
  });
  it('is that of its graph, whatever its batch was before', () => {
    for (const [net, digest] of known)
      expect(structureDigest(rebatch(rebatch(net as Network, 4), 1))).toBe(digest);
  });
});
