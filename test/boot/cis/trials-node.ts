// The trials of section 4, which control-plane nodes and workers share.
import { CLIENT_AUTHORITY, KUBELET_CONFIGURATION, KUBELET_KUBECONFIGS, KUBELET_UNIT, PROXY_KUBECONFIG } from './rules-node.ts';
import { argument, mode, owner, privateFile, type Trial } from './trial.ts';

const DROP_IN = `${KUBELET_UNIT}.d/10-kubeadm.conf`;

/** A drop-in that somebody else brings: as it should be, it changes no verdict. */
const withDropIn = (trial: Trial): Trial => ({ ...trial, mend: { change: { kind: 'new files', paths: [DROP_IN] }, turns: [] } });

const kubelet = (id: string, flag: string, value?: string) => argument('kubelet', id, flag, value);

function setting(id: string, path: string, value?: unknown): Trial {
  return { turns: [id], change: { kind: 'setting', file: KUBELET_CONFIGURATION, path, ...(value !== undefined && { value }) } };
}

export const NODE_TRIALS: readonly Trial[] = [
  ...privateFile(['4.1.1', '4.1.2'], KUBELET_UNIT),
  withDropIn(mode('4.1.1', DROP_IN, '644')),
  withDropIn(owner('4.1.2', DROP_IN, 'nobody:root')),
  ...privateFile(['4.1.3', '4.1.4'], PROXY_KUBECONFIG),
  ...KUBELET_KUBECONFIGS.flatMap(path => privateFile(['4.1.5', '4.1.6'], path)),
  // On a control-plane node it is one of the files that section 1 looks at, too.
  { ...mode('4.1.7', CLIENT_AUTHORITY, '664'), turns: ['4.1.7', '1.1.20'] },
  { ...owner('4.1.8', CLIENT_AUTHORITY, 'root:daemon'), turns: ['4.1.8', '1.1.19'] },
  ...privateFile(['4.1.9', '4.1.10'], KUBELET_CONFIGURATION),

  setting('4.2.1', 'authentication.anonymous.enabled', true),
  setting('4.2.1', 'authentication.anonymous.enabled'),
  // A flag wins over the file.
  kubelet('4.2.1', 'anonymous-auth', 'true'),
  setting('4.2.2', 'authorization.mode', 'AlwaysAllow'),
  setting('4.2.3', 'authentication.x509.clientCAFile'),
  setting('4.2.4', 'readOnlyPort', 10255),
  setting('4.2.5', 'streamingConnectionIdleTimeout', 0),
  setting('4.2.6', 'makeIPTablesUtilChains', false),
  {
    ...kubelet('4.2.7', 'hostname-override', 'another'),
    mend: { change: kubelet('4.2.7', 'hostname-override').change, turns: ['4.2.7'] },
  },
  setting('4.2.8', 'eventRecordQPS', -1),
  setting('4.2.9', 'tlsPrivateKeyFile'),
  setting('4.2.10', 'rotateCertificates', false),
  setting('4.2.11', 'featureGates.RotateKubeletServerCertificate', false),
  setting('4.2.12', 'tlsCipherSuites', ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA']),
  setting('4.2.13', 'podPidsLimit'),
  setting('4.2.14', 'seccompDefault'),

  argument('kube-proxy', '4.3.1', 'metrics-bind-address', '0.0.0.0:10249'),
];
