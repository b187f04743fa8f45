/**
 * Chamfer distance between two clouds of points X and Y, squared as in the point-cloud literature:
 *
 *   CD = mean_x min_y |x - y|^2 + mean_y min_x |x - y|^2        in mm^2 for points in mm.
 *
 * A pair takes about n log n steps; all pairs of large sets: chamferTables.ts.
 */
import { PointTree } from './nearest.ts';

/** A cloud with its search tree, built once for many comparisons. */
export interface PointCloud {
  /** x, y, z of each point in turn, neighbours near each other: searches that follow each other then meet in the cache. */
  xyz: Float32Array;
  tree: PointTree;
}

/** Builds the tree of a cloud. Throws `NumericsError` for an empty cloud or coordinates that are not finite. */
export function pointCloud(xyz: Float32Array): PointCloud {
  const tree = new PointTree(xyz);
  const ordered = new Float32Array(xyz.length);
  tree.order.forEach((p, i) => {
    for (let axis = 0; axis < 3; axis++) ordered[3 * i + axis] = xyz[3 * p + axis];
  });
  return { xyz: ordered, tree: new PointTree(ordered) };
}

function meanSquaredDistance(from: PointCloud, to: PointCloud): number {
  const { xyz } = from;
  let sum = 0;
  for (let i = 0; i < xyz.length; i += 3) sum += to.tree.squaredDistance(xyz[i], xyz[i + 1], xyz[i + 2]);
  return (3 * sum) / xyz.length;
}

/** Chamfer distance of two clouds; 0 for equal clouds, symmetric. */
export function chamferDistance(a: PointCloud, b: PointCloud): number {
  return meanSquaredDistance(a, b) + meanSquaredDistance(b, a);
}
