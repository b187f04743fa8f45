export function TrajectoryPage(_: { project: unknown; route: unknown }) {
  return null;
}
