import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubeletExpiries } from '../../src/status/kubelet-metrics.ts';

test("the ends of a kubelet's certificates stand in its metrics; what it does not manage is left out", () => {
  const metrics = `# HELP kubelet_certificate_manager_client_ttl_seconds [ALPHA] Gauge of the TTL
# TYPE kubelet_certificate_manager_client_ttl_seconds gauge
kubelet_certificate_manager_client_ttl_seconds 3.1535939e+07
# TYPE kubelet_certificate_manager_server_ttl_seconds gauge
kubelet_certificate_manager_server_ttl_seconds +Inf
kubelet_certificate_manager_server_rotation_seconds_count 0
`;
  assert.deepEqual([...kubeletExpiries(metrics, 1_000_000)], [['kubelet-client', 1_000_000 + 31_535_939]]);
  assert.deepEqual([...kubeletExpiries('kubelet_certificate_manager_client_ttl_seconds -60\n', 1_000_000)], [['kubelet-client', 999_940]]);
  assert.deepEqual([...kubeletExpiries('', 1_000_000)], []);
});
