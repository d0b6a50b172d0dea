import type { Rule } from './rule.ts';
import { addonRules } from './rules/addons.ts';
import { addressRules } from './rules/addresses.ts';
import { admissionRules } from './rules/admission.ts';
import { configurationRules } from './rules/configurations.ts';
import { downloadRules } from './rules/downloads.ts';
import { encryptionRules } from './rules/encryption.ts';
import { endpointRules } from './rules/endpoints.ts';
import { fileRules } from './rules/files.ts';
import { flagValueRules } from './rules/flag-values.ts';
import { flagRules } from './rules/flags.ts';
import { formatRules } from './rules/formats.ts';
import { hostRules } from './rules/host.ts';
import { kubeProxyRules } from './rules/kube-proxy.ts';
import { lifetimeRules } from './rules/lifetimes.ts';
import { networkConfigRules } from './rules/network-config.ts';
import { nodeNetworkRules } from './rules/node-networks.ts';
import { nodeRules } from './rules/nodes.ts';
import { pathRules } from './rules/paths.ts';
import { podNetworkRules } from './rules/pod-network.ts';
import { portRules } from './rules/ports.ts';
import { registryRules } from './rules/registries.ts';
import { subnetRules } from './rules/subnets.ts';
import { userDataPartRules } from './rules/user-data-parts.ts';
import { userRules } from './rules/users.ts';
import { versionRules } from './rules/versions.ts';

/** Every rule, in one list. The order does not matter: problems are shown in the order of the file. */
export const RULES: readonly Rule[] = [
  ...formatRules,
  ...versionRules,
  ...nodeRules,
  ...addressRules,
  ...endpointRules,
  ...subnetRules,
  ...portRules,
  ...lifetimeRules,
  ...pathRules,
  ...userRules,
  ...flagRules,
  ...flagValueRules,
  ...admissionRules,
  ...configurationRules,
  ...kubeProxyRules,
  ...podNetworkRules,
  ...registryRules,
  ...encryptionRules,
  ...fileRules,
  ...downloadRules,
  ...addonRules,
  ...networkConfigRules,
  ...nodeNetworkRules,
  ...hostRules,
  ...userDataPartRules,
];
