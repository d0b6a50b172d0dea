import { now } from '../clock.ts';
import { apiServers } from '../components/admin-conf.ts';
import { kubeconfigDocument } from '../formats/kubeconfig.ts';
import { dumpYaml } from '../formats/yaml.ts';
import { issueOperator } from '../pki/operator.ts';
import { believedEntries } from '../pki/secrets.ts';
import { hasErrors } from '../problem.ts';
import type { Invocation, Outcome, Reporter } from './command.ts';
import { durationOption } from './expiry-report.ts';
import { loadClusterWithSecrets } from './loaded-cluster.ts';
import { projectOf } from './project.ts';

const DEFAULT_VALIDITY = 8 * 3600;

/** `kubekiln kubeconfig USER`. @throws UsageError */
export async function operatorKubeconfig(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const validity = durationOption(invocation, 'validity-period') ?? DEFAULT_VALIDITY;
  const loaded = loadClusterWithSecrets(projectOf(invocation));
  const { cluster, secrets, files } = loaded;
  if (cluster === undefined || secrets === undefined) return loaded;
  reporter.progress('issuing a certificate');
  const user = invocation.positionals[0] ?? '';
  const options = {
    user,
    groups: invocation.lists.get('group') ?? [],
    validity,
    superAdmin: invocation.flags.has('super-admin'),
    now: now(),
  };
  const issued = await issueOperator(cluster, secrets, options);
  const problems = [...loaded.problems, ...issued.problems];
  if (issued.keyPair === undefined || hasErrors(problems)) return { problems, files };
  const { certificate, key } = issued.keyPair;
  const authorities = believedEntries(secrets.certificateAuthorities.kubernetes).map(entry => entry.certificate);
  const document = kubeconfigDocument({
    clusterName: cluster.name,
    ...apiServers(cluster),
    user,
    certificateAuthority: { pem: authorities.join('') },
    clientCertificate: { pem: certificate },
    clientKey: { pem: key },
  });
  return { problems, files, text: dumpYaml(document), data: document };
}
