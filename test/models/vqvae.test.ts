import { expect, test } from 'vitest';
import { autoencoderSchema } from '../../src/config/schemas.ts';
import { Graph } from '../../src/graph/graph.ts';
import { decoder, encoder, encoderSize } from '../../src/models/vqvae.ts';
import { Scope } from '../../src/nn/scope.ts';

const model = (head: object, rest: object = {}) =>
  autoencoderSchema.parse({ model: { head, ...rest } }).model;

test('the encoder’s grid: that of the masks without a head, else the nearest that halves', () => {
  expect(encoderSize(model({}), [456, 352, 512])).toEqual([456, 352, 512]);
  // METHOD.md's two grids, in x, y, z.
  expect(encoderSize(model({ kind: 'up', scale: 2.375 }), [456, 352, 512])).toEqual([192, 148, 216]);
  expect(encoderSize(model({ kind: 'super', scale: 2 }), [64, 48, 56])).toEqual([32, 24, 28]);
  expect(encoderSize(model({ kind: 'up', scale: 2 }, { patch: 2 }), [64, 64, 70])).toEqual([32, 32, 32]);
});

test.each([1, 2] as const)(
  'latents are those of the coarse grid, logits those of the masks, patch %i',
  (patch) => {
    const small = {
      patch,
      widths: [8, 8],
      encoderBlocks: [0],
      decoderBlocks: [0, 0],
      groups: 4,
      latentChannels: 3,
    };
    for (const kind of ['none', 'up', 'up_conv', 'up_res_conv', 'super']) {
      const config = model({ kind, scale: 2 }, small);
      const graph = new Graph();
      const fine = [16, 24, 32];
      const z = encoder(new Scope(graph, 'encoder'), graph.input('x', [2, 1, ...fine]), config);
      const down = 2 * patch * (kind === 'none' ? 1 : 2);
      expect(z.shape).toEqual([2, 3, ...fine.map((side) => side / down)]);
      expect(decoder(new Scope(graph, 'decoder'), z, config, fine).shape).toEqual([2, 1, ...fine]);
    }
  },
);
