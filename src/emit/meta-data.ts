import { dumpYaml } from '../formats/yaml.ts';
import type { Payload } from './payload.ts';

/** NoCloud's meta-data. The instance-id stays for the machine's life: a new one would make cloud-init set the machine up anew. */
export function metaData({ instanceId, node }: Payload): string {
  return dumpYaml({ 'instance-id': instanceId, 'local-hostname': node.name });
}
