// Short-lived certificates for people (`kubekiln kubeconfig USER`): issued on demand, handed out, stored nowhere.
import { toDay } from '../clock.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { activeAuthorities } from './inventory.ts';
import { issueLeaves } from './issue.ts';
import type { CertificateRequest, KeyPair } from './request.ts';
import type { Secrets } from './secrets.ts';
import { authorityProblems } from './validity-problems.ts';

/** The group that no RBAC rule can take anything from. */
export const SUPER_ADMIN_GROUP = 'system:masters';

export interface OperatorOptions {
  readonly user: string;
  readonly groups: readonly string[];
  /** seconds */
  readonly validity: number;
  readonly superAdmin: boolean;
  /** seconds since 1970 */
  readonly now: number;
}

/** The client certificate of a person: Kubernetes reads the CN as user and each O as group. */
export function operatorRequest(user: string, groups: readonly string[]): CertificateRequest {
  return {
    name: `operator/${user}`,
    authority: 'kubernetes',
    commonName: user,
    organizations: groups,
    usages: ['clientAuth'],
    dnsNames: [],
    ipAddresses: [],
  };
}

/** Issues it. `keyPair` only without errors. */
export async function issueOperator(
  cluster: Cluster,
  secrets: Secrets,
  options: OperatorOptions,
): Promise<{ readonly keyPair?: KeyPair; readonly problems: readonly Problem[] }> {
  const { user, groups, validity, superAdmin, now } = options;
  const authority = activeAuthorities(secrets).kubernetes;
  const { certificate, key } = authority.stored;
  const problems = [...nameProblems(options), ...authorityProblems(authority, now, 0)];
  const notAfter = now + validity;
  if (validity <= 0 || notAfter > authority.notAfter) {
    const message = `the validity must be more than nothing and end before the cluster's authority does (${toDay(authority.notAfter)})`;
    problems.push({ severity: 'error', code: 'operator-validity', path: [], message });
  }
  if (key === undefined) {
    const message = `the key of the kubernetes certificate authority (${authority.stored.id}) is not at hand`;
    problems.push({ severity: 'error', code: 'authority-key-missing', path: ['certificateAuthorities', 'kubernetes'], message });
  }
  if (hasErrors(problems) || key === undefined) return { problems };
  const request = operatorRequest(user, superAdmin ? [...groups, SUPER_ADMIN_GROUP] : groups);
  const notBefore = Math.max(now - cluster.notBeforeSkew, authority.notBefore);
  const { subject, encryptionAlgorithm: algorithm } = cluster;
  const [keyPair] = await issueLeaves([{ request, issuer: { certificate, key }, subject, algorithm, notBefore, notAfter }]);
  return keyPair ? { keyPair, problems } : { problems };
}

function nameProblems({ user, groups }: OperatorOptions): Problem[] {
  const problem = (message: string, hint?: string): Problem => ({
    severity: 'error',
    code: 'operator-name',
    path: [],
    message,
    ...(hint !== undefined && { hint }),
  });
  return [
    ...[user, ...groups]
      .filter(name => !isName(name))
      .map(name => problem(`${JSON.stringify(name)} is not a name: 1 to 64 characters, none of them a control character`)),
    ...(user.startsWith('system:') ? [problem(`${JSON.stringify(user)}: names that start with "system:" belong to Kubernetes`)] : []),
    ...groups
      .filter(group => group.startsWith('system:'))
      .map(group =>
        problem(`${JSON.stringify(group)}: groups that start with "system:" belong to Kubernetes`, 'for break-glass access: --super-admin'),
      ),
  ];
}

/** X.520 sets the upper bound of 64 (RFC 5280, appendix A.1: ub-common-name, ub-organization-name). */
function isName(name: string): boolean {
  return [...name].length >= 1 && [...name].length <= 64 && !/\p{Cc}/u.test(name);
}
