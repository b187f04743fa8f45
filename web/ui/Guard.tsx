/** A fault of ours shows in the place of what failed, and what is around it stays usable; another `place` is tried anew. */
import { Component, type ReactNode } from 'react';
import { explained } from './bones.ts';
import { Fault } from './Fault.tsx';

interface GuardProps {
  place: string;
  children: ReactNode;
}

export class Guard extends Component<GuardProps, { error?: unknown }> {
  override state: { error?: unknown } = {};
  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }
  override componentDidUpdate({ place }: GuardProps): void {
    if (place !== this.props.place && this.state.error !== undefined) this.setState({ error: undefined });
  }
  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : <Fault error={explained(error)} />;
  }
}
