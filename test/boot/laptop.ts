// An operator's laptop: a place outside the cluster's network, from which only the network's own address can be reached, none of a host.
import { run } from './command.ts';
import { type Network, newNamespace, programsIn } from './network.ts';

/** Of documentation, RFC 5737. */
const NEAR = '192.0.2.1';
const FAR = '192.0.2.2';

/** Goes when the run ends, or earlier with `remove`. */
export async function createLaptop(to: Network): Promise<Network> {
  const namespace = newNamespace();
  await run('ip', ['netns', 'add', namespace]);
  const near = (...args: string[]) => run('ip', ['-n', to.namespace, ...args]);
  const far = (...args: string[]) => run('ip', ['-n', namespace, ...args]);
  await near('link', 'add', 'laptop', 'type', 'veth', 'peer', 'name', 'net0', 'netns', namespace);
  await near('address', 'add', `${NEAR}/24`, 'dev', 'laptop');
  await near('link', 'set', 'laptop', 'up');
  await far('link', 'set', 'lo', 'up');
  await far('address', 'add', `${FAR}/24`, 'dev', 'net0');
  await far('link', 'set', 'net0', 'up');
  await far('route', 'add', `${to.gateway}/32`, 'via', NEAR);
  const remove = async () => void (await run('ip', ['netns', 'delete', namespace]));
  return { ...to, namespace, ...programsIn(namespace), remove };
}
