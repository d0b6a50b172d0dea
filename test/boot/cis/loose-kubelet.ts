// A kubelet that is open while its configuration file says nothing of it: what a look at files cannot notice, and a look at the daemon must.
import type { Member } from '../control-plane.ts';

/** Where a test host's kubelet finds further settings (pod-host.ts): no file that the benchmark reads. */
const DROP_IN = '/etc/pod-host/kubelet.d/99-loose.conf';
const SETTINGS = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: { anonymous: { enabled: true } },
  authorization: { mode: 'AlwaysAllow' },
  readOnlyPort: 10255,
  makeIPTablesUtilChains: false,
  tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA'],
  // What the benchmark does not notice, each of SECURE.
  eventRecordQPS: 0,
  healthzBindAddress: '0.0.0.0',
  podPidsLimit: -1,
  protectKernelDefaults: false,
  rotateCertificates: false,
  seccompDefault: false,
  streamingConnectionIdleTimeout: '24h0m0s',
  tlsMinVersion: 'VersionTLS11',
};

/** The rules that it breaks. */
export const LOOSENED = ['4.2.1', '4.2.2', '4.2.4', '4.2.6', '4.2.12'];

/** Returns when the open kubelet serves. */
export async function loosenKubelet({ host }: Member): Promise<void> {
  await host.sh(`printf '%s' '${JSON.stringify(SETTINGS)}' > ${DROP_IN}; systemctl restart kubelet`);
}

/** Takes that back. */
export async function tightenKubelet({ host }: Member): Promise<void> {
  await host.sh(`rm ${DROP_IN}; systemctl restart kubelet`);
}
