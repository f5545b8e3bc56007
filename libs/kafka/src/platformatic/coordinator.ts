import { findCoordinatorV4 } from '@platformatic/kafka';
import type { Broker } from '@platformatic/kafka';
import type { Cluster } from './cluster.ts';

const ofGroup = 0;

/** The broker that coordinates a group. @throws the client's errors */
export async function coordinatorOf(cluster: Cluster, group: string): Promise<Broker> {
  const { coordinators } = await cluster.any((connection) => findCoordinatorV4.api.async(connection, ofGroup, [group]));
  const { host, port } = coordinators[0]!;
  return { host, port };
}
